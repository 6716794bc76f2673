"""How a fake vendor sends an answer: in pieces, after waits, and with the fault that the script asks for.

Owns the last metres to the socket. Faults count events: server-sent events of a stream, halves of any other body.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, NamedTuple

from stockade.testing.vendor.script import Fault, Rule

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

_WHOLE = frozenset({Fault.CUT, Fault.HANG, Fault.PAUSE, Fault.RESET})
"""Faults under which a body that is not streamed still announces its whole length."""


class Reply(NamedTuple):
    """An answer as bytes. `parts` are its events; `error_event` is what the vendor sends when it breaks off."""

    status: int
    headers: list[tuple[bytes, bytes]]
    parts: list[bytes]
    streamed: bool = False
    error_event: bytes = b""


class Line:
    """One exchange's way to its client."""

    def __init__(self, send: Send, receive: Receive, transport: asyncio.Transport, permits: asyncio.Semaphore) -> None:
        """Keep the ASGI callables, the transport below them and the permits that `FakeVendor.resume` gives."""
        self._send = send
        self._receive = receive
        self._transport = transport
        self._permits = permits
        self._left: asyncio.Task[None] | None = None

    async def deliver(self, reply: Reply, rule: Rule) -> bool:
        """Send the reply; say whether it reached its end with the client there."""
        if rule.delay_s and await self._client_leaves(rule.delay_s):
            return False
        parts, headers = list(reply.parts), list(reply.headers)
        if not reply.streamed:
            if rule.fault is None or rule.fault in _WHOLE:
                headers.append((b"content-length", str(sum(map(len, parts))).encode()))
            if rule.fault is not None:
                body = b"".join(parts)
                parts = [body[: len(body) // 2], body[len(body) // 2 :]]
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        try:
            if rule.fault is None:
                return await self._pieces(parts, rule, last=True)
            return await self._faulty(reply, rule, parts)
        finally:
            if self._left is not None:
                self._left.cancel()

    async def _faulty(self, reply: Reply, rule: Rule, parts: list[bytes]) -> bool:
        head, rest = parts[: rule.after_events], parts[rule.after_events :]
        if not await self._pieces(head, rule, last=False):
            return False
        match rule.fault:
            case Fault.PAUSE:
                return await self._permitted() and await self._pieces(rest, rule, last=True)
            case Fault.END:
                return await self._pieces([], rule, last=True)
            case Fault.ERROR:
                return await self._pieces([reply.error_event], rule, last=True)
            case Fault.MID_CHARACTER:
                return await self._pieces([inside_a_character(b"".join(rest))], rule, last=True)
            case Fault.HANG:
                return not await self._client_leaves(None)
            case Fault.NEVER_END:
                return await self._for_ever(head[-1] if head else parts[0], rule)
            case Fault.CUT:
                self._transport.close()
            case Fault.RESET:
                self._reset()
        return False

    async def _pieces(self, parts: list[bytes], rule: Rule, *, last: bool) -> bool:
        if rule.wire_bytes:
            body = b"".join(parts)
            parts = [body[n : n + rule.wire_bytes] for n in range(0, len(body), rule.wire_bytes)]
        ending = len(parts) - 1 if last else len(parts)
        for number, part in enumerate(parts):
            if rule.event_delay_s and await self._client_leaves(rule.event_delay_s):
                return False
            if self._transport.is_closing():
                return False
            await self._send({"type": "http.response.body", "body": part, "more_body": number != ending})
        if last and not parts:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        return True

    async def _for_ever(self, part: bytes, rule: Rule) -> bool:
        while not self._transport.is_closing():
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(rule.event_delay_s)
        return False

    async def _permitted(self) -> bool:
        permit = asyncio.ensure_future(self._permits.acquire())
        await asyncio.wait({permit, self._leaving()}, return_when=asyncio.FIRST_COMPLETED)
        permit.cancel()
        return not self._leaving().done()

    async def _client_leaves(self, timeout_s: float | None) -> bool:
        done, _ = await asyncio.wait({self._leaving()}, timeout=timeout_s)
        return bool(done)

    def _leaving(self) -> asyncio.Task[None]:
        if self._left is None:
            self._left = asyncio.ensure_future(self._until_gone())
        return self._left

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _reset(self) -> None:
        """Close so that the peer sees a reset. Source: socket(7), SO_LINGER with a time of zero."""
        below = self._transport.get_extra_info("socket")
        below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


def messages_of(reply: Reply) -> list[Message]:
    """Return a reply without waits or faults as the ASGI messages that send it; they may be sent again and again."""
    headers = list(reply.headers)
    if not reply.streamed:
        headers.append((b"content-length", str(sum(map(len, reply.parts))).encode()))
    messages: list[Message] = [{"type": "http.response.start", "status": reply.status, "headers": headers}]
    ending = len(reply.parts) - 1
    for number, part in enumerate(reply.parts):
        messages.append({"type": "http.response.body", "body": part, "more_body": number != ending})
    return messages


def inside_a_character(body: bytes) -> bytes:
    """Return the start of `body` up to the middle of its first character of several bytes, which may be added."""
    for position in _leads(body):
        return body[: position + 1]
    return body[: len(body) // 2] + "é".encode()[:1]


def _leads(body: bytes) -> Iterator[int]:
    return (position for position, byte in enumerate(body) if byte >= 0xC0)
