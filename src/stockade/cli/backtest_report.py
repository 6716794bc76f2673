"""What `stockade backtest` prints: for people a page of counts, turns and samples; for programs one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stockade.govern.backtest.differences import Flip
from stockade.govern.backtest.report import Cost, Report, Sample, Turn

_STYLES = {Flip.NEWLY_STOPPED: "red", Flip.NEWLY_ALLOWED: "yellow", Flip.CHANGED: "cyan"}


class Chosen(NamedTuple):
    """What was asked for: the policy that was tried, by its digest and as it was named, and which recordings."""

    digest: str
    named: tuple[str, ...]
    since: str
    tenant: str | None
    troubles: Counter[str]


def print_report(chosen: Chosen, found: Report, samples: int) -> None:
    """Print the page."""
    console = Console(highlight=False, soft_wrap=True)
    named = ", ".join(chosen.named) or "the policy in force"
    whose = f" of {chosen.tenant}" if chosen.tenant else ""
    console.print(f"Played {found.played} recorded exchanges{whose} of the last {chosen.since}")
    console.print(f"policy {named} ({chosen.digest[:19]})\n", style="dim")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for count, what, why, style in _counts(chosen, found):
        table.add_row(Text(f"{count:,}", style=style, justify="right"), Text(what, style=style), Text(why, style="dim"))
    console.print(table)
    _print_turns(console, found.turns, "rule")
    _print_turns(console, found.shadows, "rule in shadow")
    for sample in found.samples[:samples]:
        _print_sample(console, sample)
    if len(found.samples) > samples:
        console.print(f"  ... {len(found.samples) - samples} more (--samples)", style="dim")
    console.print(
        f"\nCPU without inspection: {_cost(found.cost)}; under the policy of then: {_cost(found.cost_then)}",
        style="dim",
    )
    console.print(f"CPU of inspection: {_cost(found.inspection)}", style="dim")
    if found.checked:
        same_again = found.checked - found.unfaithful
        style = "red" if found.unfaithful else "dim"
        told = f"Faith: {same_again:,} of {found.checked:,} came out the same again under the policy of then"
        console.print(told, style=style)
    if found.defects:
        told = f"{found.defects:,} exchanges in which the same detectors saw something else than then: tell us of it"
        console.print(told, style="red")


def print_json(chosen: Chosen, found: Report, samples: int) -> None:
    """Print the same as one object."""
    document = {
        "policy": chosen.digest,
        "named": chosen.named,
        "since": chosen.since,
        "tenant": chosen.tenant,
        "not_read": dict(sorted(_not_read(chosen, found).items())),
        **{name: value for name, value in found._asdict().items() if name not in {"unreadable", "samples"}},
        "flips": {flip.name.lower(): count for flip, count in found.flips.items()},
        "as_before": found.as_before,
        "turns": [turn._asdict() for turn in found.turns],
        "shadows": [turn._asdict() for turn in found.shadows],
        "samples": [
            {**sample.change._asdict(), "rule": sample.rule, "exchange": sample.exchange, "at": _time(sample.at_s)}
            for sample in found.samples[:samples]
        ],
        **{name: getattr(found, name)._asdict() for name in ("cost", "cost_then", "inspection")},
    }
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _counts(chosen: Chosen, found: Report) -> Iterator[tuple[int, str, str, str]]:
    for flip in (Flip.NEWLY_STOPPED, Flip.NEWLY_ALLOWED, Flip.CHANGED):
        count = found.flips[flip]
        yield count, flip, _WHY[flip], _STYLES[flip] if count else ""
    yield found.as_before, "as before", "", ""
    optional = (
        (found.left_out, "left out", f"{found.sessions:,} sessions would have taken another course before"),
        (found.unanswered, "request only", "what would have been sent is not what was, so the answer is not known"),
        (found.repeated, "repeats", "refused then because the same had been refused: nothing was decided"),
        (found.incomparable, "not comparable", "a limit, a stop or a failure of the gate ended it, then or now"),
        (found.other_sight, "seen otherwise", "the detectors see something else than those of then"),
    )
    yield from ((count, what, why, "") for count, what, why in optional if count)
    for trouble, count in sorted(_not_read(chosen, found).items()):
        yield count, trouble, _NOT_READ.get(trouble, "cannot be read"), "yellow"


_WHY = {
    Flip.NEWLY_STOPPED: "refused, or a tool call taken out, that passed then",
    Flip.NEWLY_ALLOWED: "passes, that was refused then",
    Flip.CHANGED: "passes or not as then, with other effects",
}
_NOT_READ = {
    "cut": "files are shorter than they were",
    "damaged": "stretches or recordings are damaged",
    "destroyed": "days were erased: their keys are destroyed",
    "foreign": "files belong to another tenant or day",
    "gone": "files are gone",
    "torn": "last writes were cut off",
}


def _not_read(chosen: Chosen, found: Report) -> Counter[str]:
    counted = chosen.troubles + Counter(found.unreadable)
    return Counter({str(trouble): count for trouble, count in counted.items()})


def _print_turns(console: Console, turns: Sequence[Turn], of: str) -> None:
    if not turns:
        return
    then, now = ("then", "now") if of == "rule" else ("decided", "in force it would be")
    table = Table(of, then, now, "findings", "exchanges", box=None, padding=(0, 2, 0, 2))
    for turn in turns:
        table.add_row(turn.rule, turn.before, turn.after, f"{turn.findings:,}", f"{turn.exchanges:,}")
    console.print()
    console.print(table)
    console.print()


def _print_sample(console: Console, sample: Sample) -> None:
    change = sample.change
    line = Text(f"  {_time(sample.at_s)}  {sample.exchange}  ")
    line.append(f"{change.before} to {change.after}", style="bold")
    line.append(f" by {sample.rule}: {change.side} {change.what}")
    if change.characters:
        line.append(f", {change.characters} characters")
    if change.evidence:
        line.append(f", evidence {change.evidence[:12]}", style="dim")
    console.print(line)
    if change.excerpt:
        console.print(Text(f"      {change.channel}: {change.excerpt}", style="dim"))


def _cost(cost: Cost) -> str:
    return f"{cost.median_us / 1000:.2f} ms in the middle, {cost.high_us / 1000:.2f} ms at the 99th percentile"


def _time(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
