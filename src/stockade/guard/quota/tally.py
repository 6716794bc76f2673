"""The tally: all counts of one process, exact under any interleaving of a single-threaded loop.

Takes the time as an argument and awaits nothing. A refused reservation counts nothing, a second settlement changes
nothing. Clocks that jump: rates and windows pass with the monotonic clock alone; a span of the calendar is found by the
wall clock and its count is kept under its start, so that a clock put back finds what was used before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stockade.core.measures import Level
from stockade.guard.quota.counters import (
    HELD_WAIT_S,
    WINDOW_SLOTS,
    Counter,
    Kind,
    Reservation,
    Settlement,
    Shortage,
    Take,
    used_up,
)
from stockade.guard.quota.periods import Span, span

_SECOND_US = 1_000_000
_SWEEP_COUNTS_MIN = 1024
_SPANS_KEPT_S = 40 * 86_400
"""How long the use of a span that is over is kept (longer than any span), should the wall clock be put back into it."""


class Moment(NamedTuple):
    """The time by both clocks, in seconds: one that never goes back, and the wall's, since 1970."""

    monotonic_s: float
    now_s: float


@dataclass(slots=True)
class Count:
    """What is counted under one key: `used` by part of a window or span of the calendar; what is `held` beside it.

    Of a rate only `full_us` counts: when the bucket is full again.
    """

    used: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    full_us: int = 0
    until_us: int = 0  # when nothing of it matters any more


class Kept(NamedTuple):
    """A count over a restart. A window's slots are numbered since 1970, as those of the calendar are."""

    until_us: int
    used: dict[int, int]


class _Standing(NamedTuple):
    """How a take finds its counter: what is taken already, in which slot it would be held, when all is free again."""

    taken: int
    slot: int
    reset_s: float
    wait_s: float = 0.0


class Tally:
    """The counts of one process."""

    __slots__ = ("_counts", "_last_us", "_now_s", "_now_us", "_reservations", "_spans", "_sweep_at")

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._counts: dict[str, Count] = {}
        self._reservations: dict[str, Reservation] = {}
        self._spans: dict[tuple[object, object], Span] = {}
        self._now_us = 0
        self._now_s = 0.0
        self._last_us: int | None = None
        self._sweep_at = _SWEEP_COUNTS_MIN

    @property
    def open_reservations(self) -> int:
        """Return how many reservations are not settled."""
        return len(self._reservations)

    @property
    def counts_held(self) -> int:
        """Return how many counts are remembered."""
        return len(self._counts)

    def holds(self, id_: str) -> bool:
        """Say whether a reservation is open."""
        return id_ in self._reservations

    def reserve(self, id_: str, takes: Sequence[Take], at: Moment) -> Reservation:
        """Hold all takes until the reservation is settled, or none. The same id again returns what was granted.

        Fails: RateLimitedError of the shortage that lasts longest; nothing was counted then.
        """
        self._advance(at)
        known = self._reservations.get(id_)
        if known is not None:
            return known
        if len(self._counts) >= self._sweep_at:
            self._sweep()
        standings = []
        shortages = []
        for take in takes:
            standing = self._standing(take)
            standings.append(standing)
            if standing.wait_s > 0:
                shortages.append(Shortage(take, standing.wait_s, 0 < take.counter.limit < take.amount))
        if shortages:
            raise used_up(shortages)
        levels = [self._hold(take, standing) for take, standing in zip(takes, standings, strict=True)]
        slots = [standing.slot for standing in standings]
        reservation = Reservation(id_, tuple(takes), tuple(slots), tuple(levels))
        self._reservations[id_] = reservation
        return reservation

    def settle(self, settlements: Sequence[Settlement], at: Moment) -> None:
        """Give back what was held and count what was used. A second time changes nothing."""
        self._advance(at)
        for reservation, used in settlements:
            held = self._reservations.pop(reservation.id, None)
            if held is None:
                continue
            for take, slot, amount in zip(held.takes, held.slots, used, strict=True):
                self._settle(take, slot, amount)

    def used(self, counter: Counter, at: Moment) -> int:
        """Return what of a counter is used and held now."""
        self._advance(at)
        return self._standing(Take(counter, 0)).taken

    def kept(self) -> dict[str, Kept]:
        """Return what was used and still matters, for the next start of this process."""
        now_us = self._now_us
        return {
            key: Kept(count.until_us, dict(count.used))
            for key, count in self._counts.items()
            if count.used and count.until_us > now_us
        }

    def restore(self, kept: Mapping[str, Kept], at: Moment) -> None:
        """Begin with what an earlier process kept. What it used in a future of its own clock counts as used now."""
        self._advance(at)
        for key, (until_us, used) in kept.items():
            self._counts[key] = Count(dict(used), until_us=until_us)

    def _settle(self, take: Take, slot: int, amount: int) -> None:
        counter = take.counter
        if counter.kind is Kind.RATE:
            return
        count = self._counts[counter.key]
        left = count.held[slot] - take.amount
        if left:
            count.held[slot] = left
        else:
            del count.held[slot]
        if amount and counter.kind is not Kind.OPEN:
            where = slot if counter.kind is Kind.PERIOD else self._now_us // counter.slot_us
            count.used[where] = count.used.get(where, 0) + amount
            self._keep(counter, count)

    def _standing(self, take: Take) -> _Standing:
        """Return how a take finds its counter; `wait_s` is above zero where it does not fit."""
        counter, amount = take
        count = self._counts.get(counter.key)
        match counter.kind:
            case Kind.RATE:
                ahead_us = max(count.full_us - self._now_us if count else 0, 0) + amount * counter.interval_us
                wait_us = ahead_us - counter.burst * counter.interval_us
                left = min(-wait_us // counter.interval_us, counter.limit)
                return _Standing(counter.limit - left, 0, ahead_us / _SECOND_US, wait_us / _SECOND_US)
            case Kind.OPEN:
                held = count.held.get(0, 0) if count else 0
                return _Standing(held, 0, 0.0, HELD_WAIT_S if held + amount > counter.limit else 0.0)
            case Kind.PERIOD:
                assert counter.period is not None
                start_s, end_s = self._span(counter)
                used = count.used.get(start_s, 0) if count else 0
                held = count.held.get(start_s, 0) if count else 0
                left_s = end_s - self._now_s
                wait_s = 0.0
                if used + held + amount > counter.limit:
                    wait_s = left_s if used + amount > counter.limit else min(HELD_WAIT_S, left_s)
                return _Standing(used + held, start_s, left_s, wait_s)
            case Kind.WINDOW:
                return self._window(counter, count, amount)

    def _window(self, counter: Counter, count: Count | None, amount: int) -> _Standing:
        if count is None:
            return _Standing(0, 0, 0.0, 0.0 if amount <= counter.limit else counter.window_us / _SECOND_US)
        slot_us = counter.slot_us
        current = self._now_us // slot_us
        for slot in [slot for slot in count.used if not current - WINDOW_SLOTS <= slot <= current]:
            there = count.used.pop(slot)
            if slot > current:  # kept by a process whose clock was ahead
                count.used[current] = count.used.get(current, 0) + there
        used, held = sum(count.used.values()), count.held.get(0, 0)
        leaves_us = slot_us * (WINDOW_SLOTS + 1) - self._now_us  # of slot number nought
        reset_s = (max(count.used) * slot_us + leaves_us) / _SECOND_US if used else 0.0
        excess = used + held + amount - counter.limit
        if excess <= 0:
            return _Standing(used + held, 0, reset_s)
        if amount > counter.limit:
            return _Standing(used + held, 0, reset_s, counter.window_us / _SECOND_US)
        for slot in sorted(count.used):
            excess -= count.used[slot]
            if excess <= 0:
                return _Standing(used + held, 0, reset_s, (slot * slot_us + leaves_us) / _SECOND_US)
        return _Standing(used + held, 0, reset_s, HELD_WAIT_S)

    def _hold(self, take: Take, standing: _Standing) -> Level:
        counter, amount = take
        count = self._counts.get(counter.key)
        if count is None:
            count = self._counts[counter.key] = Count()
        if counter.kind is Kind.RATE:
            count.full_us = count.until_us = max(count.full_us, self._now_us) + amount * counter.interval_us
            taken = standing.taken
        else:
            count.held[standing.slot] = count.held.get(standing.slot, 0) + amount
            taken = standing.taken + amount
            self._keep(counter, count)
        return Level(counter.name, counter.measure, counter.limit, max(0, counter.limit - taken), standing.reset_s)

    def _keep(self, counter: Counter, count: Count) -> None:
        """Remember a count for as long as it can matter."""
        if counter.kind is Kind.PERIOD:
            count.until_us = self._now_us + _SPANS_KEPT_S * _SECOND_US
        elif counter.kind is Kind.WINDOW:
            count.until_us = self._now_us + counter.window_us + 2 * counter.slot_us

    def _span(self, counter: Counter) -> Span:
        assert counter.period is not None
        key = (counter.period, counter.zone)
        known = self._spans.get(key)
        if known is None or not known.start_s <= self._now_s < known.end_s:
            known = self._spans[key] = span(counter.period, counter.zone, self._now_s)
        return known

    def _advance(self, at: Moment) -> None:
        """Move the own clock on by the time that passed; it never goes back, and a jump back costs nobody a wait."""
        given_us = round(at.monotonic_s * _SECOND_US)
        if self._last_us is None:
            self._now_us = round(at.now_s * _SECOND_US)  # so that what was kept over a restart lies in the past
        elif given_us > self._last_us:
            self._now_us += given_us - self._last_us
        self._last_us = given_us
        self._now_s = at.now_s

    def _sweep(self) -> None:
        """Forget counts that are over and of which nothing is held: a new one is the same."""
        now_us = self._now_us
        self._counts = {key: count for key, count in self._counts.items() if count.held or count.until_us > now_us}
        self._sweep_at = max(_SWEEP_COUNTS_MIN, 2 * len(self._counts))
