"""Retention: the running gate's care for recordings. Expired days are erased; what was erased or missed is told.

Owns when that happens and the doubt about the clock: a clock that jumps ahead must not erase everything at once. Works
whether or not anybody is recorded now, for what was recorded before must end as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple, Protocol

from stockade.core.errors import StorageError
from stockade.gateway.events import EventLog
from stockade.gateway.ports import Clock
from stockade.guard.ledger.record import EventName
from stockade.stores.recording_keys import DayKey, RecordingKeyStore
from stockade.stores.recording_retention import expired, purge
from stockade.stores.recordings import day_of

PURGE_EVERY_S = 600.0
"""How often days past their retention are looked for."""

JUMP_S = 3600.0
"""A wall clock that moved so much more than time passed is not believed before the next look."""

FAILURES_TOLD_S = 60.0
"""A recorder that fails says so at most this often; all of it is counted."""

Note = Callable[[EventName, str, tuple[tuple[str, int], ...]], Awaitable[None]]


class Missing(Protocol):
    """Who counts the exchanges that were not recorded."""

    def missed(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many since the last call, by tenant and reason."""


class _Look(NamedTuple):
    wall_s: float
    passed_s: float


class Retention:
    """The care for the recordings of one gate."""

    def __init__(
        self, root: Path, keys: RecordingKeyStore, retention_days: int, clock: Clock, events: EventLog, note: Note
    ) -> None:
        """Look after the recordings below `root`; `note` writes an event into the ledger."""
        self._root, self._keys, self._days = root, keys, retention_days
        self._clock, self.events, self._note = clock, events, note
        self._last: _Look | None = None
        self._told_s = -FAILURES_TOLD_S
        self._destroyed: set[str] | None = None

    async def watch(self, pool: Executor) -> None:
        """Purge now and then, for ever."""
        while True:
            await self.look(pool)
            await asyncio.sleep(PURGE_EVERY_S)

    async def look(self, pool: Executor) -> None:
        """Purge once, and tell of every day that was erased since the last look, by whomever."""
        loop = asyncio.get_running_loop()
        try:
            erased = await loop.run_in_executor(pool, self._purge)
        except StorageError as error:
            self.events.failure("recordings_purge_failed", error)
            return
        for key in erased:
            self.events.write("recordings_erased", tenant=key.tenant, day=key.day)
            await self._note(EventName.RECORDINGS_ERASED, f"{key.tenant} {key.day}", ())

    async def tell(self, recorder: Missing) -> None:
        """Tell how many exchanges were not recorded since the last call."""
        for tenant, reasons in recorder.missed().items():
            self.events.write("recordings_missed", tenant=tenant, **reasons)
            await self._note(EventName.RECORDINGS_MISSED, tenant, tuple(sorted(reasons.items())))

    def failed(self, what: str, why: str) -> None:
        """Tell at once that the recorder fails, but not each time. Called from its thread."""
        now_s = self._clock.monotonic_s()
        if now_s - self._told_s >= FAILURES_TOLD_S:
            self._told_s = now_s
            self.events.write("recording_failed", what=what, error=why)

    def _purge(self) -> list[DayKey]:
        if self._is_believable():
            purge(self._root, self._keys, expired(day_of(self._clock.now_s()), self._days))
        else:
            self.events.write("recordings_purge_waits", reason="the clock jumped")
        destroyed = {key.id: key for key in self._keys.list() if key.sealed is None}
        known, self._destroyed = self._destroyed, set(destroyed)
        return [key for key in destroyed.values() if known is not None and key.id not in known]

    def _is_believable(self) -> bool:
        """Say whether the wall clock moved as much as time passed since the last look."""
        now = _Look(self._clock.now_s(), self._clock.monotonic_s())
        last, self._last = self._last, now
        return last is None or abs((now.wall_s - last.wall_s) - (now.passed_s - last.passed_s)) < JUMP_S
