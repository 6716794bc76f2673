"""Load of streams: so many at once over one way, and the time from the request to the first word of each.

Owns a small client on loopback that reads just enough of HTTP/1.1 to see the first word and the end. The streams begin
evenly spread, as people do; a crowd that begins in one instant would measure its own queue.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import uvloop

from bench.gateway_parts.processes import cores, cpu_s, on_core
from bench.gateway_parts.prompts import stream_body
from bench.gateway_parts.stand import Stand, Way
from bench.gateway_parts.stream_vendor import STREAM_WORDS, WORD_GAP_S

_FIRST = b"text_delta"
_LAST = b"0\r\n\r\n"
_STREAM_S = STREAM_WORDS * WORD_GAP_S
_READ_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Streams:
    """What a run of streams showed: milliseconds to the first word, one for each stream."""

    first_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0

    @property
    def cpu_ms_word(self) -> float:
        """Return CPU milliseconds a streamed word, the request's own share among them."""
        return self.cpu_ms / max(1, len(self.first_ms) * STREAM_WORDS)


def streams(stand: Stand, way: str, model: str, at_once: int, rounds: int) -> Streams:
    """Open `at_once` streams over one way, each `rounds` times."""
    target = stand.ways[way]
    found = Streams()
    before = cpu_s(target.pid)
    with on_core(cores()[1]), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_all(target, stand.keys.get(way, ""), model, at_once, rounds, found))
    found.cpu_ms = (cpu_s(target.pid) - before) * 1000
    return found


async def _all(target: Way, key: str, model: str, at_once: int, rounds: int, found: Streams) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(at_once):
            delay_s = number * _STREAM_S / at_once
            group.create_task(_one(target, key, stream_body(model, number), delay_s, rounds, found))


async def _one(target: Way, key: str, body: bytes, delay_s: float, rounds: int, found: Streams) -> None:
    await asyncio.sleep(delay_s)
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    head = (
        f"POST /v1/messages?beta=true HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    try:
        for _ in range(rounds):
            begun = time.perf_counter()
            writer.write(head + body)
            first_ms = 0.0
            tail = b""
            while not tail.endswith(_LAST):
                data = await asyncio.wait_for(reader.read(65536), _READ_TIMEOUT_S)
                if not data or (not tail and b" 200 " not in data[:16]):
                    raise RuntimeError("a stream broke off, or was refused")
                if not first_ms and _FIRST in tail + data:
                    first_ms = (time.perf_counter() - begun) * 1000
                tail = (tail + data)[-4096:]
            if b"message_stop" not in tail:
                raise RuntimeError("a stream did not end with its last event")
            found.first_ms.append(first_ms)
    finally:
        writer.close()
