"""Stops at rest: set and lifted by operators, read by gateways when the generation changes.

Writers stand in line with those of keys: both advance the one generation.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, select

from stockade.core.errors import ConfigError, StorageError
from stockade.guard.quota.stops import Stop, StopKind, Stops
from stockade.stores.database import Database
from stockade.stores.generation import advance
from stockade.stores.statements import insert_new
from stockade.stores.tables import STOPS

NAME_CHARS_MAX = 256
REASON_CHARS_MAX = 300


class StopStore:
    """The stops of the installation."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """Take the database and the clock (Unix seconds)."""
        self._database = database
        self._clock = clock

    def set(self, kind: StopKind, name: str, *, reason: str = "", by: str = "") -> Stop:
        """Return the stop, durable; one that stands already stays as it is.

        Fails: ConfigError for words that cannot be kept; StorageError, after which the call may be made again.
        """
        if bool(name) == (kind is StopKind.ALL):
            raise ConfigError("Nothing was stopped: a stop of all has no name, every other one has.")
        if len(name) > NAME_CHARS_MAX or len(reason) > REASON_CHARS_MAX or len(by) > REASON_CHARS_MAX:
            raise ConfigError(f"Nothing was stopped: a name has at most {NAME_CHARS_MAX} characters, a reason 300.")
        if not all(text.isprintable() for text in (name, reason, by)):
            raise ConfigError("Nothing was stopped: names and reasons are printable characters.")
        row = {"kind": kind.value, "name": name, "reason": reason, "by": by, "at_s": int(self._clock())}
        with self._database.writing("keys") as connection:
            insert_new(connection, STOPS, [row])
            found = connection.execute(select(STOPS).where(STOPS.c.kind == kind.value, STOPS.c.name == name)).one()
            advance(connection)
        return _stop(found._mapping)

    def lift(self, kind: StopKind, name: str) -> bool:
        """Say whether there was such a stop; there is none now. Fails: StorageError."""
        with self._database.writing("keys") as connection:
            gone = connection.execute(delete(STOPS).where(STOPS.c.kind == kind.value, STOPS.c.name == name)).rowcount
            if gone:
                advance(connection)
        return bool(gone)

    def list(self) -> Stops:
        """Return all stops, the oldest first. Fails: StorageError."""
        with self._database.reading() as connection:
            rows = connection.execute(select(STOPS).order_by(STOPS.c.at_s, STOPS.c.kind, STOPS.c.name)).all()
        return Stops(_stop(row._mapping) for row in rows)


def _stop(row: object) -> Stop:
    try:
        fields = dict(row)  # type: ignore[call-overload]
        return Stop(StopKind(fields["kind"]), fields["name"], fields["reason"], fields["by"], fields["at_s"])
    except (TypeError, ValueError) as error:
        raise StorageError(
            "A row of the table stops is corrupt.", hint="Put the control store back from a backup."
        ) from error
