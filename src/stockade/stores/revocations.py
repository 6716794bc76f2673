"""Revocations at rest: people and tokens that open nothing any more. Keeps digests, no name and no token.

Shares the generation of the keys, so that a gateway's one cheap question covers both.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, select

from stockade.core.errors import ConfigError, StorageError
from stockade.guard.identity import Revocation, RevocationKind, Revocations
from stockade.stores.database import Database
from stockade.stores.generation import advance
from stockade.stores.tables import REVOCATIONS


class RevocationStore:
    """The revocations of the installation."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """Take the database and the clock (Unix seconds)."""
        self._database = database
        self._clock = clock

    def revoke(self, kind: RevocationKind, subject: str = "", before_s: int | None = None) -> Revocation:
        """Return a revocation, durable; one of the same subject is replaced. Fails: ConfigError, StorageError."""
        try:
            made = Revocation(kind, subject, before_s, int(self._clock()))
        except ValueError as error:
            raise ConfigError(f"Nobody was revoked: {error}.") from error
        # The lock of the keys: both advance one generation.
        with self._database.writing("keys") as connection:
            connection.execute(delete(REVOCATIONS).where(_named(kind, subject)))
            connection.execute(
                REVOCATIONS.insert().values(
                    kind=made.kind.value, subject=made.subject, before_s=made.before_s, created_at_s=made.created_at_s
                )
            )
            advance(connection)
        return made

    def restore(self, kind: RevocationKind, subject: str = "") -> bool:
        """Take a revocation back; say whether there was one. Fails: StorageError."""
        with self._database.writing("keys") as connection:
            gone = connection.execute(delete(REVOCATIONS).where(_named(kind, subject))).rowcount
            if gone:
                advance(connection)
        return bool(gone)

    def list(self) -> tuple[Revocation, ...]:
        """Return all revocations, the oldest first."""
        order = (REVOCATIONS.c.created_at_s, REVOCATIONS.c.kind, REVOCATIONS.c.subject)
        with self._database.reading() as connection:
            rows = connection.execute(select(REVOCATIONS).order_by(*order)).all()
        try:
            return tuple(Revocation(RevocationKind(kind), *rest) for kind, *rest in rows)
        except (TypeError, ValueError) as error:
            raise StorageError(
                "A row of the table revocations is corrupt.", hint="Put the control store back from a backup."
            ) from error

    def revocations(self) -> Revocations:
        """Return the revocations of one moment."""
        return Revocations(self.list())


def _named(kind: RevocationKind, subject: str):  # type: ignore[no-untyped-def]
    return (REVOCATIONS.c.kind == kind.value) & (REVOCATIONS.c.subject == subject)
