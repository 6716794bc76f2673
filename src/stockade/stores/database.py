"""One database, SQLite or PostgreSQL, behind two doors: `reading` and `writing`.

Owns the engine, its durability (a write is on disk once `writing` has ended) and the map of foreign errors to ours.
Never lets a parameter, which may be a secret, into an error or a log.
Source: sqlite.org/pragma.html, sqlite.org/wal.html; SQLAlchemy 2.1 on pysqlite transactions (read November 2026).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from stockade.core.errors import ConfigError, StorageError

_BUSY_TIMEOUT_MS = 10_000
_POSTGRES_LOCKS = 0x5370  # the class of our advisory locks, apart from those of other programs


class Database:
    """An open database. Every error out of it is a StorageError."""

    def __init__(self, url: str) -> None:
        """Prepare the engine; connects to nothing yet. Fails: ConfigError for a URL that cannot be used."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ConfigError("The database is not named by a SQLAlchemy URL.") from error
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            _make_private(parsed)
            self.engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000})
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        elif parsed.get_backend_name() == "postgresql":
            self.engine = create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                hide_parameters=True,
                pool_pre_ping=True,
                connect_args={"connect_timeout": 10, "options": "-c statement_timeout=30s -c lock_timeout=20s"},
            )
        else:
            raise ConfigError("The database must be SQLite or PostgreSQL.")
        self.name = parsed.render_as_string(hide_password=True)
        self._writer = self.engine.execution_options(stockade_write=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading. Fails: StorageError."""
        with self._mapped(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, what: str) -> Iterator[Connection]:
        """Yield a connection whose writes are durable once this has ended, and undone when it fails.

        Writers of the same `what` stand in line: SQLite has one writer at all, PostgreSQL one for each `what`.
        Fails: StorageError; the write may have happened all the same when the answer was lost, so write idempotently.
        """
        with self._mapped(), self._writer.begin() as connection:
            if not self.is_sqlite:
                lock = text("SELECT pg_advisory_xact_lock(:space, :what)")
                number = crc32(what.encode()) - 2**31
                connection.execute(lock, {"space": _POSTGRES_LOCKS, "what": number})
            yield connection

    def check(self) -> None:
        """Have SQLite look for torn pages. Fails: StorageError that says where the database is."""
        if not self.is_sqlite:
            return
        with self.reading() as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if found != "ok":
            raise self._broken()

    def scrub(self, table: str) -> None:
        """Let nothing be left of what was deleted from a table, as far as the database can. Fails: StorageError.

        SQLite overwrites what it frees (`secure_delete`) and here empties its journal, unless somebody reads just now.
        PostgreSQL frees the old rows; its write-ahead log and backups hold them until they are recycled.
        """
        with self._mapped():
            if self.is_sqlite:
                connection = self.engine.raw_connection()  # past SQLAlchemy, which would begin a transaction
                try:
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.close()
            else:
                with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as outside:
                    outside.exec_driver_sql(f"VACUUM {table}")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            if _is_corrupt(error):
                raise self._broken() from error
            raise StorageError(
                f"The control store does not answer: {type(getattr(error, 'orig', None) or error).__name__}.",
                hint=f"Look at the disk and the server behind {self.name}.",
            ) from error

    def _broken(self) -> StorageError:
        return StorageError(
            "The control store is corrupt.",
            hint=f"Stop the gate, put a backup in the place of {self.name}, and start it again.",
        )


def _is_corrupt(error: Exception) -> bool:
    """Say whether SQLite found what is no database (sqlite.org/rescode.html: 11 CORRUPT, 26 NOTADB)."""
    origin = getattr(error, "orig", None) or error
    return isinstance(origin, sqlite3.DatabaseError) and getattr(origin, "sqlite_errorcode", 0) & 0xFF in {11, 26}


def _make_private(url: URL) -> None:
    """Make the file of a SQLite database so that only its owner reads it; its journals take over the mode."""
    if not url.database or url.database == ":memory:":
        raise ConfigError("The control store must be a file: it has to survive a restart.")
    try:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ConfigError(
            f"The control store {url.database} cannot be opened: {error.strerror}", hint="Check data_dir and its mode."
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions at moments of its own
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "trusted_schema=OFF",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes cannot wait for another writer; so a writer says so at once.
    write = connection.get_execution_options().get("stockade_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
