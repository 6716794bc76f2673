"""What `stockade bench detect` prints and writes: tables for a person, one JSON document, Markdown and plots.

Owns the tables; every kind of output is made from the same ones. Shares are shown with the ends of their 95 % interval
where fewer than INTERVAL_BELOW texts were counted. Never holds a text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from stockade import __version__
from stockade.core.errors import ConfigError
from stockade.govern.bench.measuring import AtRate, Measured, OfSource
from stockade.govern.bench.metrics import CALIBRATION_BINS, Bin, Share
from stockade.govern.bench.mutated import Lost
from stockade.govern.bench.plots import roc_svg, scores_svg
from stockade.govern.bench.scoring import Bucket, Scored, buckets

INTERVAL_BELOW = 1000
"""Texts from which on an interval is narrow enough to be left out of a table (three points either side at most)."""

PIPED_COLUMNS = 160
"""Width of the tables where no terminal says how wide it is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All figures of one measurement. `unscored` counts mutated texts that the guard failed on."""

    version: str
    measured: tuple[Measured, ...]
    scored: tuple[Scored, ...]
    lost: tuple[Lost, ...]
    unscored: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One table: a title, column names, rows of cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def print_tables(outcome: Outcome) -> None:
    """Print the tables on stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_COLUMNS
    for grid in grids(outcome):
        table = Table(*grid.columns, title=grid.title, title_justify="left", box=box.SIMPLE_HEAD)
        for column in table.columns[1:]:
            column.justify = "right"
            column.no_wrap = True
        for row in grid.rows:
            table.add_row(*row)
        console.print(table)


def print_json(outcome: Outcome) -> None:
    """Print one JSON document on stdout."""
    out = sys.stdout.buffer
    out.write(orjson.dumps(document(outcome), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    out.flush()


def write_folder(outcome: Outcome, folder: Path) -> None:
    """Write report.json, report.md and two plots a detector. Fails: ConfigError where the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_bytes(orjson.dumps(document(outcome), option=orjson.OPT_INDENT_2))
        (folder / "report.md").write_text(markdown(outcome), encoding="utf-8")
        for each in outcome.measured:
            name = each.detector.replace("+", "-")
            (folder / f"roc-{name}.svg").write_text(roc_svg(each), encoding="utf-8")
            (folder / f"scores-{name}.svg").write_text(scores_svg(each), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {(error.strerror or 'no reason given').lower()}") from error


def markdown(outcome: Outcome) -> str:
    """Return the tables as Markdown."""
    lines: list[str] = []
    for grid in grids(outcome):
        lines += [f"{grid.title}:", "", f"| {' | '.join(grid.columns)} |", f"|{'---|' * len(grid.columns)}"]
        lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in grid.rows]
        lines.append("")
    return "\n".join(lines)


def grids(outcome: Outcome) -> Iterator[Grid]:
    """Yield every table."""
    for each in outcome.measured:
        yield _summary(each)
        yield Grid(
            f"{each.detector}, by source, at the shipped threshold {each.threshold:.3f}",
            ("source", "attacks", "recall", "recall at 1 % FP", "AUC", "benign", "false positives"),
            tuple(_source(source) for source in each.sources),
        )
    yield _times(buckets(outcome.scored))
    if outcome.lost:
        yield _losses(outcome.lost, outcome.unscored)


def document(outcome: Outcome) -> dict[str, Any]:
    """Return everything as JSON shows it; intervals are at 95 %."""
    return {
        "stockade": __version__,
        "detectors": outcome.version,
        "rows": len(outcome.scored),
        "rows_not_scored": sum(each.scores is None for each in outcome.scored),
        "measured": [_measured_document(each) for each in outcome.measured],
        "cpu": [each._asdict() for each in buckets(outcome.scored)],
        "mutations": [
            {
                "detector": each.detector,
                "mutation": each.mutation,
                "recall": _share_document(each.before),
                "recall_mutated": _share_document(each.after),
                "loss": each.loss,
                "loss_at_one_percent": each.loss_at_one,
                "false_positives_mutated": _share_document(each.false_positives),
            }
            for each in outcome.lost
        ],
        "mutated_not_scored": outcome.unscored,
    }


def _summary(each: Measured) -> Grid:
    rows = [
        ("texts", f"{len(each.positives)} attacks, {len(each.negatives)} benign"),
        ("AUC; mean over sources", f"{_number(each.area)}; {_number(each.area_macro)}"),
        *(_rate(rate, len(each.negatives)) for rate in each.rates),
        (
            f"recall at the shipped threshold {each.threshold:.3f}; mean over sources",
            f"{_share(each.recall)}; {_number(each.recall_macro)}",
        ),
        ("false positives at the shipped threshold", _share(each.false_positives, places=4)),
    ]
    if each.bins is not None:
        rows.append((f"calibration error, {CALIBRATION_BINS} bins", _number(each.calibration_error)))
    return Grid(each.detector, ("figure", "value"), tuple(rows))


def _rate(each: AtRate, negatives: int) -> tuple[str, str]:
    few = "" if each.rate * negatives >= 1 else f" (too few benign texts: needs {1 / each.rate:.0f})"
    return (
        f"recall at {each.rate:.1%} false positives; mean over sources",
        f"{_share(each.recall)}; {_number(each.macro)}{few}",
    )


def _source(each: OfSource) -> tuple[str, ...]:
    attacks = "" if each.recall is None else str(each.recall.total)
    benign = "" if each.false_positives is None else str(each.false_positives.total)
    return (
        each.source,
        attacks,
        _share(each.recall),
        _share(each.at_one),
        _number(each.area),
        benign,
        _share(each.false_positives, places=4),
    )


def _times(found: Sequence[Bucket]) -> Grid:
    return Grid(
        "CPU time of a text",
        ("characters", "texts", "median ms", "95 % within ms", "ms per 1,000 characters"),
        tuple(
            (
                f"{each.chars_min} to {each.chars_max}",
                str(each.texts),
                f"{each.median_ms:.2f}",
                f"{each.p95_ms:.2f}",
                f"{each.ms_per_thousand_chars:.2f}",
            )
            for each in found
        ),
    )


def _losses(lost: Sequence[Lost], unscored: int) -> Grid:
    refused = f"; {unscored} texts could not be read by the guard and count as flagged" if unscored else ""
    return Grid(
        f"Recall lost under mutations, in points{refused}",
        (
            "mutation",
            "detector",
            "attacks",
            "recall",
            "mutated",
            "lost",
            "lost at 1 % FP",
            "benign so written, flagged",
        ),
        tuple(
            (
                each.mutation,
                each.detector,
                str(each.before.total),
                f"{each.before.value:.3f}",
                _share(each.after),
                f"{each.loss * 100:.1f}",
                f"{each.loss_at_one * 100:.1f}",
                _share(each.false_positives),
            )
            for each in sorted(lost, key=lambda each: (each.detector, -each.loss))
        ),
    )


def _share(each: Share | None, places: int = 3) -> str:
    if each is None:
        return ""
    interval = f" ({each.low:.{places}f} to {each.high:.{places}f})" if each.total < INTERVAL_BELOW else ""
    return f"{each.value:.{places}f}{interval}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share_document(each: Share | None) -> dict[str, float] | None:
    return None if each is None else each._asdict()


def _measured_document(each: Measured) -> dict[str, Any]:
    return {
        "detector": each.detector,
        "threshold": each.threshold,
        "attacks": len(each.positives),
        "benign": len(each.negatives),
        "auc": each.area,
        "auc_macro": each.area_macro,
        "recall": _share_document(each.recall),
        "recall_macro": each.recall_macro,
        "false_positives": _share_document(each.false_positives),
        "at_rates": [
            {
                "rate": rate.rate,
                "threshold": None if rate.threshold is None else max(rate.threshold, 0.0),
                "recall": _share_document(rate.recall),
                "recall_macro": rate.macro,
            }
            for rate in each.rates
        ],
        "calibration_error": each.calibration_error,
        "calibration_bins": None if each.bins is None else [_bin_document(bin_) for bin_ in each.bins],
        "sources": [
            {
                "source": source.source,
                "recall": _share_document(source.recall),
                "recall_at_one_percent": _share_document(source.at_one),
                "auc": source.area,
                "false_positives": _share_document(source.false_positives),
            }
            for source in each.sources
        ],
    }


def _bin_document(each: Bin) -> dict[str, float]:
    return each._asdict()
