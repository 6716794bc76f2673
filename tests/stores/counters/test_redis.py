"""Redis that vanishes in the middle of a call: nothing is held or charged twice, nothing is lost.

A relay stands between the store and a real server and breaks calls off before or after they were carried out.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import redis.asyncio

from stockade.core.errors import LimitsUnreachableError, RateLimitedError
from stockade.core.measures import Measure
from stockade.guard.quota.counters import Counter, Kind, Settlement, Take
from stockade.guard.quota.limit import Period
from stockade.stores.counters.redis import RedisCounters

URL = os.environ.get("STOCKADE_TEST_REDIS_URL", "")
DAY = Counter("day", "day", Measure.TOKENS, Kind.PERIOD, 100, period=Period.DAY)
OPEN = Counter("open", "open", Measure.CONCURRENCY, Kind.OPEN, 5)
TAKES = (Take(DAY, 60), Take(OPEN, 1))

Fault = Literal["before", "after"]


class Relay:
    """A way to the server. Each entry of `faults` breaks one call off, before or after the server carried it out."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.faults: list[Fault] = []
        self.calls = 0
        self.listening: asyncio.Server | None = None

    async def open(self) -> str:
        self.listening = await asyncio.start_server(self.relay, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self.listening.sockets[0].getsockname()[1]}/0"

    async def close(self) -> None:
        assert self.listening is not None
        self.listening.close()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(*self.server)
        try:
            while data := await reader.read(1 << 20):
                fault = None
                if b"EVAL" in data:
                    self.calls += 1
                    fault = self.faults.pop(0) if self.faults else None
                if fault == "before":
                    return
                to_server.write(data)
                answer = await from_server.read(1 << 20)
                if fault == "after":
                    return
                writer.write(answer)
        except OSError:
            return
        finally:
            writer.close()
            to_server.close()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    if not URL:
        pytest.skip("STOCKADE_TEST_REDIS_URL names no server")
    where = redis.asyncio.Redis.from_url(URL).connection_pool.connection_kwargs
    made = Relay(where.get("host", "127.0.0.1"), where.get("port", 6379))
    yield made
    await made.close()


@pytest.fixture
async def store(relay: Relay) -> AsyncIterator[RedisCounters]:
    prefix = f"stockade-test-{secrets.token_hex(6)}"
    made = RedisCounters(await relay.open(), prefix=prefix, timeout_s=2, lease_s=30, now_s=time.time)
    # Known to the server, so that a fault strikes the call itself.
    await made.renew([])
    warm = await made.reserve("warm", [Take(DAY, 0)])
    await made.settle([Settlement(warm, (0,))])
    yield made
    await made.close()
    server = redis.asyncio.Redis.from_url(URL)
    keys = [key async for key in server.scan_iter("{" + prefix + "}*")]
    if keys:
        await server.delete(*keys)
    await server.aclose()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_reservation_that_is_broken_off_once_is_held_once(
    relay: Relay, store: RedisCounters, fault: Fault
) -> None:
    relay.faults = [fault]
    held = await store.reserve("one", TAKES)
    assert [level.remaining for level in held.levels] == [40, 4]
    assert (await store.used(DAY), await store.used(OPEN)) == (60, 1)
    await store.settle([Settlement(held, (50, 0))])
    assert (await store.used(DAY), await store.used(OPEN)) == (50, 0)


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_settlement_that_is_broken_off_once_charges_once(
    relay: Relay, store: RedisCounters, fault: Fault
) -> None:
    held = await store.reserve("one", TAKES)
    relay.faults = [fault]
    await store.settle([Settlement(held, (50, 0))])
    assert (await store.used(DAY), await store.used(OPEN)) == (50, 0)


@pytest.mark.parametrize("faults", [["before", "before"], ["before", "after"], ["after", "after"]])
async def test_a_settlement_that_fails_may_be_made_later(
    relay: Relay, store: RedisCounters, faults: list[Fault]
) -> None:
    held = await store.reserve("one", TAKES)
    relay.faults = list(faults)
    with pytest.raises(LimitsUnreachableError) as caught:
        await store.settle([Settlement(held, (50, 0))])
    assert caught.value.sent
    for _ in range(2):
        await store.settle([Settlement(held, (50, 0))])
    assert (await store.used(DAY), await store.used(OPEN)) == (50, 0)


async def test_a_reservation_that_fails_can_be_given_back(relay: Relay, store: RedisCounters) -> None:
    relay.faults = ["after", "after"]
    with pytest.raises(LimitsUnreachableError) as caught:
        await store.reserve("one", TAKES)
    assert caught.value.sent
    assert await store.used(DAY) == 60
    unheard = (await store.reserve("other", [Take(DAY, 0)]))._replace(id="one", takes=TAKES, slots=(0, 0))
    await store.settle([Settlement(unheard, (0, 0))])
    assert (await store.used(DAY), await store.used(OPEN)) == (0, 0)


async def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    store = RedisCounters("redis://127.0.0.1:9/0", prefix="p", timeout_s=1, lease_s=30, now_s=time.time)
    with pytest.raises(LimitsUnreachableError) as caught:
        await store.reserve("one", TAKES)
    assert not caught.value.sent


async def test_many_at_once_are_granted_exactly_what_there_is(store: RedisCounters) -> None:
    async def one(number: int) -> int:
        try:
            held = await store.reserve(f"n{number}", [Take(DAY, 7)])
        except RateLimitedError:
            return 0
        await store.settle([Settlement(held, (7,))])
        return 7

    assert sum(await asyncio.gather(*(one(number) for number in range(60)))) == 98
    assert await store.used(DAY) == 98
