"""Bring a database to the tables of this release: at start, under a lock, once however many start together.

Never goes back: a database of a newer release is refused, not touched.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from stockade.core.errors import ConfigError
from stockade.stores.database import Database

HEAD = "0008"
"""The newest revision in `migrations/versions`; a test compares."""

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Bring the database to `HEAD`. Fails: ConfigError for a newer database, StorageError for a broken one."""
    with database.reading() as connection:
        if _revision(connection) == HEAD:
            return
    with database.writing("upgrade") as connection:
        found = _revision(connection)
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise ConfigError(
                "The control store was written by a newer Stockade.",
                hint="Start that release, or use another database.",
            )
        _run(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _run(connection: Connection) -> None:
    # Alembic takes a quarter of a second to import; most starts need no migration.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
