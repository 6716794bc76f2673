"""The counts that several gates share: atomic scripts over Redis, one call to reserve and one to settle.

Owns the form in which counters are asked for and answered; the arithmetic of `guard/quota/tally.py` stands in the
scripts once more, and one contract suite holds both to it. Time is the server's. A call that may have been carried out
is made again with the same id and then changes nothing. What a gate holds that died is free after its lease.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from stockade.core.errors import LimitsUnreachableError
from stockade.core.measures import Level
from stockade.guard.quota.counters import (
    HELD_WAIT_S,
    Counter,
    Kind,
    Reservation,
    Settlement,
    Shortage,
    Take,
    used_up,
)
from stockade.guard.quota.periods import Span, span
from stockade.stores.counters.connections import Connections, Script, call_failed

SETTLED_S = 600
"""How long a settled reservation is known as such: a settlement whose answer was lost is not made again after that."""

_MILLION = 1_000_000
_TRIES = 2


class RedisCounters:
    """The counts of an installation."""

    def __init__(self, url: str, *, prefix: str, timeout_s: float, lease_s: float, now_s: Callable[[], float]) -> None:
        """Connect to nothing yet; `now_s` is only a first guess at the server's time. Fails: ConfigError."""
        self._connections = Connections(url, timeout_s)
        self._key = "{" + prefix + "}"
        self._lease_ms = int(lease_s * 1000)
        self._now_s = now_s
        self._offset_s = 0.0
        self._spans: dict[tuple[object, object], tuple[Span, list[int]]] = {}
        self._reserve, self._settle, self._renew, self._used = map(_script, ("reserve", "settle", "renew", "used"))

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    async def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation:
        """Hold all takes until they are settled or the lease is over, or none.

        Fails: RateLimitedError; LimitsUnreachableError, after which it is open whether they are held.
        """
        fields = self._asked(id_, takes)
        kind, *answer = await self._ask(self._reserve, fields)
        if kind == 2:  # our idea of the server's time is off by more than a span of the calendar
            self._offset_s = answer[0] / _MILLION - self._now_s()
            kind, *answer = await self._ask(self._reserve, self._asked(id_, takes))
        if kind == 1:
            found = list(zip(answer[::2], answer[1::2], strict=True))
            raise used_up(
                [Shortage(takes[n], us / _MILLION, 0 < takes[n].counter.limit < takes[n].amount) for n, us in found]
            )
        if kind != 0:
            raise call_failed(sent=False)  # settled before it was granted: the call was given up
        levels, slots = [], []
        for number, (counter, _) in enumerate(takes):
            taken, slot, reset_us = answer[3 * number + 1 : 3 * number + 4]
            left = max(0, counter.limit - taken)
            levels.append(Level(counter.name, counter.measure, counter.limit, left, reset_us / _MILLION))
            slots.append(slot)
        return Reservation(id_, tuple(takes), tuple(slots), tuple(levels))

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Give back what is held and count what was used; twice is once. Fails: LimitsUnreachableError."""
        ended = [
            {"id": held.id, "takes": [self._held(held, n, used=amount) for n, amount in enumerate(used)]}
            for held, used in settlements
        ]
        fields = {"lease_ms": self._lease_ms, "settled_ms": SETTLED_S * 1000, "reservations": ended}
        await self._ask(self._settle, fields)

    async def renew(self, reservations: Sequence[Reservation]) -> None:
        """Lengthen the leases of what is still open. Fails: LimitsUnreachableError."""
        open_ = [
            {"id": held.id, "takes": [self._held(held, number) for number in range(len(held.takes))]}
            for held in reservations
        ]
        await self._ask(self._renew, {"lease_ms": self._lease_ms, "reservations": open_})

    async def used(self, counter: Counter) -> int:
        """Return what of a counter is used and held now. Fails: LimitsUnreachableError."""
        fields = self._fields(counter, 0) | {"lease_ms": self._lease_ms}
        if counter.kind is Kind.PERIOD:
            fields["bounds_s"] = self._bounds(counter)
        [used] = await self._ask(self._used, fields)
        return used

    async def counters_used(self) -> list[str]:
        """Return the keys of all budgets of which something was used; of a span of the calendar each with its start.

        Reads all keys of the server: for a person, not for a gate.
        """
        fields = {"lease_ms": self._lease_ms, "pattern": f"{self._key}:budget:*"}
        answer = await self._connections.run(self._used, self._key, orjson.dumps(fields))
        begin = len(self._key) + 1
        return sorted({key[begin:].removesuffix(":held") for key in answer.split("\n") if key})

    async def _ask(self, script: Script, fields: dict[str, Any]) -> list[int]:
        """Run a script, and once more where the answer to the first run was lost: all are idempotent by id."""
        argument = orjson.dumps(fields)
        for left in reversed(range(_TRIES)):
            try:
                answer = await self._connections.run(script, self._key, argument)
                return [int(number) for number in answer.split(",")]
            except LimitsUnreachableError:
                if not left:
                    raise
        raise AssertionError

    def _asked(self, id_: str, takes: Sequence[Take]) -> dict[str, Any]:
        asked = []
        for counter, amount in takes:
            fields = self._fields(counter, amount)
            fields |= {"limit": counter.limit, "interval_us": counter.interval_us, "burst": counter.burst}
            if counter.kind is Kind.PERIOD:
                fields["bounds_s"] = self._bounds(counter)
            asked.append(fields)
        held_wait_us = int(HELD_WAIT_S * _MILLION)
        return {"id": id_, "lease_ms": self._lease_ms, "held_wait_us": held_wait_us, "takes": asked}

    def _held(self, reservation: Reservation, number: int, used: int = 0) -> dict[str, Any]:
        counter, amount = reservation.takes[number]
        fields = self._fields(counter, amount) | {"slot": reservation.slots[number], "used": used}
        if counter.period is not None:
            ends_s = span(counter.period, counter.zone, reservation.slots[number]).end_s
            fields["ends_ms"] = ends_s * 1000
        return fields

    def _fields(self, counter: Counter, amount: int) -> dict[str, Any]:
        key = f"{self._key}:{counter.key}"
        fields = {"kind": counter.kind.value, "key": key, "amount": amount}
        return fields | {"window_us": counter.window_us, "slot_us": counter.slot_us}

    def _bounds(self, counter: Counter) -> list[int]:
        """Return the edges of the span in which it should be now, with one more on either side."""
        assert counter.period is not None
        at_s = self._now_s() + self._offset_s
        key = (counter.period, counter.zone)
        known = self._spans.get(key)
        if known is None or not known[0].start_s <= at_s < known[0].end_s:
            now = span(counter.period, counter.zone, at_s)
            before = span(counter.period, counter.zone, now.start_s - 1)
            after = span(counter.period, counter.zone, now.end_s)
            known = self._spans[key] = (now, [before.start_s, now.start_s, now.end_s, after.end_s])
        return known[1]


def _script(name: str) -> Script:
    folder = Path(__file__).parent
    return Script((folder / "common.lua").read_text() + (folder / f"{name}.lua").read_text())
