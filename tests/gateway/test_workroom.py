"""A work's time begins when it does; a room that is full says so."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stockade.core.errors import GuardFailedError
from stockade.gateway.workroom import Workroom

LONG_S = 300.0
"""A bound that no test reaches by accident."""


def test_the_wait_for_a_thread_is_not_the_works_own_time() -> None:
    async def scene() -> None:
        room, go = Workroom(1), threading.Event()
        slow = asyncio.create_task(room.do(LONG_S, go.wait))
        behind = asyncio.create_task(room.do(LONG_S, lambda: "done"))
        await asyncio.sleep(0)
        assert not behind.done()
        go.set()
        assert (await slow, await behind) == (True, "done")
        room.close()

    asyncio.run(scene())


def test_a_slow_work_leaves_a_thread_to_others() -> None:
    async def scene() -> None:
        room, go = Workroom(), threading.Event()
        slow = asyncio.create_task(room.do(LONG_S, go.wait))
        assert await room.do(LONG_S, lambda: "done") == "done"
        assert not slow.done()
        go.set()
        await slow
        room.close()

    asyncio.run(scene())


def test_a_work_past_its_time_keeps_its_thread_and_the_next_is_told_so() -> None:
    async def scene() -> None:
        room, go = Workroom(1), threading.Event()
        with pytest.raises(TimeoutError):
            await room.do(0.001, go.wait)
        with pytest.raises(GuardFailedError, match="busy"):
            await room.do(0.001, lambda: "done")
        go.set()
        assert await room.do(LONG_S, lambda: "done") == "done"
        room.close()

    asyncio.run(scene())


def test_a_work_that_fails_fails_for_its_caller_alone() -> None:
    async def scene() -> None:
        room = Workroom(1)
        with pytest.raises(ZeroDivisionError):
            await room.do(LONG_S, lambda: 1 / 0)
        assert await room.do(LONG_S, lambda: "done") == "done"
        room.close()

    asyncio.run(scene())
