"""What counts in one process, put together as settings say: in memory with a file, or in Redis with leases.

A part of the composition root (`app.py`), which calls it once. Decides nothing about a request.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from stockade.config.credentials import redis_url
from stockade.config.schema import Settings
from stockade.gateway.bookkeeping import Bookkeeping, UsageTable
from stockade.gateway.events import EventLog
from stockade.gateway.limits import LocalCounters, moment
from stockade.gateway.ports import Clock, Counters
from stockade.gateway.shared_limits import SharedCounters
from stockade.gateway.usage import UsageBatch
from stockade.guard.ledger.record import EventName
from stockade.guard.quota.tally import Tally
from stockade.stores.counters.redis import RedisCounters
from stockade.stores.tally_file import read_tally, write_tally

COUNTS = "counts.json"
"""The file in `data_dir` that keeps the counts of a process without Redis over a restart."""

Note = Callable[[EventName, str, tuple[tuple[str, int], ...]], Awaitable[None]]


class Counting:
    """The counts of one process and the usage on its way to the control store."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], clock: Clock, events: EventLog, note: Note
    ) -> None:
        """Read what was kept; connect to nothing yet. Fails: ConfigError."""
        self.process = secrets.token_hex(16)
        self.usage = UsageBatch(clock)
        self._file = settings.data_dir / COUNTS
        self._events, self._note = events, note
        self._store: RedisCounters | None = None
        self._shared: SharedCounters | None = None
        self._tally: Tally | None = None
        self.counters: Counters
        local = LocalCounters(Tally(), clock)
        redis = settings.redis
        if redis is None:
            self._tally = local.tally
            self._tally.restore(read_tally(self._file), moment(clock))
            self.counters = local
        else:
            self._store = RedisCounters(
                redis_url(redis, environ),
                prefix=redis.prefix,
                timeout_s=redis.timeout_s,
                lease_s=redis.lease_s,
                now_s=clock.now_s,
            )
            self.counters = self._shared = SharedCounters(
                self._store,
                clock,
                self._told,
                lease_s=redis.lease_s,
                local=local if redis.on_error == "local" else None,
            )

    def books(self, table: UsageTable) -> Bookkeeping:
        """Return the bookkeeping of this process, which writes usage to `table`."""
        kept = (self._tally, partial(write_tally, self._file)) if self._tally is not None else None
        return Bookkeeping(self.usage, table, self.process, self._events, tally=kept, shared=self._shared)

    async def close(self) -> None:
        """Close the connections to the shared store."""
        if self._store is not None:
            await self._store.close()

    async def _told(self, event: EventName, count: int) -> None:
        """Tell of an outage in log and ledger."""
        events = self._events
        if event is EventName.LIMITS_UNREACHABLE:
            events.write("limits_unreachable", settlements=count)
        elif event is EventName.LIMITS_REACHABLE:
            events.write("limits_reachable", settlements=count)
        else:
            events.write("limits_given_up", settlements=count)
        await self._note(event, "", (("settlements", count),))
