"""Recency on disk: which rows of a tenant were used last, and the eviction of those that were not.

Owns the instants of use and the estimate of how many rows a tenant has. A use is written with the next write of that
tenant and at most once an hour a row: order within the hour is not worth a write for each read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from stockade.stores.statements import batches

TOUCH_INTERVAL_S = 3600
"""A row that was used is marked again after this many seconds at the earliest."""

_TOUCHES_MAX = 10_000


class Recency:
    """Instants of use of the tables that have `tenant`, `digest` and `used_at_us`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock (Unix seconds)."""
        self._clock = clock
        self._last_us = 0
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, str], dict[Any, int]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._since_count: dict[tuple[str, str], int] = {}

    def now_us(self) -> int:
        """Return an instant in microseconds; each later call gives a later one, also when the clock goes back."""
        with self._lock:
            self._last_us = max(self._last_us + 1, int(self._clock() * 1_000_000))
            return self._last_us

    def due(self, marked_us: int) -> bool:
        """Say whether a row whose use was marked at `marked_us` is worth another mark."""
        return self._clock() * 1_000_000 - marked_us >= TOUCH_INTERVAL_S * 1_000_000

    def touch(self, table: Table, tenant: str, digests: Iterable[Any]) -> int:
        """Note that rows were used; the next write of the tenant marks them. Return the instant. No I/O.

        Past the bound of what waits a use is forgotten: the row is taken for older than it is.
        """
        now_us = self.now_us()
        with self._lock:
            pending = self._pending.setdefault((table.name, tenant), {})
            for digest in digests:
                if len(pending) < _TOUCHES_MAX:
                    pending[digest] = now_us
        return now_us

    def settle(self, connection: Connection, table: Table, tenant: str, added: int, rows_max: int) -> list[Any]:
        """Mark what was used and evict what is too much, in the caller's transaction; return the digests that went.

        Contract: with one process at most `rows_max` rows of the tenant stay; with several, a sixteenth more at most
        for each of the others until its next count.
        """
        key = (table.name, tenant)
        with self._lock:
            pending = self._pending.pop(key, {})
            since = self._since_count.get(key, 0) + added
            estimate = self._counts.get(key, rows_max) + added
        _mark(connection, table, tenant, pending)
        evicted: list[Any] = []
        if estimate > rows_max or since > rows_max // 16:
            estimate, since = self.count(connection, table, tenant), 0
            if estimate > rows_max:
                evicted = _evict(connection, table, tenant, estimate - rows_max + rows_max // 64)
                estimate -= len(evicted)
        with self._lock:
            self._counts[key], self._since_count[key] = estimate, since
        return evicted

    def count(self, connection: Connection, table: Table, tenant: str) -> int:
        """Return how many rows the tenant has."""
        query = select(func.count()).select_from(table).where(table.c.tenant == tenant)
        return connection.execute(query).scalar_one()


def _evict(connection: Connection, table: Table, tenant: str, count: int) -> list[Any]:
    """Delete the `count` least recently used rows; return their digests."""
    query = select(table.c.digest).where(table.c.tenant == tenant).order_by(table.c.used_at_us, table.c.digest)
    oldest = list(connection.execute(query.limit(count)).scalars())
    for part in batches(oldest):
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.digest.in_(part)))
    return oldest


def _mark(connection: Connection, table: Table, tenant: str, used: Mapping[Any, int]) -> None:
    """Move the instant of use of those rows forward."""
    if not used:
        return
    statement = (
        update(table)
        .where(
            table.c.tenant == tenant,
            table.c.digest == bindparam("name"),
            table.c.used_at_us < bindparam("instant"),
        )
        .values(used_at_us=bindparam("instant"))
    )
    connection.execute(statement, [{"name": digest, "instant": instant} for digest, instant in sorted(used.items())])
