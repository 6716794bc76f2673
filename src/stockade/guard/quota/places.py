"""Places: how many requests a caller may send and have open, before anybody has read what they say.

Owns the counters of `admit`: a steady rate with a burst, and open requests of one caller and of all. Counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stockade.core.measures import Measure
from stockade.guard.quota.counters import Counter, Kind, Take

_MINUTE_US = 60_000_000
_CALLERS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Places:
    """What a caller may take: a steady rate, a burst after a pause, open requests; and what one gate may have open.

    The last bounds the memory of a process, so it is counted under this `process`'s name; the others for all gates.
    """

    requests_per_minute: int = 600
    requests_burst: int = 100
    concurrent_requests: int = 64
    concurrent_requests_global: int = 1024
    process: str = ""
    _takes: dict[str, tuple[Take, ...]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Refuse limits that let nothing through."""
        assert min(self.requests_per_minute, self.requests_burst) > 0
        assert min(self.concurrent_requests, self.concurrent_requests_global) > 0

    def takes(self, caller: str) -> tuple[Take, ...]:
        """Return what one request of `caller` takes."""
        takes = self._takes.get(caller)
        if takes is None:
            if len(self._takes) >= _CALLERS_KEPT:
                self._takes.clear()
            takes = self._takes[caller] = self._made(caller)
        return takes

    def _made(self, caller: str) -> tuple[Take, ...]:
        requests, open_ = Measure.REQUESTS, Measure.CONCURRENCY
        # Rounded up: never one more a minute than was allowed.
        interval_us = -(-_MINUTE_US // self.requests_per_minute)
        rate = Counter(
            f"rate:{caller}",
            "requests_per_minute",
            requests,
            Kind.RATE,
            self.requests_per_minute,
            interval_us=interval_us,
            burst=self.requests_burst,
        )
        own = Counter(f"open:{caller}", "concurrent_requests", open_, Kind.OPEN, self.concurrent_requests)
        everybody = Counter(
            f"process:{self.process}", "concurrent_requests_global", open_, Kind.OPEN, self.concurrent_requests_global
        )
        return (Take(everybody, 1), Take(own, 1), Take(rate, 1))
