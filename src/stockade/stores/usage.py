"""Usage at rest: what callers came to, a row for each day, caller, model and workspace.

Gateways add batches, each under a number of its own: a batch whose answer was lost is added again and counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import delete, select, update

from stockade.guard.quota.usage import UsageKey, UsageSums
from stockade.stores.database import Database
from stockade.stores.statements import insert_new
from stockade.stores.tables import USAGE, USAGE_BATCHES

_BATCHES_KEPT_S = 7 * 86_400
"""How long the number of a gateway's last batch is kept after its last batch."""


class UsageStore:
    """The usage of the installation."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """Take the database and the clock (Unix seconds)."""
        self._database = database
        self._clock = clock

    def add(self, gateway: str, number: int, batch: Mapping[UsageKey, UsageSums]) -> None:
        """Add batch `number` of a gateway, once however often it is given. Numbers of one gateway rise.

        Fails: StorageError, after which the call may be made again.
        """
        now_s = int(self._clock())
        last = USAGE_BATCHES.c.gateway == gateway
        with self._database.writing("usage") as connection:
            known = connection.execute(select(USAGE_BATCHES.c.number).where(last)).scalar_one_or_none()
            if known is not None and known >= number:
                return
            insert_new(connection, USAGE_BATCHES, [{"gateway": gateway, "number": number, "at_s": now_s}])
            connection.execute(update(USAGE_BATCHES).where(last).values(number=number, at_s=now_s))
            connection.execute(delete(USAGE_BATCHES).where(USAGE_BATCHES.c.at_s < now_s - _BATCHES_KEPT_S))
            insert_new(connection, USAGE, [key._asdict() | UsageSums()._asdict() for key in batch])
            for key, sums in batch.items():
                columns = {name: USAGE.c[name] + amount for name, amount in sums._asdict().items() if amount}
                where = [USAGE.c[name] == value for name, value in key._asdict().items()]
                connection.execute(update(USAGE).where(*where).values(columns))

    def since(self, day: str, *, principal: str = "") -> dict[UsageKey, UsageSums]:
        """Return what was used from `day` (ISO 8601, UTC) on, of one caller where one is named. Fails: StorageError."""
        query = select(USAGE).where(USAGE.c.day >= day).order_by(USAGE.c.day)
        if principal:
            query = query.where(USAGE.c.principal == principal)
        with self._database.reading() as connection:
            rows = [row._mapping for row in connection.execute(query)]
        return {
            UsageKey(*(row[name] for name in UsageKey._fields)): UsageSums(*(row[name] for name in UsageSums._fields))
            for row in rows
        }
