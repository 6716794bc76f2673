"""The workroom: threads for work that would hold the event loop, and with it every client, up for too long.

Owns how many such works run side by side and how long one may wait and run. Never counts the wait as a work's own time:
a slow body is denied for its own slowness, never for that of the one before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from stockade.core.errors import GuardFailedError

THREADS = 2
"""Large works side by side. More would take turns with the event loop on the interpreter's lock, to nobody's gain."""

T = TypeVar("T")


class Workroom:
    """Some threads, each with one work at a time."""

    def __init__(self, threads: int = THREADS) -> None:
        """Open a room of `threads`."""
        self._pool = ThreadPoolExecutor(threads, "work")
        self._places = asyncio.Semaphore(threads)

    async def do(self, timeout_s: float, work: Callable[[], T]) -> T:
        """Return what `work` returns. It waits for a thread at most `timeout_s`, then runs at most `timeout_s`.

        Fails: GuardFailedError when no thread became free; TimeoutError when it ran too long, and its thread stays
        taken until it ends, as nothing can stop a thread; whatever `work` raises.
        """
        try:
            await asyncio.wait_for(self._places.acquire(), timeout_s)
        except TimeoutError:
            raise GuardFailedError(
                "The gate is busy with other large requests, so this one was not looked at.", hint="Try again."
            ) from None
        try:
            running = self._pool.submit(work)
        except BaseException:
            self._places.release()
            raise
        running.add_done_callback(partial(self._leave, asyncio.get_running_loop()))
        return await asyncio.wait_for(asyncio.wrap_future(running), timeout_s)

    def close(self) -> None:
        """Take no more work; what runs is left to end by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, loop: asyncio.AbstractEventLoop, _running: Future[T]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._places.release)
