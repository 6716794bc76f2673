"""Counters: what a request takes of which count, and what a store of counts answers.

Owns the values that cross between the pipeline and a store (`tally.py` in memory, `stores/redis_counters.py`), and the
words in which a limit that is used up is told. All takes of one reservation are granted together or none is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import NamedTuple

from stockade.core.errors import RateLimitedError
from stockade.core.measures import Level, Measure
from stockade.guard.quota.limit import Period

WINDOW_SLOTS = 20
"""Parts of a sliding window. Use leaves it a part at a time, up to a twentieth of the window late, never early."""

HELD_WAIT_S = 1.0
"""When to come back where only requests that are still open stand in the way: nobody knows when they end."""


class Kind(StrEnum):
    """How a counter counts."""

    OPEN = "open"  # what is held now, nothing that is past
    PERIOD = "period"  # what was used in this span of the calendar, and what is held in it
    RATE = "rate"  # a bucket that refills steadily (GCRA, ITU-T I.371 annex A); what was taken is not given back
    WINDOW = "window"  # what was used in the last so many seconds, and what is held


class Counter(NamedTuple):
    """One count of one subject. `key` names it in the store, `name` is the limit's name for people.

    A rate has `interval_us` (microseconds until one more may pass) and `burst`; a window `window_us`; a period `period`
    and `zone`.
    """

    key: str
    name: str
    measure: Measure
    kind: Kind
    limit: int
    interval_us: int = 0
    burst: int = 0
    window_us: int = 0
    period: Period | None = None
    zone: tzinfo = UTC

    @property
    def slot_us(self) -> int:
        """Return the length of one part of the window, in microseconds."""
        return -(-self.window_us // WINDOW_SLOTS)


class Take(NamedTuple):
    """So much of one counter."""

    counter: Counter
    amount: int


class Reservation(NamedTuple):
    """What was granted to one exchange until it is settled.

    `slots` say, take by take, in which span of the calendar a period's use belongs (its start, seconds since 1970; 0
    for other kinds). `levels` are those of the counters right after.
    """

    id: str
    takes: tuple[Take, ...]
    slots: tuple[int, ...]
    levels: tuple[Level, ...]


class Settlement(NamedTuple):
    """The end of a reservation: `used`, take by take, is what came of what was held."""

    reservation: Reservation
    used: tuple[int, ...]


class Shortage(NamedTuple):
    """A take that does not fit: `wait_s` until it might (seconds); `never`: the amount is past the limit itself."""

    take: Take
    wait_s: float
    never: bool = False


def used_up(shortages: Sequence[Shortage]) -> RateLimitedError:
    """Return the error of the shortage that lasts longest, in words for the caller."""
    take, wait_s, never = max(shortages, key=lambda each: (each.never, each.wait_s))
    counter = take.counter
    if counter.limit == 0:
        public, hint = f"The limit {counter.name} is 0 and lets nothing through.", "Ask the operator to raise it."
    elif never:
        most, asked = shown(counter.measure, counter.limit), shown(counter.measure, take.amount)
        public = f"This request may need {asked}, more than all of the limit {counter.name} of {most}."
        hint = "Ask for a shorter answer or send less at once."
    else:
        public = f"The limit {counter.name} of {shown(counter.measure, counter.limit)} is used up."
        hint = f"Try again in {waiting(wait_s)}, or ask the operator to raise it."
    level = Level(counter.name, counter.measure, counter.limit, 0, wait_s)
    return RateLimitedError(public, limit=counter.name, retry_after_s=wait_s, hint=hint, level=level)


def shown(measure: Measure, amount: int) -> str:
    """Return an amount as people write it.

    >>> shown(Measure.COST_MICRO_USD, 2_500_000)
    '2.50 USD'
    """
    if measure is Measure.COST_MICRO_USD:
        return f"{amount / 1_000_000:,.2f} USD"
    if measure is Measure.CONCURRENCY:
        return f"{amount:,} open requests"
    return f"{amount:,} {measure.value.replace('_', ' ')}"


def waiting(seconds: float) -> str:
    """Return a time to wait as people say it.

    >>> waiting(4000)
    '1 h 7 min'
    """
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = -(-int(seconds) // 60)
    if minutes < 120:
        return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
    hours = -(-minutes // 60)
    return f"{hours} h" if hours < 48 else f"{-(-hours // 24)} days"
