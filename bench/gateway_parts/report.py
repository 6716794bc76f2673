"""The report of `bench gateway`: measured rows as Markdown tables, CPU first. Computes nothing but ratios."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

GOALS = {"1 KB": 2500, "8 KB": 1200}
"""Requests a second on one core with guards on (issue 2)."""


def lines(result: Row) -> list[str]:
    """Return the report, line by line."""
    out = [
        f"Measured {result['measured_at']} on {result['machine']}, Python {result['python']}.",
        "What is measured runs on one core; vendor and load share another. Each figure is a median of rounds.",
        f"The gate listened {result['start_s']} s after its start.",
    ]
    if result["whole"]:
        out += ["", "CPU and requests on one core, 16 connections:", "", *_cpu(result["whole"])]
        out += ["", "Added latency (over direct), milliseconds:", "", *_latency(result["whole"])]
    if result["streams"]:
        out += ["", "Time to the first word, milliseconds:", "", *_streams(result["streams"])]
    out += ["", f"Memory of the gate: {result['rss_start_mib']} MiB at the start, {result['rss_end_mib']} at the end."]
    if result["soak"]:
        out += ["", "| requests | resident MiB |", "|---:|---:|"]
        out += [f"| {point['requests']} | {point['rss_mib']} |" for point in result["soak"]]
    if result["failed"]:
        out += ["", f"{result['failed']} requests FAILED: the figures do not count."]
    return out


def _cpu(rows: list[Row]) -> list[str]:
    out = _head(
        "prompt", "form: ms", "gate", "bare", "nginx", "form/bare", "form/nginx", "form: req/s", "gate",
        "bare", "nginx", "goal",
    )  # fmt: skip
    for prompt, ways in _by(rows, "prompt", connections=16).items():
        form, bare, nginx = ways["form"], ways["bare"], ways["nginx"]
        shown = (form, ways["gate"], bare, nginx)
        cells = [f"{one['cpu_ms']:.3f}" for one in shown] + [_ratio(form, bare), _ratio(form, nginx)]
        cells += [f"{one['per_s']:.0f}" for one in shown]
        out.append(f"| {prompt} | {' | '.join(cells)} | {GOALS.get(prompt, '')} |")
    return out


def _latency(rows: list[Row]) -> list[str]:
    out = _head(
        "prompt", "connections", "form p50", "p99", "gate p50", "p99", "bare p50", "p99", "nginx p50", "p99",
        "direct p50", "p99",
    )  # fmt: skip
    for connections in sorted({row["connections"] for row in rows}):
        for prompt, ways in _by(rows, "prompt", connections=connections).items():
            direct = ways["direct"]
            cells = [f"{ways[way][at] - direct[at]:.2f}" for way in _MEASURED for at in _PERCENTILES]
            cells += [f"{direct[at]:.2f}" for at in _PERCENTILES]
            out.append(f"| {prompt} | {connections} | {' | '.join(cells)} |")
    return out


def _streams(rows: list[Row]) -> list[str]:
    out = _head(
        "vendor", "streams", "form p50", "p99", "gate", "p99", "bare", "p99", "nginx", "p99", "direct", "p99",
        "form/word", "gate", "bare",
    )  # fmt: skip
    for streams in sorted({row["streams"] for row in rows}):
        for pace, ways in _by(rows, "pace", streams=streams).items():
            direct = ways["direct"]
            cells = [f"{ways[way][at] - direct[at]:.2f}" for way in _MEASURED for at in _FIRSTS]
            cells += [f"{direct[at]:.2f}" for at in _FIRSTS]
            cells += [f"{ways[way]['cpu_ms_word']:.3f}" for way in ("form", "gate", "bare")]
            out.append(f"| {pace} | {streams} | {' | '.join(cells)} |")
    return out


def _head(*columns: str) -> list[str]:
    """Return the head of a table whose first column holds words."""
    return [f"| {' | '.join(columns)} |", "|---|" + "---:|" * (len(columns) - 1)]


_MEASURED = ("form", "gate", "bare", "nginx")
_PERCENTILES = ("p50_ms", "p99_ms")
_FIRSTS = ("first_p50_ms", "first_p99_ms")


def _by(rows: list[Row], name: str, **fixed: int) -> dict[str, dict[str, Row]]:
    """Return the rows with those values as name -> way -> row."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        if all(row[key] == value for key, value in fixed.items()):
            found.setdefault(row[name], {})[row["way"]] = row
    return found


def _ratio(one: Row, other: Row) -> str:
    return f"{one['cpu_ms'] / other['cpu_ms']:.1f}" if other["cpu_ms"] else "-"
