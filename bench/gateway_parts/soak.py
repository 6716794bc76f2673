"""The soak: many requests over the gate, its memory read at every twentieth part. Never longer than its bound."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.gateway_parts.load import load
from bench.gateway_parts.processes import resident_mib
from bench.gateway_parts.stand import Stand

SOAK_S_MAX = 900.0
_POINTS = 20
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Point:
    """The gate's memory after so many requests."""

    requests: int
    rss_mib: float


def soak(stand: Stand, bodies: Sequence[bytes], requests: int) -> list[Point]:
    """Send at least so many requests, or as many as the bound on time allows; return the memory on the way."""
    gate = stand.ways["gate"].pid
    points = [Point(0, round(resident_mib(gate), 1))]
    deadline = time.monotonic() + SOAK_S_MAX
    sent = 0
    rate = 500.0
    while sent < requests and time.monotonic() < deadline:
        part = load(stand, "gate", bodies, _CONNECTIONS, min(30.0, max(1.0, requests / _POINTS / rate)))
        if part.failed:
            raise RuntimeError(f"{part.failed} of {part.requests} requests failed in the soak")
        sent, rate = sent + part.requests, part.rate
        points.append(Point(sent, round(resident_mib(gate), 1)))
    return points
