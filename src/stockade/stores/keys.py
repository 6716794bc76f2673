"""API keys at rest: created, listed, revoked. Keeps digests; the text of a key exists only in the answer to `create`.

`generation` changes with every change, so that a gateway asks one cheap question and reloads when the answer is new.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Row, select, update

from stockade.core.errors import ConfigError, StorageError
from stockade.core.principal import Role
from stockade.guard.identity import ENTROPY_BYTES, KeyRecord, Keyring, NewKey, generate_key
from stockade.stores.database import Database
from stockade.stores.generation import advance, generation
from stockade.stores.tables import KEYS


class KeyStore:
    """The keys of the installation."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """Take the database and the clock (Unix seconds)."""
        self._database = database
        self._clock = clock

    def create(
        self, name: str, tenant: str = "default", *, team: str = "", roles: Sequence[Role] = (), workspace: str = ""
    ) -> NewKey:
        """Return a new key, durable; its text is never seen again.

        Fails: ConfigError for a name, tenant, team or workspace that no principal may have; StorageError, after which a
        key whose text nobody saw may stand in the list: it opens nothing, and the next call makes another.
        """
        try:
            made = generate_key(
                secrets.token_bytes(ENTROPY_BYTES),
                name=name,
                tenant=tenant,
                created_at_s=int(self._clock()),
                team=team,
                roles=tuple(sorted(roles)),
                workspace=workspace,
            )
        except ValueError as error:
            raise ConfigError(f"No key was made: {error}.") from error
        record = made.record
        with self._database.writing("keys") as connection:
            connection.execute(
                KEYS.insert().values(
                    id=record.id,
                    name=record.name,
                    tenant=record.tenant,
                    digest=record.digest,
                    created_at_s=record.created_at_s,
                    team=record.team,
                    roles=",".join(record.roles),
                    workspace=record.workspace,
                )
            )
            advance(connection)
        return made

    def revoke(self, key_id: str) -> KeyRecord:
        """Return the record of a key that opens nothing any more; one revoked before keeps its time.

        Fails: ConfigError when there is no such key; StorageError, after which the call may be made again.
        """
        with self._database.writing("keys") as connection:
            changed = connection.execute(
                update(KEYS)
                .where(KEYS.c.id == key_id, KEYS.c.revoked_at_s.is_(None))
                .values(revoked_at_s=int(self._clock()))
            )
            if changed.rowcount:
                advance(connection)
            row = connection.execute(select(KEYS).where(KEYS.c.id == key_id)).one_or_none()
        if row is None:
            raise ConfigError("There is no key of this id.", hint="`stockade keys list` shows the ids.")
        return _record(row)

    def suspend(self, key_id: str) -> KeyRecord:
        """Return the record of a key that opens nothing until it is resumed. Fails: as `revoke`."""
        return self._suspended(key_id, int(self._clock()))

    def resume(self, key_id: str) -> KeyRecord:
        """Return the record of a key that opens again what it did before. Fails: as `revoke`."""
        return self._suspended(key_id, None)

    def _suspended(self, key_id: str, at_s: int | None) -> KeyRecord:
        column = KEYS.c.suspended_at_s
        with self._database.writing("keys") as connection:
            changed = connection.execute(
                update(KEYS)
                .where(KEYS.c.id == key_id, column.is_(None) if at_s is not None else column.is_not(None))
                .values(suspended_at_s=at_s)
            )
            if changed.rowcount:
                advance(connection)
            row = connection.execute(select(KEYS).where(KEYS.c.id == key_id)).one_or_none()
        if row is None:
            raise ConfigError("There is no key of this id.", hint="`stockade keys list` shows the ids.")
        return _record(row)

    def list(self) -> tuple[KeyRecord, ...]:
        """Return all records, the oldest first."""
        with self._database.reading() as connection:
            return _records(connection)

    def generation(self) -> int:
        """Return a number that grows with every change."""
        with self._database.reading() as connection:
            return generation(connection)

    def keyring(self) -> Keyring:
        """Return the keys of one moment."""
        with self._database.reading() as connection:
            # The number first: were a change to fall between, the gateway would reload once more, never once too few.
            number = generation(connection)
            return Keyring(_records(connection), number)


def _records(connection: Connection) -> tuple[KeyRecord, ...]:
    return tuple(_record(row) for row in connection.execute(select(KEYS).order_by(KEYS.c.created_at_s, KEYS.c.id)))


def _record(row: Row[tuple[object, ...]]) -> KeyRecord:
    try:
        roles = tuple(Role(role) for role in row._mapping["roles"].split(",") if role)
        return KeyRecord(**{**row._mapping, "roles": roles})
    except (TypeError, ValueError) as error:
        raise StorageError(
            "A row of the table keys is corrupt.", hint="Put the control store back from a backup."
        ) from error
