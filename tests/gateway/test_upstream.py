"""The way to the vendors: what is read, and what a vendor that stops comes to."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import orjson
import pytest

from stockade.core.errors import UpstreamError, UpstreamTimeoutError
from stockade.gateway.upstream import HttpAnswer, HttpUpstream
from stockade.gateway.vendors import Vendor
from stockade.guard.pipeline.commands import CallUpstream
from stockade.testing.fake_vendor import FakeVendor

Value = TypeVar("Value")

HANGING = """
rules:
  - answer: one two three four
    fail: {how: hang, after_events: 3}
"""
PAUSING = """
rules:
  - answer: one two three four
    fail: {how: pause, after_events: 3}
"""


async def reading(
    script: str, idle_timeout_s: float, use: Callable[[FakeVendor, HttpAnswer], Awaitable[Value]]
) -> Value:
    with await asyncio.to_thread(FakeVendor.start, script) as fake:
        upstream = HttpUpstream(
            {"anthropic": Vendor("anthropic", fake.base_url, "", allow_private=True, idle_timeout_s=idle_timeout_s)}
        )
        await upstream.open()
        body = {"model": "claude-1", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
        headers = ((b"content-type", b"application/json"),)
        try:
            answer = await upstream.call(CallUpstream("anthropic", "POST", "/v1/messages", headers, orjson.dumps(body)))
            try:
                return await use(fake, answer)
            finally:
                answer.close()
        finally:
            await upstream.close()


async def read_on(_fake: FakeVendor, answer: HttpAnswer) -> bytes:
    data = b""
    while chunk := await answer.read():
        data += chunk
    return data


async def test_a_vendor_that_stops_sending_is_timed_out() -> None:
    with pytest.raises(UpstreamTimeoutError, match="stopped sending"):
        await reading(HANGING, 0.05, read_on)


async def test_a_read_that_goes_on_in_time_is_not_timed_out() -> None:
    async def resumed(fake: FakeVendor, answer: HttpAnswer) -> bytes:
        fake.resume()
        return await read_on(fake, answer)

    assert b"message_stop" in await reading(PAUSING, 30, resumed)


async def test_the_time_between_two_reads_is_not_the_vendors() -> None:
    async def slow(fake: FakeVendor, answer: HttpAnswer) -> bytes:
        data = await answer.read()
        waiting = asyncio.ensure_future(answer.read())
        fake.resume()
        data += await waiting
        answer._check_idle()  # the timer rings while nobody reads
        assert answer._idle is None
        return data + await read_on(fake, answer)

    assert b"message_stop" in await reading(PAUSING, 30, slow)


async def test_a_whole_answer_past_its_bound_is_refused() -> None:
    async def whole(_fake: FakeVendor, answer: HttpAnswer) -> bytes:
        return await answer.read_whole(100)

    with pytest.raises(UpstreamError, match="larger than 100 bytes"):
        await reading("rules: [{answer: one two three four five six}]", 30, whole)
