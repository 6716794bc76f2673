"""Usage on its way to the control store: added up in memory, taken away in batches off the hot path."""

from __future__ import annotations

from datetime import UTC, datetime

from stockade.gateway.ports import Clock
from stockade.guard.quota.usage import UsageEntry, UsageKey, UsageSums

KEYS_MAX = 50_000
"""Rows of usage that wait while the control store does not answer."""

OTHERS = "others"

_NOTHING = UsageSums()


class UsageBatch:
    """What has been used since the last batch was taken."""

    __slots__ = ("_clock", "_day", "_day_ends_s", "_sums")

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing; `clock` says which day it is."""
        self._clock = clock
        self._sums: dict[UsageKey, UsageSums] = {}
        self._day = ""
        self._day_ends_s = 0.0

    def add(self, entry: UsageEntry) -> None:
        """Add one exchange. While nobody takes batches away, callers past `KEYS_MAX` are added up under one name."""
        key = UsageKey(
            self._today(), entry.tenant, entry.principal, ",".join(entry.teams), entry.model, entry.workspace
        )
        if len(self._sums) >= KEYS_MAX and key not in self._sums:
            key = key._replace(principal=OTHERS, teams="", model=OTHERS, workspace=OTHERS)
        self._sums[key] = self._sums.get(key, _NOTHING).plus(entry.sums)

    def take(self) -> dict[UsageKey, UsageSums]:
        """Return the batch and begin the next."""
        taken, self._sums = self._sums, {}
        return taken

    def _today(self) -> str:
        at_s = self._clock.now_s()
        if not self._day_ends_s - 86_400 <= at_s < self._day_ends_s:
            self._day = datetime.fromtimestamp(at_s, UTC).date().isoformat()
            self._day_ends_s = (at_s // 86_400 + 1) * 86_400
        return self._day
