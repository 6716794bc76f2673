"""The keys of recordings: one a tenant and day, sealed by the installation key. Destroying it erases the day.

Owns the rows of the keys and what is known of the files that they sealed, so that a file which is gone or shorter than
it was is noticed. A destroyed key stays in the list, without its key: that there was one is no secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Row, delete, select, update

from stockade.core.errors import StorageError
from stockade.stores.database import Database
from stockade.stores.sealing import Seal, SealError
from stockade.stores.statements import batches, insert_new
from stockade.stores.tables import RECORDING_FILES, RECORDING_KEYS

_KEY_BYTES = 32


class DayKey(NamedTuple):
    """One tenant's key of one day (UTC, `2026-11-22`). `sealed` is None once it was destroyed."""

    id: str
    tenant: str
    day: str
    sealed: bytes | None
    created_at_s: int
    destroyed_at_s: int | None


class RecordingKeyStore:
    """The keys of all recordings of this installation."""

    def __init__(self, database: Database, installation_key: bytes, clock: Callable[[], float]) -> None:
        """Take the database, the key that seals, and the clock (Unix seconds)."""
        self._database = database
        self._seal = Seal(installation_key)
        self._clock = clock

    def current(self, tenant: str, day: str) -> DayKey:
        """Return the key under which this day is sealed from now on; the first call makes it. Fails: StorageError."""
        wanted = select(RECORDING_KEYS).where(
            RECORDING_KEYS.c.tenant == tenant, RECORDING_KEYS.c.day == day, RECORDING_KEYS.c.sealed.is_not(None)
        )
        with self._database.writing(f"recordings of {tenant}") as connection:
            row = connection.execute(wanted).first()
            if row is None:
                made = secrets.token_hex(8)
                key = DayKey(made, tenant, day, None, int(self._clock()), None)
                sealed = self._seal.close(secrets.token_bytes(_KEY_BYTES), _place(key))
                connection.execute(RECORDING_KEYS.insert().values(**key._replace(sealed=sealed)._asdict()))
                row = connection.execute(wanted).one()
        return _key(row)

    def list(self, tenant: str | None = None) -> tuple[DayKey, ...]:
        """Return all keys, destroyed ones too, in order of tenant and day."""
        wanted = select(RECORDING_KEYS).order_by(
            RECORDING_KEYS.c.tenant, RECORDING_KEYS.c.day, RECORDING_KEYS.c.created_at_s, RECORDING_KEYS.c.id
        )
        if tenant is not None:
            wanted = wanted.where(RECORDING_KEYS.c.tenant == tenant)
        with self._database.reading() as connection:
            return tuple(_key(row) for row in connection.execute(wanted))

    def open(self, key: DayKey) -> Seal | None:
        """Return what seals and opens recordings of this day, None when the key was destroyed. Fails: StorageError."""
        if key.sealed is None:
            return None
        try:
            return Seal(self._seal.open(key.sealed, _place(key)))
        except SealError as error:
            raise StorageError(
                f"The key of the recordings of {key.tenant} of {key.day} is corrupt.",
                hint="Put the control store back from a backup, or erase that day.",
            ) from error

    def alive(self, key_id: str) -> bool:
        """Say whether the key was not destroyed. Fails: StorageError."""
        with self._database.reading() as connection:
            wanted = select(RECORDING_KEYS.c.id).where(
                RECORDING_KEYS.c.id == key_id, RECORDING_KEYS.c.sealed.is_not(None)
            )
            return connection.execute(wanted).first() is not None

    def destroy(self, keys: Sequence[DayKey]) -> None:
        """Destroy keys, durably: what they sealed can never be read again. Fails: StorageError; may be made again."""
        if not keys:
            return
        with self._database.writing("recording keys") as connection:
            for some in batches([key.id for key in keys]):
                connection.execute(
                    update(RECORDING_KEYS)
                    .where(RECORDING_KEYS.c.id.in_(some), RECORDING_KEYS.c.sealed.is_not(None))
                    .values(sealed=None, destroyed_at_s=int(self._clock()))
                )
                connection.execute(delete(RECORDING_FILES).where(RECORDING_FILES.c.key_id.in_(some)))
        self.scrub()

    def scrub(self) -> None:
        """Let nothing be left of destroyed keys where a reader was in the way before. Fails: StorageError."""
        self._database.scrub(RECORDING_KEYS.name)

    def note_file(self, file_id: str, key_id: str, size: int) -> None:
        """Note how long a file is, all of it durable. Fails: StorageError."""
        with self._database.writing("recording files") as connection:
            insert_new(connection, RECORDING_FILES, [{"id": file_id, "key_id": key_id, "bytes": size}])
            connection.execute(update(RECORDING_FILES).where(RECORDING_FILES.c.id == file_id).values(bytes=size))

    def files(self, key_ids: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return what was noted: for each key its files with their sizes in bytes."""
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as connection:
            for some in batches(list(key_ids)):
                for row in connection.execute(select(RECORDING_FILES).where(RECORDING_FILES.c.key_id.in_(some))):
                    file = row._mapping
                    found.setdefault(file["key_id"], {})[file["id"]] = file["bytes"]
        return found


def _key(row: Row[tuple[object, ...]]) -> DayKey:
    return DayKey(**row._mapping)


def _place(key: DayKey) -> bytes:
    return "\0".join(("recordings", key.tenant, key.day, key.id)).encode()
