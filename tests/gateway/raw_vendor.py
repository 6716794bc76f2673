"""A vendor that says what no server would say: bytes as they are, cut where the test wants, over real sockets.

Waits never by time: a piece is sent when the connection under test has seen the one before.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import pytest
import uvloop

from stockade.gateway.http1 import BrokenAnswerError, Connection

Play = Callable[["Caller"], Awaitable[None]]

REQUEST = b"POST /v1/messages HTTP/1.1\r\nhost: vendor\r\ncontent-length: 2\r\n\r\n"
BODY = b"{}"
NEWS_S = 30.0
"""A test that waits longer for an event has failed."""


def on_both_loops(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test on the loop that serves and on the one of the standard library."""

    @functools.wraps(test)
    def run(loop_factory: Callable[[], asyncio.AbstractEventLoop], **arguments: Any) -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(test(**arguments))

    first = inspect.Parameter("loop_factory", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    own = inspect.signature(test).parameters.values()
    run.__signature__ = inspect.Signature([first, *own])  # type: ignore[attr-defined]
    loops = [asyncio.new_event_loop, uvloop.new_event_loop]
    return pytest.mark.parametrize("loop_factory", loops, ids=["asyncio", "uvloop"])(run)


class Seen(Connection):
    """A connection that tells how many bytes have come to it."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        self.lost = False
        self.news = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.received += len(data)
        self.news.set()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost = True
        self.news.set()

    async def until(self, reached: Callable[[Seen], bool]) -> None:
        async with asyncio.timeout(NEWS_S):
            while not reached(self):
                self.news.clear()
                await self.news.wait()


class Caller:
    """One connection as the vendor sees it. `heard` holds the requests, head and body."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.heard: list[bytes] = []

    async def request(self) -> bytes:
        """Read one request whole."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        self.heard.append(head + body)
        return head + body

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    def reset(self) -> None:
        """Break the connection off, not end it."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class RawVendor:
    """A server whose n-th connection plays the n-th script, the last one for all that follow."""

    def __init__(self, plays: Sequence[Play]) -> None:
        self._plays = plays
        self.callers: list[Caller] = []
        self.called = asyncio.Event()
        self.closing = False
        self.port = 0
        self.base_url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = Caller(reader, writer)
        self.callers.append(caller)
        self.called.set()
        if self.closing:
            return
        play = self._plays[min(len(self.callers), len(self._plays)) - 1]
        try:
            await play(caller)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the gate hung up; what that means is the test's to say
        finally:
            writer.close()

    async def accept_all(self) -> None:
        """Accept whatever was dialled before: one dialled now is the last in line."""
        self.closing = True
        _, last = await asyncio.open_connection("127.0.0.1", self.port)
        name = last.get_extra_info("sockname")
        async with asyncio.timeout(NEWS_S):
            while all(caller.writer.get_extra_info("peername") != name for caller in self.callers):
                self.called.clear()
                await self.called.wait()
        last.transport.abort()
        with suppress(OSError):
            await last.wait_closed()


@asynccontextmanager
async def raw_vendor(*plays: Play, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawVendor]:
    vendor = RawVendor(plays)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(vendor.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    vendor.port = server.sockets[0].getsockname()[1]
    vendor.base_url = f"{'https' if tls else 'http'}://localhost:{vendor.port}"
    try:
        yield vendor
    finally:
        if tls is None:  # else a connection without a handshake, which asyncio closes itself, would not be told of
            await vendor.accept_all()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for caller in vendor.callers:
            caller.writer.transport.abort()
            with suppress(OSError):
                await caller.writer.wait_closed()


@asynccontextmanager
async def dialled(play: Play) -> AsyncIterator[Seen]:
    """Connect to a vendor that plays this."""
    async with raw_vendor(play) as vendor:
        _, connection = await asyncio.get_running_loop().create_connection(Seen, "127.0.0.1", vendor.port)
        try:
            yield connection
        finally:
            connection.close()
            await connection.until(lambda seen: seen.lost)


class Got(NamedTuple):
    """What came of one request: an answer with its body, or why there was none, and whether the connection lives on."""

    status: int
    body: bytes
    fault: str
    reusable: bool


async def exchange(connection: Connection, body: bytes = BODY) -> Got:
    """Send a request and read its answer to the end, whatever that is."""
    received = b""
    try:
        await connection.ask(REQUEST.replace(b" 2\r", b" %d\r" % len(body)), body)
        while data := await connection.read():
            received += data
    except BrokenAnswerError as error:
        return Got(connection.status, received, str(error), connection.reusable)
    return Got(connection.status, received, "", connection.reusable)


async def say(caller: Caller, piece: bytes, connection: Seen) -> None:
    """Send a piece and wait until it has come."""
    expected = connection.received + len(piece)
    caller.say(piece)
    await connection.until(lambda seen: seen.lost or seen.received >= expected)


def cut_at(connection: Callable[[], Seen], *pieces: bytes, close: bool = False) -> Play:
    """Answer one request in these pieces, each alone; then wait for the other side to hang up, or hang up."""

    async def play(caller: Caller) -> None:
        await caller.request()
        for piece in pieces:
            await say(caller, piece, connection())
        if not close:
            await caller.reader.read()

    return play
