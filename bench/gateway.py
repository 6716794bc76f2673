"""Measure the gate against nginx, a bare pass-through and the vendor itself, in one run: `./dev bench gateway`.

Prints CPU milliseconds a request first: on a shared machine it is the figure that stays the same. Everything is on
loopback, bounded in count and time, and stopped at the end. The ways take turns, so that what else the machine does
falls on all of them; each figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from statistics import median
from typing import Any

from bench.gateway_parts.load import Load, load
from bench.gateway_parts.processes import machine, resident_mib
from bench.gateway_parts.prompts import bodies
from bench.gateway_parts.report import lines
from bench.gateway_parts.soak import soak
from bench.gateway_parts.stand import Stand, standing
from bench.gateway_parts.streams import streams

PROMPTS = {"1 KB": (1_000, False), "8 KB": (8_000, False), "100 KB": (100_000, False), "8 KB, edited": (8_000, True)}
WAYS = ("direct", "nginx", "bare", "form", "gate")
CONNECTIONS = (1, 16)
AT_ONCE = (1, 64)
PACES = {"two words at once": "claude-burst", "a word every 20 ms": "claude-paced"}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="./dev bench gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="of each run of wrk (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="how often the ways take turns (default 3)")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--only", choices=("whole", "streams", "soak"), help="one part of the measurement")
    parser.add_argument("--soak", type=int, default=0, metavar="N", help="send N requests at the end, watch the memory")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds = 1.0, 1
    with standing() as stand:
        result = measure(stand, options)
    print(json.dumps(result, indent=2) if options.json else "\n".join(lines(result)))
    return 1 if result["failed"] else 0


def measure(stand: Stand, options: argparse.Namespace) -> dict[str, Any]:
    """Return everything that was measured, as plain values."""
    gate = stand.ways["gate"].pid
    result: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "python": sys.version.split()[0],
        "start_s": round(stand.start_s, 2),
        "rss_start_mib": round(resident_mib(gate), 1),
        "whole": [],
        "streams": [],
        "soak": [],
        "failed": 0,
    }
    if options.only in (None, "whole"):
        for way in WAYS:
            load(stand, way, bodies(1_000), 16, 1)
        result["whole"] = whole(stand, options.rounds, options.seconds)
        result["failed"] += sum(row["failed"] for row in result["whole"])
    if options.only in (None, "streams"):
        result["streams"] = streamed(stand, options.rounds)
    if options.soak:
        say(f"soak of {options.soak} requests")
        result["soak"] = [asdict(point) for point in soak(stand, bodies(1_000), options.soak)]
    result["rss_end_mib"] = round(resident_mib(gate), 1)
    return result


def whole(stand: Stand, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Return a row for each prompt, number of connections and way."""
    rows: list[dict[str, Any]] = []
    for name, (size, with_values) in PROMPTS.items():
        sent = bodies(size, with_values=with_values)
        for connections in CONNECTIONS:
            say(f"{name}, {connections} connections")
            runs: dict[str, list[Load]] = {way: [] for way in WAYS}
            for _ in range(rounds):
                for way in WAYS:
                    runs[way].append(load(stand, way, sent, connections, seconds))
            rows.extend(
                {
                    "prompt": name,
                    "connections": connections,
                    "way": way,
                    "cpu_ms": round(median(one.cpu_ms_each for one in found), 4),
                    "per_s": round(median(one.rate for one in found), 1),
                    "p50_ms": round(median(one.p50_ms for one in found), 3),
                    "p99_ms": round(median(one.p99_ms for one in found), 3),
                    "requests": sum(one.requests for one in found),
                    "failed": sum(one.failed for one in found),
                }
                for way, found in runs.items()
            )
    return rows


def streamed(stand: Stand, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each pace, number of streams and way."""
    rows: list[dict[str, Any]] = []
    for pace, model in PACES.items():
        for at_once in AT_ONCE:
            say(f"{at_once} streams, {pace}")
            repeated = max(rounds, 5) if at_once == 1 else rounds
            for way in WAYS:
                found = streams(stand, way, model, at_once, repeated)
                ordered = sorted(found.first_ms)
                rows.append(
                    {
                        "pace": pace,
                        "streams": at_once,
                        "way": way,
                        "first_p50_ms": round(median(ordered), 3),
                        "first_p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
                        "cpu_ms_word": round(found.cpu_ms_word, 4),
                        "count": len(ordered),
                    }
                )
    return rows


def say(text: str) -> None:
    """Tell the person what takes time."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
