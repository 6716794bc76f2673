"""One HTTP/1.1 connection to a vendor: a request out, an answer in, by llhttp's parser (httptools).

Owns bytes and their bounds: the head's size, how much of a body waits unread, what may follow a whole answer (nothing).
Knows no vendor, no policy and no retry: whoever holds the connection says when it is given up. Never reuses a
connection on which anything was out of order, so that no answer can be taken for that of another request.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from typing import Any

import httptools

from stockade.core.limits import HEADER_BYTES_MAX

UNREAD_BYTES_MAX = 256 * 1024
"""Bytes of a body that may wait for their reader before the vendor is made to wait."""

WRITE_BYTES_MAX = 256 * 1024
"""Bytes that are handed to the transport at once: encrypting more would hold the event loop."""

INFLATED_BYTES_MAX = 1024 * 1024
"""Bytes that one read of a compressed body yields at most."""

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
        self._parser: Any = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
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
        self._head_bytes = 0
        self._awaited = self._headed = self._whole = self._sent = False
        self._inflater: Any = None
        self._inflatable = b""

    # What its holder does.

    async def ask(self, head: bytes, body: bytes) -> None:
        """Send a request; return when the answer's head has come. Fails: BrokenAnswerError, TimeoutError (`expire`)."""
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
        """Return what of the body is here, b"" when there is nothing. Fails: BrokenAnswerError."""
        if not self._chunks and not self._inflatable:
            if self._fault is not None and not self._whole:
                raise self._fault
            return b""
        data = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
        return data if self._inflater is None else self._inflate(data)

    @property
    def at_end(self) -> bool:
        """Say whether the whole body was read."""
        return self._whole and not self._chunks and not self._inflatable

    @property
    def reusable(self) -> bool:
        """Say whether another request may be sent here: nothing is out of order and nothing is left of the last."""
        return (
            self.at_end
            and self._sent
            and self._fault is None
            and self._transport is not None
            and not self._transport.is_closing()
        )

    @property
    def closed(self) -> bool:
        """Say whether nothing can be sent here any more."""
        return self._fault is not None or self._transport is None or self._transport.is_closing()

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

    def connection_lost(self, exc: Exception | None) -> None:
        """End the answer, if its end is that of the connection, or break it."""
        if self._headed and not self._whole and self._until_close() and exc is None:
            self._whole = True
        self._break(BrokenAnswerError(type(exc).__name__ if exc is not None else "closed"))

    def data_received(self, data: bytes) -> None:
        """Take bytes of the answer; anything that nobody asked for ends the connection."""
        if not self._awaited or self._whole:
            self._break(BrokenAnswerError("bytes that no request asked for"))
            return
        if not self._headed:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._break(BrokenAnswerError("another protocol"))
        except httptools.HttpParserError as error:
            self._break(BrokenAnswerError(f"not HTTP ({type(error).__name__})"))
        if not self._headed and self._head_bytes > HEADER_BYTES_MAX:
            self._break(BrokenAnswerError("a head past its bound"))
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
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # What the parser does.

    def on_message_begin(self) -> None:
        """Begin a head: that of the answer, or of a provisional one before it."""
        if self._whole:
            self._break(BrokenAnswerError("an answer that no request asked for"))
        self._names = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers are dropped."""
        if not self._headed:
            self._names.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the head, unless it is a provisional one (RFC 9110 section 15.2)."""
        status = self._parser.get_status_code()
        if status < 200:
            return
        self.status, self.headers = status, tuple(self._names)
        self._headed = True
        for name, value in self._names:
            if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
                if value.strip().lower() not in (b"gzip", b"x-gzip", b"deflate"):
                    self._break(BrokenAnswerError("a body in an encoding that was not asked for"))
                self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._chunks.append(body)
        self._unread += len(body)

    def on_message_complete(self) -> None:
        """End the answer; the connection is kept when both sides are willing."""
        if not self._headed:
            return
        self._whole = True
        if not self._parser.should_keep_alive() and self._fault is None:
            self._fault = BrokenAnswerError("closed")

    # Inside.

    def _until_close(self) -> bool:
        """Say whether the body has no length of its own, so that the connection's end is its end."""
        names = {name for name, _ in self._names}
        return b"content-length" not in names and b"transfer-encoding" not in names

    def _inflate(self, data: bytes) -> bytes:
        try:
            out: bytes = self._inflater.decompress(self._inflatable + data, INFLATED_BYTES_MAX)
        except zlib.error as error:
            raise BrokenAnswerError("a broken compressed body") from error
        self._inflatable = self._inflater.unconsumed_tail
        if self.at_end and not self._inflater.eof:
            raise BrokenAnswerError("a compressed body cut short")
        return out

    async def _write(self, head: bytes, body: bytes) -> None:
        """Send a large body piece by piece, no faster than it is taken."""
        assert self._transport is not None
        self._transport.write(head)
        for start in range(0, len(body), WRITE_BYTES_MAX):
            if self._headed or self._fault is not None:
                return  # answered early: the rest stays here, and so the connection is not used again
            self._transport.write(body[start : start + WRITE_BYTES_MAX])
            if self._full:
                self._writable = self._loop.create_future()
                await self._writable
        self._sent = True

    async def _news(self) -> None:
        """Wait until something came. Fails: why nothing comes any more."""
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
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._wake()

