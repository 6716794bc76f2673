"""Client connections: what uvicorn's HTTP protocol leaves without a bound, bounded before anybody is authenticated.

Owns how many bytes a client may send without its request getting on: a head that never ends, a single endless header,
trailers; and how long one may stay unfinished.
Drops trailers, which uvicorn would put among the headers. Never looks at what the bytes say.
Source: uvicorn's `httptools_impl.py` and llhttp keep heads of any size (November 2026: 100 MB on one connection).
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stockade.core.limits import BODY_PAUSE_S, HEAD_TIMEOUT_S, HEADER_BYTES_MAX

_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n"
    b"The request's headers are too large."
)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Units: bytes; one read of the socket (256 KiB) may pass beyond the bound before it is noticed."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        """Start before the first byte."""
        super().__init__(*arguments, **settings)
        self._standing_bytes = 0  # since a request last got on
        self._in_head = True
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait(HEAD_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; close the connection when they have led nowhere for too long."""
        self._standing_bytes += len(data)
        if self._patience is None and not self._answering():
            self._wait(HEAD_TIMEOUT_S)
        super().data_received(data)
        if self._standing_bytes > HEADER_BYTES_MAX and not self.transport.is_closing():
            cycle: Any = self.cycle  # None before the first request
            if self._in_head and (cycle is None or cycle.response_complete):
                self.transport.write(_REFUSAL)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._standing_bytes, self._in_head = 0, True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is dropped."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin the body."""
        self._standing_bytes, self._in_head = 0, False
        self._wait(BODY_PAUSE_S)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._standing_bytes = 0
        if self._answering():  # the rest of a body that was answered early is not waited for anew
            self._wait(BODY_PAUSE_S)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._standing_bytes = 0
        self._wait_no_more()
        super().on_message_complete()

    def _answering(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def _wait(self, seconds: float) -> None:
        self._wait_no_more()
        self._patience = self.loop.call_later(seconds, self._give_up, seconds)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self, seconds: float) -> None:
        """Close the connection, unless it is the gate that does not read, or still answers an earlier request."""
        if self.flow.read_paused or (self._in_head and self._answering()):
            self._wait(seconds)
        else:
            self.transport.close()
