"""The way from the driver to the counts: in this process, or in the store that all replicas share.

Owns the clock of the counts and nothing else; arithmetic is the guard's (`guard/quota/tally.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from stockade.gateway.ports import Clock
from stockade.guard.quota.counters import Reservation, Settlement, Take
from stockade.guard.quota.tally import Moment, Tally


def moment(clock: Clock) -> Moment:
    """Return the time by both of a clock's hands."""
    return Moment(clock.monotonic_s(), clock.now_s())


class LocalCounters:
    """The counts of this process alone; every call is instant."""

    def __init__(self, tally: Tally, clock: Clock) -> None:
        """Count in `tally` by `clock`."""
        self.tally = tally
        self._clock = clock

    def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation:
        """Hold all takes, or none. Fails: RateLimitedError."""
        return self.tally.reserve(id_, takes, moment(self._clock))

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Give back and charge; twice is once."""
        self.tally.settle(settlements, moment(self._clock))
