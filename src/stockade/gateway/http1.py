"""One HTTP/1.1 connection to a vendor: a request out, an answer in, by llhttp's parser (httptools).

Owns bytes and their bounds: the head's size, how much of a body waits unread, what may follow a whole answer (nothing).
Knows no vendor, no policy and no retry: whoever holds the connection says when it is given up. Never reuses a
connection on which anything was out of order, so that no answer can be taken for that of another request.
Source: RFC 9110, RFC 9112; llhttp itself refuses obs-fold, bare CR or LF, and a length that is said twice.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections import deque
from typing import Any

import httptools

from stockade.core.limits import HEADER_BYTES_MAX

UNREAD_BYTES_MAX = 256 * 1024
"""Bytes of a body that may wait for their reader before the vendor is made to wait."""

WRITE_BYTES_MAX = 256 * 1024
"""Bytes that are handed to the transport at once: encrypting more would hold the event loop."""

ALIVE_S = 60
"""After so many silent seconds the system asks whether the vendor is still there: routers forget silent connections."""

Headers = tuple[tuple[bytes, bytes], ...]


class BrokenAnswerError(OSError):
    """The vendor closed the connection, or sent what is no answer. The message is fit for a log."""


class Connection(asyncio.Protocol):
    """One connection. Used by one exchange at a time; see `reusable`.

    `status` and `headers` (lower-case names) stand once `ask` is done.
    """

    def __init__(self) -> None:
        """Wait for the transport."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._poll: select.poll | None = None
        self._parser: Any = None
        self._waiter: asyncio.Future[None] | None = None
        self._full = self._paused = False
        self._fault: Exception | None = None
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._begin()

    def _begin(self) -> None:
        """Forget the answer before."""
        self.status = 0
        self.headers: Headers = ()
        self._names: list[tuple[bytes, bytes]] = []
        self._standing_bytes = 0  # since the answer last got on
        self._awaited = self._headed = self._whole = self._sent = False

    # What its holder does.

    async def ask(self, head: bytes, body: bytes) -> None:
        """Send a request; return when the answer's head has come. Fails: BrokenAnswerError, TimeoutError (`expire`).

        Contract: not for HEAD or CONNECT, whose answers end elsewhere than the parser looks.
        """
        if self.closed:
            raise self._fault or BrokenAnswerError("the connection ended")
        assert self._transport is not None
        self._begin()
        self._parser = httptools.HttpResponseParser(self)
        self._awaited = True
        if len(body) <= WRITE_BYTES_MAX:
            self._transport.write(head + body)
            self._sent = True
        else:
            await self._write(head, body)
        while not self._headed:
            await self._news()

    async def read(self) -> bytes:
        """Return what of the body has come, b"" at its end. Fails: as `ask`."""
        while True:
            data = self.read_now()
            if data or self.at_end:
                return data
            await self._news()

    def read_now(self) -> bytes:
        """Return what of the body is here, b"" when there is nothing. Fails: BrokenAnswerError, TimeoutError."""
        if not self._chunks:
            if self._fault is not None and not self._whole:
                raise self._fault
            return b""
        data = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
        return data

    @property
    def at_end(self) -> bool:
        """Say whether the whole body was read."""
        return self._whole and not self._chunks

    @property
    def reusable(self) -> bool:
        """Say whether another request may be sent here: nothing is out of order and nothing is left of the last."""
        return (
            self.at_end
            and self._sent
            and self._fault is None
            and self._transport is not None
            and not self._transport.is_closing()
            and not self._transport.get_write_buffer_size()
        )

    @property
    def closed(self) -> bool:
        """Say whether nothing can be sent here any more."""
        return self._fault is not None or self._transport is None or self._transport.is_closing()

    @property
    def silent(self) -> bool:
        """Say whether it is open and the system holds nothing of it unread: neither the vendor's end nor stray bytes.

        Looked at before another request is sent, because what is read later would be taken for its answer.
        """
        return not self.closed and self._poll is not None and not self._poll.poll(0)

    def expire(self) -> None:
        """Let whoever waits for this connection wait no longer: TimeoutError."""
        self._break(TimeoutError())

    def close(self) -> None:
        """Give the connection up."""
        if self._transport is not None:
            self._transport.abort()

    # What the transport does.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the transport."""
        self._transport = transport
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):  # Linux, BSD
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, ALIVE_S)
        self._poll = select.poll()
        self._poll.register(plug.fileno(), select.POLLIN)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the answer, if its end is that of the connection, or break it."""
        if self._headed and self._fault is None and self._until_close() and exc is None:
            self._whole = True
        self._break(BrokenAnswerError("the connection ended" if exc is None else type(exc).__name__))
        self._parser = self._poll = None

    def data_received(self, data: bytes) -> None:
        """Take bytes of the answer; anything that nobody asked for ends the connection."""
        if self._fault is not None:
            return
        try:
            self._feed(data)
        except BrokenAnswerError as error:
            self._break(error)
        except httptools.HttpParserUpgrade:
            self._break(BrokenAnswerError("another protocol"))
        except httptools.HttpParserError as error:
            own = error.__context__  # what one of the callbacks below raised
            self._break(own if isinstance(own, BrokenAnswerError) else BrokenAnswerError("no HTTP"))
        if self._unread > UNREAD_BYTES_MAX and not self._paused and not self.closed:
            assert self._transport is not None
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Close this side too."""
        return False

    def pause_writing(self) -> None:
        """Send no more for now."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on sending."""
        self._full = False
        self._wake()

    # What the parser does. Where one of these raises, it reads no further.

    def on_message_begin(self) -> None:
        """Begin a head: that of the answer, or of a provisional one before it."""
        if self._whole:
            raise BrokenAnswerError("bytes that no request asked for")
        self._names = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers are dropped."""
        if not self._headed:
            self._names.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the head, unless it is a provisional one (RFC 9110 section 15.2)."""
        status = self._parser.get_status_code()
        if not 100 <= status < 600 or self._parser.get_http_version() not in ("1.1", "1.0"):
            raise BrokenAnswerError("no answer of HTTP/1.1")
        if status < 200:
            return
        transfers = 0
        for name, value in self._names:
            if name == b"transfer-encoding":
                transfers += 1
                if transfers > 1 or value.lower() != b"chunked":
                    raise BrokenAnswerError("a transfer encoding other than chunked")
            elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
                raise BrokenAnswerError("a compressed body, which was not asked for")
        self.status, self.headers = status, tuple(self._names)
        self._headed, self._standing_bytes = True, 0

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._chunks.append(body)
        self._unread += len(body)
        self._standing_bytes = 0

    def on_message_complete(self) -> None:
        """End the answer; the connection is kept when both sides are willing."""
        if not self._headed:
            return
        self._whole = True
        # The two that never have a body may name a length all the same; who believes it would be out of step.
        if not self._parser.should_keep_alive() or self.status in (204, 304):
            self._fault = BrokenAnswerError("the connection ended")

    # Inside.

    def _feed(self, data: bytes) -> None:
        """Parse. A head has a bound, those of provisional answers before it included, and so has what is no body.

        Units: bytes. The bound of a head is exact; chunk extensions and trailers may pass it by one read.
        """
        if not self._awaited or self._whole:
            raise BrokenAnswerError("bytes that no request asked for")
        if not self._headed and self._standing_bytes + len(data) > HEADER_BYTES_MAX:
            room = HEADER_BYTES_MAX - self._standing_bytes
            self._parser.feed_data(data[:room])
            if not self.status:
                raise BrokenAnswerError("a head past its bound")
            data = data[room:]
        self._standing_bytes += len(data)
        self._parser.feed_data(data)
        if self._standing_bytes > HEADER_BYTES_MAX and not self._whole:
            raise BrokenAnswerError("trailers past their bound")

    def _until_close(self) -> bool:
        """Say whether the body has no length of its own, so that the connection's end is its end."""
        names = {name for name, _ in self._names}
        return b"content-length" not in names and b"transfer-encoding" not in names

    async def _write(self, head: bytes, body: bytes) -> None:
        """Send a large body piece by piece, no faster than it is taken.

        Once it is answered the rest stays here, and so the connection is not used again.
        """
        assert self._transport is not None
        self._transport.write(head)
        for start in range(0, len(body), WRITE_BYTES_MAX):
            while self._full and not self._headed:
                await self._news()
            if self._headed or self._fault is not None:
                return
            self._transport.write(body[start : start + WRITE_BYTES_MAX])
        self._sent = True

    async def _news(self) -> None:
        """Wait until something came or can be sent. Fails: why nothing comes any more."""
        if self._fault is not None:
            raise self._fault
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _break(self, fault: Exception) -> None:
        """Keep the first reason why this connection is of no more use, and close it."""
        if self._fault is None:
            self._fault = fault
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()
        self._wake()
