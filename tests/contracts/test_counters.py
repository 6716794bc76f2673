"""The contract of the stores of counts: in memory and in Redis they grant, refuse and charge the same.

Redis runs when STOCKADE_TEST_REDIS_URL names a server; the scripts are given the test's time in place of the server's.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

import pytest
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from stockade.core.errors import LimitsUnreachableError, RateLimitedError
from stockade.core.measures import Measure
from stockade.guard.quota.counters import Counter, Kind, Reservation, Settlement, Take
from stockade.guard.quota.limit import Period
from stockade.guard.quota.places import Places
from stockade.guard.quota.tally import Moment, Tally
from stockade.stores.counters.connections import Script
from stockade.stores.counters.redis import RedisCounters

URL = os.environ.get("STOCKADE_TEST_REDIS_URL", "")
LEASE_S = 30.0
HOUR = Counter("hour", "hour", Measure.TOKENS, Kind.PERIOD, 100, period=Period.HOUR)
WINDOW = Counter("window", "window", Measure.TOKENS, Kind.WINDOW, 100, window_us=600_000_000)
OPEN = Counter("open", "open", Measure.CONCURRENCY, Kind.OPEN, 2)
RATE = Places(60, 3, 9, 9).takes("someone")[-1].counter
COUNTERS = (HOUR, WINDOW, OPEN, RATE)


class Counts(Protocol):
    """A store of counts and the time that it lives by."""

    shared: bool

    async def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation: ...
    async def settle(self, settlements: Sequence[Settlement]) -> None: ...
    async def pass_time(self, seconds: float) -> None: ...


class InMemory:
    """The tally."""

    shared = False

    def __init__(self, start_s: float) -> None:
        self.tally, self.now_s = Tally(), start_s

    async def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation:
        return self.tally.reserve(id_, takes, Moment(self.now_s, self.now_s))

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        self.tally.settle(settlements, Moment(self.now_s, self.now_s))

    async def pass_time(self, seconds: float) -> None:
        self.now_s += seconds


class InRedis:
    """Redis with a time of our own, ahead of the server's: keys expire there by the server's."""

    shared = True

    def __init__(self, start_s: float) -> None:
        prefix = f"stockade-test-{secrets.token_hex(6)}"
        self.now_s = start_s
        self.store = RedisCounters(URL, prefix=prefix, timeout_s=5, lease_s=LEASE_S, now_s=lambda: self.now_s)
        for name in ("_reserve", "_settle", "_renew"):
            text = getattr(self.store, name).text
            assert "redis.call('TIME')" in text
            told = "cjson.decode(redis.call('GET', KEYS[1] .. ':time'))"
            setattr(self.store, name, Script(text.replace("redis.call('TIME')", told)))
        self.server = redis.asyncio.Redis.from_url(URL)
        self.pattern, self.time_key = "{" + prefix + "}*", "{" + prefix + "}:time"

    async def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        us = round(self.now_s * 1_000_000)
        await self.server.set(self.time_key, f'["{us // 1_000_000}","{us % 1_000_000}"]')

    async def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation:
        return await self.store.reserve(id_, takes)

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        await self.store.settle(settlements)

    async def close(self) -> None:
        keys = [key async for key in self.server.scan_iter(self.pattern)]
        if keys:
            await self.server.delete(*keys)
        await self.server.aclose()
        await self.store.close()


def start_s() -> float:
    """Return a time ahead of the server's that every test shares: the beginning of an hour."""
    return (time.time() // 3600 + 1) * 3600.0


def need_redis() -> None:
    if not URL:
        pytest.skip("STOCKADE_TEST_REDIS_URL names no server")


@pytest.fixture
async def in_redis() -> AsyncIterator[InRedis]:
    need_redis()
    store = InRedis(start_s())
    await store.pass_time(0)
    yield store
    await store.close()


@pytest.fixture(params=["memory", "redis"])
async def counts(request: pytest.FixtureRequest) -> AsyncIterator[Counts]:
    if request.param == "memory":
        yield InMemory(start_s())
        return
    need_redis()
    store = InRedis(start_s())
    await store.pass_time(0)
    yield store
    await store.close()


async def refused(counts: Counts, *takes: Take) -> RateLimitedError:
    with pytest.raises(RateLimitedError) as caught:
        await counts.reserve(secrets.token_hex(4), takes)
    return caught.value


async def use(counts: Counts, counter: Counter, amount: int, used: int | None = None) -> None:
    held = await counts.reserve(secrets.token_hex(4), [Take(counter, amount)])
    await counts.settle([Settlement(held, (amount if used is None else used,))])


async def left(counts: Counts, counter: Counter) -> int:
    held = await counts.reserve(secrets.token_hex(4), [Take(counter, 0)])
    await counts.settle([Settlement(held, (0,))])
    return held.levels[0].remaining


@pytest.mark.parametrize("counter", [HOUR, WINDOW], ids=lambda counter: counter.name)
async def test_what_is_held_is_taken_and_what_was_not_used_is_free_again(counts: Counts, counter: Counter) -> None:
    held = await counts.reserve("first", [Take(counter, 90)])
    assert (await refused(counts, Take(counter, 20))).retry_after_s == 1.0
    assert held.levels[0].remaining == 10
    await counts.settle([Settlement(held, (40,))])
    assert await left(counts, counter) == 60
    await use(counts, counter, 60)
    assert (await refused(counts, Take(counter, 1))).retry_after_s > 1.0


async def test_an_hour_ends_with_the_hour(counts: Counts) -> None:
    await use(counts, HOUR, 100)
    await counts.pass_time(600)
    assert (await refused(counts, Take(HOUR, 1))).retry_after_s == 3000
    await counts.pass_time(3000)
    await use(counts, HOUR, 100)


async def test_what_began_in_the_last_hour_counts_there(counts: Counts) -> None:
    await counts.pass_time(3599)
    held = await counts.reserve("late", [Take(HOUR, 100)])
    await counts.pass_time(2)
    await use(counts, HOUR, 100)
    await counts.settle([Settlement(held, (100,))])
    assert await left(counts, HOUR) == 0


async def test_a_window_gives_back_a_part_at_a_time(counts: Counts) -> None:
    await use(counts, WINDOW, 60)
    await counts.pass_time(300)
    await use(counts, WINDOW, 40)
    error = await refused(counts, Take(WINDOW, 50))
    assert 300 <= error.retry_after_s <= 330
    await counts.pass_time(error.retry_after_s)
    await use(counts, WINDOW, 50)
    assert await left(counts, WINDOW) == 10


async def test_places_and_rates(counts: Counts) -> None:
    held = [await counts.reserve(name, [Take(OPEN, 1), Take(RATE, 1)]) for name in "ab"]
    assert (await refused(counts, Take(OPEN, 1))).limit == "open"
    await counts.settle([Settlement(held[0], (0, 0))])
    await counts.reserve("c", [Take(OPEN, 1), Take(RATE, 1)])
    assert (await refused(counts, Take(RATE, 1))).retry_after_s == 1.0
    await counts.pass_time(1)
    await counts.reserve("d", [Take(RATE, 1)])


async def test_all_are_held_or_none(counts: Counts) -> None:
    await use(counts, WINDOW, 95)
    assert (await refused(counts, Take(HOUR, 10), Take(OPEN, 1), Take(WINDOW, 10))).limit == "window"
    assert await left(counts, HOUR) == 100
    assert await left(counts, OPEN) == 2


async def test_the_same_id_is_the_same_reservation_and_settles_once(counts: Counts) -> None:
    takes = [Take(HOUR, 60), Take(OPEN, 1)]
    held = await counts.reserve("same", takes)
    assert await counts.reserve("same", takes) == held
    for _ in range(3):
        await counts.settle([Settlement(held, (50, 0))])
    assert await left(counts, HOUR) == 50


async def test_a_limit_of_nought_and_a_request_that_never_fits_say_so(counts: Counts) -> None:
    assert "is 0 and lets nothing through" in (await refused(counts, Take(HOUR._replace(limit=0), 1))).public
    assert "more than all of the limit" in (await refused(counts, Take(HOUR, 101))).public


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("reserve"),
            st.lists(st.sampled_from(COUNTERS), min_size=1, max_size=4, unique=True),
            st.integers(0, 70),
        ),
        st.tuples(st.just("settle"), st.integers(0, 5), st.integers(0, 70)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 7, 29, 600, 1800]), st.just(0)),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=60)
def test_redis_counts_as_memory_does(steps: list[tuple[str, object, int]]) -> None:
    need_redis()
    asyncio.run(compare(steps))


async def compare(steps: list[tuple[str, object, int]]) -> None:
    """Play the same steps on both; nothing is left open past its lease, which only Redis has."""
    begin_s = start_s()
    memory, shared = InMemory(begin_s), InRedis(begin_s)
    held: list[tuple[Reservation, Reservation]] = []
    try:
        for number, (what, first, second) in enumerate(steps):
            if what == "wait":
                if held and first > 29:  # type: ignore[operator]
                    continue
                await memory.pass_time(first)  # type: ignore[arg-type]
                await shared.pass_time(first)  # type: ignore[arg-type]
                if held:
                    await shared.store.renew([both[1] for both in held])
            elif what == "settle" and held:
                pair = held.pop(first % len(held))  # type: ignore[operator]
                used = tuple(min(second, take.amount) for take in pair[0].takes)
                await memory.settle([Settlement(pair[0], used)])
                await shared.settle([Settlement(pair[1], used)])
            elif what == "reserve":
                await shared.pass_time(0)
                takes = [Take(each, 1 if each in (OPEN, RATE) else second) for each in first]  # type: ignore[attr-defined]
                outcomes = [await outcome(store.reserve, f"{number}", takes) for store in (memory, shared)]
                assert outcomes[0] == outcomes[1]
                if isinstance(outcomes[0], Reservation):
                    held.append((outcomes[0], outcomes[1]))  # type: ignore[arg-type]
    finally:
        await shared.close()


async def outcome(
    reserve: Callable[[str, Sequence[Take]], Awaitable[Reservation]], id_: str, takes: Sequence[Take]
) -> object:
    try:
        return await reserve(id_, takes)
    except RateLimitedError as error:
        return (error.limit, error.retry_after_s, error.public)


# --- what only a shared store has: leases, a server that vanishes


@pytest.mark.parametrize("counter", [HOUR, WINDOW, OPEN], ids=lambda counter: counter.name)
async def test_what_a_dead_gate_held_is_free_after_its_lease(in_redis: InRedis, counter: Counter) -> None:
    everything = counter.limit if counter is not OPEN else 1
    dead = await in_redis.reserve("dead", [Take(counter, everything)])
    await in_redis.pass_time(LEASE_S - 1)
    assert dead.levels[0].remaining == counter.limit - everything
    assert await left_after(in_redis, counter) == counter.limit - everything
    await in_redis.pass_time(2)
    assert await left_after(in_redis, counter) == counter.limit
    # It was not dead after all: what it used is counted, once.
    for _ in range(2):
        await in_redis.settle([Settlement(dead, (everything,))])
    assert await left_after(in_redis, counter) == (counter.limit if counter is OPEN else 0)


async def left_after(counts: InRedis, counter: Counter) -> int:
    if counter is OPEN:
        await counts.reserve("probe", [Take(counter, 1)])
        held = await counts.reserve("probe", [Take(counter, 1)])
        await counts.settle([Settlement(held, (0,))])
        counts_left = held.levels[0].remaining + 1
        await counts.server.delete(counts.pattern[:-1] + ":r:probe")
        return counts_left
    return await left(counts, counter)


async def test_a_lease_that_is_renewed_holds(in_redis: InRedis) -> None:
    held = await in_redis.reserve("long", [Take(HOUR, 100), Take(OPEN, 2)])
    for _ in range(4):
        await in_redis.pass_time(LEASE_S - 5)
        await in_redis.store.renew([held])
    await refused(in_redis, Take(HOUR, 1))
    # Cut off for longer than its lease, then back: it holds again what it uses.
    await in_redis.pass_time(LEASE_S + 5)
    assert await left(in_redis, HOUR) == 100
    await in_redis.store.renew([held])
    await refused(in_redis, Take(HOUR, 1))
    await in_redis.settle([Settlement(held, (70, 0))])
    assert await left(in_redis, HOUR) == 30


async def test_a_gate_whose_clock_is_years_off_counts_in_the_servers_hour(in_redis: InRedis) -> None:
    wrong = RedisCounters(
        URL, prefix=in_redis.pattern[1:-2], timeout_s=5, lease_s=LEASE_S, now_s=lambda: in_redis.now_s - 10**8
    )
    wrong._reserve, wrong._settle = in_redis.store._reserve, in_redis.store._settle
    held = await wrong.reserve("wrong", [Take(HOUR, 70)])
    await wrong.settle([Settlement(held, (70,))])
    assert await left(in_redis, HOUR) == 30
    await wrong.close()


async def test_a_reservation_given_up_before_it_came_is_not_granted_afterwards(in_redis: InRedis) -> None:
    unknown = Reservation("late", (Take(HOUR, 100),), (0,), ())
    await in_redis.settle([Settlement(unknown, (0,))])
    with pytest.raises(LimitsUnreachableError):
        await in_redis.reserve("late", unknown.takes)
    assert await left(in_redis, HOUR) == 100


async def test_a_reservation_of_which_nothing_was_heard_is_given_back(in_redis: InRedis) -> None:
    await in_redis.reserve("unheard", [Take(OPEN, 1), Take(HOUR, 100)])
    await in_redis.settle([Settlement(Reservation("unheard", (Take(OPEN, 1), Take(HOUR, 100)), (0, 0), ()), (0, 0))])
    assert await left(in_redis, HOUR) == 100
