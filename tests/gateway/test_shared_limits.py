"""What a gate does while the shared store does not answer, and what it owes it afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stockade.core.errors import LimitsUnreachableError, RateLimitedError
from stockade.core.measures import Measure
from stockade.gateway import shared_limits
from stockade.gateway.limits import LocalCounters
from stockade.gateway.shared_limits import SharedCounters
from stockade.guard.ledger.record import EventName
from stockade.guard.quota.counters import Counter, Kind, Reservation, Settlement, Take
from stockade.guard.quota.limit import Period
from stockade.guard.quota.tally import Moment, Tally
from stockade.testing.clock import ManualClock

DAY = Counter("day", "day", Measure.TOKENS, Kind.PERIOD, 100, period=Period.DAY)
TAKES = (Take(DAY, 60),)


class Clock:
    """The time as the gateway asks for it."""

    def __init__(self) -> None:
        self.manual = ManualClock()

    def now_s(self) -> float:
        return self.manual.time_s()

    def monotonic_s(self) -> float:
        return self.manual.monotonic_s()

    def exchange_id(self) -> str:
        return "ex"


class Store:
    """A store in memory that can be made to fail before or after it did what was asked."""

    def __init__(self, clock: Clock) -> None:
        self.tally, self.clock, self.fails, self.renewed = Tally(), clock, "", 0
        self.settled: set[str] = set()

    def at(self) -> Moment:
        return Moment(self.clock.monotonic_s(), self.clock.now_s())

    def used(self) -> int:
        return self.tally.used(DAY, self.at())

    def check(self, when: str) -> None:
        if self.fails == when:
            raise LimitsUnreachableError("gone", sent=when == "after")

    async def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation:
        self.check("before")
        held = self.tally.reserve(id_, takes, self.at())
        self.check("after")
        return held

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        self.check("before")
        for each in settlements:
            if each.reservation.id in self.settled:
                continue
            self.settled.add(each.reservation.id)
            if not self.tally.holds(each.reservation.id) and any(each.used):
                # What was counted elsewhere is charged under its own name, as Redis does.
                late = self.tally.reserve(each.reservation.id, [Take(DAY, 0)], self.at())
                self.tally.settle([Settlement(late, each.used)], self.at())
            else:
                self.tally.settle([each], self.at())
        self.check("after")

    async def renew(self, reservations: Sequence[Reservation]) -> None:
        self.check("before")
        self.renewed += len(reservations)


class Desk:
    """A gate's counters with everything around them."""

    def __init__(self, *, local: bool = False) -> None:
        self.clock = Clock()
        self.store = Store(self.clock)
        self.told: list[tuple[EventName, int]] = []
        self.counters = SharedCounters(
            self.store, self.clock, self.tell, lease_s=30,
            local=LocalCounters(Tally(), self.clock) if local else None,
        )  # fmt: skip

    async def tell(self, event: EventName, count: int) -> None:
        self.told.append((event, count))

    async def tend(self, times: int = 1) -> None:
        """Let the keeper go its round."""
        for _ in range(times):
            await self.counters.look_after()


async def test_an_outage_denies_and_is_told_once_at_each_end() -> None:
    desk = Desk()
    desk.store.fails = "before"
    for _ in range(3):
        with pytest.raises(LimitsUnreachableError):
            await desk.counters.reserve("one", TAKES)
    await desk.tend(3)
    assert desk.told == [(EventName.LIMITS_UNREACHABLE, 0)]
    desk.store.fails = ""
    await desk.tend(3)
    assert desk.told[1:] == [(EventName.LIMITS_REACHABLE, 0)]
    assert (await desk.counters.reserve("two", TAKES)).levels[0].remaining == 40


async def test_a_settlement_waits_for_the_store_and_is_made_once() -> None:
    desk = Desk()
    held = await desk.counters.reserve("one", TAKES)
    desk.store.fails = "after"
    await desk.counters.settle([Settlement(held, (50,))])
    assert desk.counters.owed == 1
    desk.store.fails = ""
    await desk.tend(3)
    assert (desk.counters.owed, desk.store.used()) == (0, 50)


async def test_a_reservation_of_which_nothing_was_heard_is_given_back() -> None:
    desk = Desk()
    desk.store.fails = "after"
    with pytest.raises(LimitsUnreachableError):
        await desk.counters.reserve("one", TAKES)
    assert desk.store.used() == 60
    desk.store.fails = ""
    await desk.tend(3)
    assert desk.store.used() == 0


async def test_counting_alone_holds_the_limit_here_and_charges_there_afterwards() -> None:
    desk = Desk(local=True)
    desk.store.fails = "before"
    held = await desk.counters.reserve("one", TAKES)
    with pytest.raises(RateLimitedError):
        await desk.counters.reserve("two", TAKES)
    await desk.counters.settle([Settlement(held, (55,))])
    desk.store.fails = ""
    await desk.tend(3)
    assert (desk.counters.owed, desk.store.used()) == (0, 55)


async def test_leases_are_renewed_while_something_is_open() -> None:
    desk = Desk()
    held = await desk.counters.reserve("one", TAKES)
    desk.clock.manual.advance(11)
    await desk.tend(1)
    await desk.counters.settle([Settlement(held, (1,))])
    renewed = desk.store.renewed
    desk.clock.manual.advance(11)
    await desk.tend(1)
    assert desk.store.renewed == renewed


async def test_what_may_have_been_charged_is_given_up_before_the_store_forgets_it() -> None:
    desk = Desk()
    desk.clock.manual.advance(1)
    held = await desk.counters.reserve("one", TAKES)
    desk.store.fails = "after"
    await desk.counters.settle([Settlement(held, (50,))])
    desk.clock.manual.advance(shared_limits.OWED_S + 1)
    desk.store.fails = ""
    await desk.tend(3)
    assert (EventName.LIMITS_GIVEN_UP, 1) in desk.told
    assert desk.store.used() == 50
