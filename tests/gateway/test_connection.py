"""A connection that sends without end is closed before it costs memory, whoever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest

from stockade.gateway import connection
from stockade.gateway.server import GateApplication, server

MEGABYTE = b"a" * 2**20
SENT_BYTES_MAX = 64 * 2**20
"""Far past what sockets on both sides hold, so that all of it cannot have been taken unread."""


class Echo(GateApplication):
    """Answers with the headers that reached it."""

    def __init__(self) -> None:
        """Need nothing of a gate."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request once its body has come."""
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            pass
        told = b"\n".join(b"%b: %b" % pair for pair in scope.get("headers", ()))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": told})
        else:
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})


async def converse(first: bytes, more: Iterator[bytes]) -> tuple[bytes, int]:
    """Send to a server on loopback until it closes or all was sent; return its answer and how much it took."""
    opened = asyncio.get_running_loop().create_future()
    serving = server(Echo(), "127.0.0.1", 0, opened.set_result)
    task = asyncio.create_task(serving.serve())
    host, _, port = (await opened).removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    sent = 0
    answer = b""
    try:
        writer.write(first)
        for piece in more:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
        answer = await reader.read(65536)
    except ConnectionError:
        answer = b"closed"
    finally:
        writer.close()
        serving.should_exit = True
        await task
    return answer, sent


def endless() -> Iterator[bytes]:
    return repeat(MEGABYTE, SENT_BYTES_MAX // len(MEGABYTE))


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"GET /", endless),
        (b"GET / HTTP/1.1\r\nx: ", endless),
        (b"GET / HTTP/1.1\r\n", lambda: repeat(b"x: y\r\n" * 100_000, 100)),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: ", endless),
    ],
    ids=["address", "one-header", "many-headers", "trailer"],
)
def test_what_leads_nowhere_ends_the_connection(first: bytes, more: Any) -> None:
    _, sent = asyncio.run(converse(first, more()))
    assert sent < SENT_BYTES_MAX / 2


def test_a_body_may_be_large() -> None:
    head = b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (8 * 2**20)
    answer, sent = asyncio.run(converse(head, repeat(MEGABYTE, 8)))
    assert sent == 8 * 2**20
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_trailer_is_no_header() -> None:
    request = (
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-api-key: smuggled\r\n\r\n"
    )
    answer, _ = asyncio.run(converse(request, iter(())))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"host: a" in answer
    assert b"smuggled" not in answer


HEAD = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n"


@pytest.mark.parametrize(
    ("sent", "answers"),
    [(b"", 0), (b"POST", 0), (HEAD, 0), (HEAD + b"\r\nabc", 0)],
)  # fmt: skip
def test_a_client_that_stops_in_the_middle_is_not_waited_for(
    sent: bytes, answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_TIMEOUT_S", 0.05)
    monkeypatch.setattr(connection, "BODY_PAUSE_S", 0.05)

    async def told() -> bytes:
        opened = asyncio.get_running_loop().create_future()
        serving = server(Echo(), "127.0.0.1", 0, opened.set_result)
        task = asyncio.create_task(serving.serve())
        host, _, port = (await opened).removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        answer = await reader.read()  # to the end: only the gate can close
        writer.close()
        serving.should_exit = True
        await task
        return answer

    assert asyncio.run(asyncio.wait_for(told(), 60)).count(b" 200 OK") == answers


def test_nothing_is_waited_for_while_the_gate_itself_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_PAUSE_S", 1000.0)
    armed: list[float] = []

    class Watched(connection.BoundedProtocol):
        def on_message_complete(self) -> None:
            super().on_message_complete()
            armed.append(0.0 if self._patience is None else 1.0)

    monkeypatch.setattr("stockade.gateway.server.BoundedProtocol", Watched)
    request = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc"
    answer, _ = asyncio.run(converse(request, iter(())))
    assert b" 200 OK" in answer
    assert armed == [0.0]
