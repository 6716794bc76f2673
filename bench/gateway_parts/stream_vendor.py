"""A vendor that streams: Anthropic Messages events, a word each, at a steady pace. Answers every request alike.

`STREAM_WORDS` words, `WORD_GAP_S` apart; a request whose model ends in `burst` gets the first two words at once, so
that the time to the first word does not hold the gap that the gate waits to see where a word ends.
Run as a program: PORT.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

STREAM_WORDS = 60
WORD_GAP_S = 0.02
_WORDS = (
    "The",
    "plan",
    "looks",
    "sound",
    "and",
    "the",
    "second",
    "step",
    "can",
    "be",
    "merged",
    "when",
    "tests",
    "pass",
)
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"


def event(name: str, fields: dict[str, object]) -> bytes:
    """Return one event."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


def chunk(data: bytes) -> bytes:
    """Return one chunk of HTTP/1.1."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


USAGE = {"input_tokens": 250, "output_tokens": 1}
MESSAGE = {
    "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": USAGE,
}
START = event("message_start", {"message": MESSAGE}) + event(
    "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
)
WORDS = [
    event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": f" {_WORDS[n % len(_WORDS)]}"}})
    for n in range(STREAM_WORDS)
]
END = (
    event("content_block_stop", {"index": 0})
    + event("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": USAGE})
    + event("message_stop", {})
)


class Vendor(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._read = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not derive from it

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._read += data
        head, blank, body = bytes(self._read).partition(b"\r\n\r\n")
        lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if blank and len(body) >= int(lengths[0] if lengths else b"0"):
            self._read.clear()
            assert self._transport is not None
            at_once = 2 if b"burst" in body else 1
            self._transport.write(_HEAD + chunk(START) + chunk(b"".join(WORDS[:at_once])))
            asyncio.get_running_loop().call_later(WORD_GAP_S, self._next, at_once)

    def _next(self, number: int) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        if number == STREAM_WORDS:
            self._transport.write(chunk(END) + chunk(b""))
            return
        self._transport.write(chunk(WORDS[number]))
        asyncio.get_running_loop().call_later(WORD_GAP_S, self._next, number + 1)


async def serve(port: int) -> None:
    """Answer until stopped."""
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
