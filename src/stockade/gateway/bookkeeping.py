"""Bookkeeping beside the hot path: usage to the control store, counts to a file, leases and debts to the shared store.

Owns when that happens and what is done when it fails: it is told once, kept, and tried again. Never makes a request
wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from stockade.core.errors import StockadeError
from stockade.gateway.events import EventLog
from stockade.gateway.shared_limits import SharedCounters
from stockade.gateway.usage import UsageBatch
from stockade.guard.quota.tally import Kept, Tally
from stockade.guard.quota.usage import UsageKey, UsageSums

FLUSH_S = 2.0
"""How often usage and counts are written down: a crash loses so much of them (records in the ledger are durable)."""


class UsageTable(Protocol):
    """Where usage is kept."""

    def add(self, gateway: str, number: int, batch: Mapping[UsageKey, UsageSums]) -> None:
        """Add batch `number`, once however often it is given. Fails: StorageError."""


class Bookkeeping:
    """What is written down beside the exchanges of one process."""

    def __init__(
        self,
        usage: UsageBatch,
        table: UsageTable,
        gateway: str,
        events: EventLog,
        *,
        tally: tuple[Tally, Callable[[Mapping[str, Kept]], None]] | None = None,
        shared: SharedCounters | None = None,
    ) -> None:
        """Write usage as `gateway`; keep the counts of `tally` by the function given with it; tend `shared`."""
        self._usage = usage
        self._table = table
        self._gateway = gateway
        self._events = events
        self._tally = tally
        self._shared = shared
        self._number = 0
        self._batch: dict[UsageKey, UsageSums] = {}
        self._failing: set[str] = set()

    @asynccontextmanager
    async def open(self, pool: Executor) -> AsyncIterator[None]:
        """Keep the books while the block runs, and write down the last of them at its end."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._watch(pool))]
        if self._shared is not None:
            tasks.append(loop.create_task(self._shared.tend()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.flush(pool)
            if self._shared is not None:
                await self._shared.pay()

    async def flush(self, pool: Executor) -> None:
        """Write down what has come since the last time."""
        events = self._events
        await self._do(pool, "usage", self._write_usage, lambda error: events.failure("usage_unwritable", error))
        if self._tally is not None:
            tally, write = self._tally
            kept = tally.kept()
            await self._do(
                pool, "counts", partial(write, kept), lambda error: events.failure("counts_unwritable", error)
            )

    async def _watch(self, pool: Executor) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush(pool)

    async def _do(
        self, pool: Executor, what: str, work: Callable[[], None], told: Callable[[StockadeError], None]
    ) -> None:
        """Do work in a thread; a failure of one kind is told when it begins, not each time."""
        try:
            await asyncio.get_running_loop().run_in_executor(pool, work)
            self._failing.discard(what)
        except StockadeError as error:
            if what not in self._failing:
                told(error)
            self._failing.add(what)

    def _write_usage(self) -> None:
        if not self._batch:
            self._batch = self._usage.take()
            self._number += 1
        if self._batch:
            self._table.add(self._gateway, self._number, self._batch)
            self._batch = {}
