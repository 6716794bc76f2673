"""Counts in a store that all replicas share: what happens while it does not answer, and what is owed to it afterwards.

Owns the reservations that are open here (their leases are renewed) and the settlements that could not be made yet. An
outage is never silent: it is told when it begins and when it ends. Nothing is let through that nobody counted: requests
are denied, or counted by this process alone where the operator chose that, and charged to the store when it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from stockade.core.errors import LimitsUnreachableError, RateLimitedError
from stockade.gateway.limits import LocalCounters
from stockade.gateway.ports import Clock
from stockade.guard.ledger.record import EventName
from stockade.guard.quota.counters import Reservation, Settlement, Take

TEND_S = 0.5
"""How often an unreachable store is tried again, and what is owed to it is paid."""

OWED_MAX = 100_000
"""Most settlements that wait for the store; past it the oldest is given up, which is told."""

OWED_S = 540.0
"""How long a settlement may wait that was perhaps made already: the store knows settled reservations for 600 s."""

_PAID_AT_ONCE = 200


class CounterStore(Protocol):
    """The shared store. Every call may fail with LimitsUnreachableError; `sent` there says that it may be done."""

    async def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation:
        """Hold all takes, or none. Fails: RateLimitedError."""

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Give back and charge; twice is once."""

    async def renew(self, reservations: Sequence[Reservation]) -> None:
        """Lengthen leases. With none it only asks whether the store is there."""


class _Owed:
    """A settlement that waits; `doubtful_s` is the monotonic time since when it may have been made already, or 0."""

    __slots__ = ("doubtful_s", "settlement")

    def __init__(self, settlement: Settlement, doubtful_s: float) -> None:
        self.settlement = settlement
        self.doubtful_s = doubtful_s


class SharedCounters:
    """Counts in `store`; `told` hears of an outage's begin and end and of what was given up."""

    def __init__(
        self,
        store: CounterStore,
        clock: Clock,
        told: Callable[[EventName, int], Awaitable[None]],
        *,
        lease_s: float,
        local: LocalCounters | None = None,
    ) -> None:
        """Deny while the store is unreachable, or count in `local` where that is given."""
        self._store = store
        self._clock = clock
        self._told = told
        self._lease_s = lease_s
        self._local = local
        self._open: dict[str, Reservation] = {}
        self._here: set[str] = set()
        self._owed: dict[str, _Owed] = {}
        self._given_up = 0
        self._renewed_s = clock.monotonic_s()
        self._down = False
        self._down_told = False

    @property
    def owed(self) -> int:
        """Return how many settlements wait."""
        return len(self._owed)

    async def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation:
        """Hold all takes, or none. Fails: RateLimitedError, LimitsUnreachableError."""
        try:
            if self._down:
                raise _unreachable(sent=False)
            reservation = await self._store.reserve(id_, takes)
        except RateLimitedError:
            raise
        except LimitsUnreachableError as error:
            self._down = True
            if error.sent:
                self._owe(_released(id_, takes), doubtful=True)
            if self._local is None:
                raise
            reservation = self._local.reserve(id_, takes)
            self._here.add(id_)
            return reservation
        except asyncio.CancelledError:
            self._owe(_released(id_, takes), doubtful=True)
            raise
        self._open[id_] = reservation
        return reservation

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Give back and charge, or owe it to the store."""
        there_now = []
        for each in settlements:
            if self._open.pop(each.reservation.id, None) is not None:
                there_now.append(each)
            elif each.reservation.id in self._here:
                assert self._local is not None
                self._here.remove(each.reservation.id)
                self._local.settle([each])
                # What was held here alone is charged there too; under a name of its own, for the first may be owed.
                there = each.reservation._replace(id=each.reservation.id + ".late")
                self._owe(Settlement(there, each.used), doubtful=False)
        if not there_now:
            return
        doubtful = True
        try:
            if not self._down:
                await self._store.settle(there_now)
                return
            doubtful = False
        except LimitsUnreachableError as error:
            self._down, doubtful = True, error.sent
        except asyncio.CancelledError:
            self._owe_all(there_now, doubtful=True)
            raise
        self._owe_all(there_now, doubtful=doubtful)

    async def tend(self) -> None:
        """Look after the store for as long as the process runs."""
        while True:
            await asyncio.sleep(TEND_S)
            try:
                await self.look_after()
            except Exception:  # noqa: BLE001 - whatever breaks here, leases must go on: it is told as an outage
                self._down = True

    async def look_after(self) -> None:
        """Renew leases that are due, try an unreachable store again, pay what is owed, tell what has changed."""
        now_s = self._clock.monotonic_s()
        if self._down or now_s - self._renewed_s > self._lease_s / 3:
            self._renewed_s = now_s
            await self._renew()
        if not self._down:
            await self.pay()
        await self._tell()

    async def pay(self) -> None:
        """Make the settlements that wait, oldest first, as far as the store answers."""
        while self._owed:
            waiting = list(self._owed.values())[:_PAID_AT_ONCE]
            late_s = self._clock.monotonic_s() - OWED_S
            for owed in [each for each in waiting if 0 < each.doubtful_s < late_s]:
                del self._owed[owed.settlement.reservation.id]
                self._given_up += 1
            waiting = [each for each in waiting if each.settlement.reservation.id in self._owed]
            try:
                await self._store.settle([owed.settlement for owed in waiting])
            except LimitsUnreachableError as error:
                self._down = True
                if error.sent:
                    for owed in waiting:
                        owed.doubtful_s = owed.doubtful_s or self._clock.monotonic_s()
                return
            for owed in waiting:
                self._owed.pop(owed.settlement.reservation.id, None)

    async def _renew(self) -> None:
        try:
            await self._store.renew(list(self._open.values()))
            self._down = False
        except LimitsUnreachableError:
            self._down = True

    async def _tell(self) -> None:
        if self._down != self._down_told:
            self._down_told = self._down
            event = EventName.LIMITS_UNREACHABLE if self._down else EventName.LIMITS_REACHABLE
            await self._told(event, len(self._owed))
        if self._given_up:
            given_up, self._given_up = self._given_up, 0
            await self._told(EventName.LIMITS_GIVEN_UP, given_up)

    def _owe_all(self, settlements: Sequence[Settlement], *, doubtful: bool) -> None:
        for each in settlements:
            self._owe(each, doubtful=doubtful)

    def _owe(self, settlement: Settlement, *, doubtful: bool) -> None:
        if len(self._owed) >= OWED_MAX:
            del self._owed[next(iter(self._owed))]
            self._given_up += 1
        self._owed[settlement.reservation.id] = _Owed(settlement, self._clock.monotonic_s() if doubtful else 0.0)


def _released(id_: str, takes: Sequence[Take]) -> Settlement:
    """Return the end of a reservation that is perhaps held and that nobody will use."""
    nothing = (0,) * len(takes)
    return Settlement(Reservation(id_, tuple(takes), nothing, ()), nothing)


def _unreachable(*, sent: bool) -> LimitsUnreachableError:
    return LimitsUnreachableError(
        "The store that counts limits does not answer.", hint="Try again; an operator looks at Redis.", sent=sent
    )
