"""`stockade bench`: measure the detectors on labelled texts of your own.

Owns options, the progress bar and exit status: 0 measured, 2 trouble (a broken line, a text that a guard failed on).
Never prints a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stockade.cli.access import anybody
from stockade.cli.bench_breach import breach
from stockade.core.errors import ConfigError, GuardFailedError
from stockade.core.findings import Category
from stockade.core.segments import Channel

if TYPE_CHECKING:
    from stockade.govern.bench.measuring import Scores
    from stockade.govern.bench.mutated import Lost
    from stockade.govern.bench.scoring import Scored

EXIT_TROUBLE = 2

ATTACKS = "injection+jailbreak"
"""The two heads that look for attacks, measured as one detector as well."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one call."""

    data: tuple[Path, ...]
    channel: Channel | None
    detectors: tuple[str, ...]
    limit: int
    out: Path | None
    as_json: bool
    mutations: bool
    mutation_rows: int
    seed: int


class ScanScorer:
    """The guard's own scores, from the same call as `stockade scan`."""

    def __init__(self) -> None:
        """Make a scanner ready; takes about a second."""
        from stockade.govern.bench.measuring import Heads
        from stockade.govern.scan import Scanner, Text
        from stockade.guard.detectors.catalog import discover
        from stockade.guard.detectors.detector import ScoreDetector

        self._scanner, self._text = Scanner(), Text
        reads = {each.head: each.channels for each in discover() if isinstance(each, ScoreDetector)}
        self.heads = Heads(self._scanner.thresholds, reads)
        self.version = ", ".join(f"{name} {version}" for name, version in self._scanner.detectors)

    def __call__(self, texts: Sequence[tuple[str, Channel | None]]) -> list[Scores | GuardFailedError]:
        """Return the scores of the classifier's heads for each text."""
        results = self._scanner.scan_all([self._text(text, channel) for text, channel in texts])
        return [
            result
            if isinstance(result, GuardFailedError)
            else {head: result.scores[Category(head)] for head in self.heads.thresholds}
            for result in results
        ]


@click.group("bench")
def command() -> None:
    """Measure detectors on labelled texts of your own, and policy on agents that were turned."""


command.add_command(breach)


@command.command("detect")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help='JSON lines {"text", "label": 0 or 1, "source", "category", "channel", "head"}, plain or gzip (repeatable).',
)
@click.option(
    "--channel",
    type=click.Choice([channel.value for channel in Channel]),
    help="Who speaks in rows that name no channel. Without it every head looks at them closely.",
)
@click.option(
    "--detector",
    "detectors",
    multiple=True,
    help="A head to measure, or several joined by + (repeatable).  [default: all, and injection+jailbreak]",
)
@click.option("--limit", type=click.IntRange(1), default=1_000_000, help="Measure on at most so many rows, a sample.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write tables and plots (SVG) into a folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--mutations", is_flag=True, help="Also measure the recall lost when attacks are written otherwise.")
@click.option(
    "--mutation-rows",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="Attacks, and benign texts, to mutate.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the mutations.")
@click.pass_context
@anybody
def detect(ctx: click.Context, /, *, channel: str | None, **given: Any) -> None:
    """Print one table a detector: recall at fixed false positives, per source, calibration, CPU time.

    A label of 1 says that the text is an attack. A row with "head" counts for that detector only. Nothing of a text is
    printed or kept.
    """
    ctx.exit(run(Options(channel=None if channel is None else Channel(channel), **given)))


def run(options: Options) -> int:
    """Carry out one measurement and return its exit status. Fails: StockadeError."""
    from stockade.cli.bench_report import Outcome, print_json, print_tables, write_folder
    from stockade.govern.bench.measuring import concerns, measure
    from stockade.govern.bench.mutated import losses
    from stockade.govern.bench.rows import read_rows, sample
    from stockade.govern.bench.scoring import score_rows
    from stockade.testing.mutations import MUTATIONS

    rows = sample([row for path in options.data for row in read_rows(path)], options.limit)
    scorer = ScanScorer()
    detectors = _detectors(options.detectors, scorer.heads.thresholds)
    with _progress("scoring", len(rows)) as advance:
        scored = score_rows(scorer, rows, options.channel, advance)
    kept = [(each.row, each.scores) for each in scored if each.scores is not None]
    measured = [
        measure(name, [row for row, _ in kept], [scores for _, scores in kept], scorer.heads) for name in detectors
    ]
    lost: list[Lost] = []
    unscored = 0
    if options.mutations:
        told = [row for row in rows if any(concerns(row, name, scorer.heads) for name in detectors)]
        chosen = [
            row
            for kind in (True, False)
            for row in sample([each for each in told if each.positive == kind], options.mutation_rows)
        ]
        written = {name: _writer(name, options.seed) for name in MUTATIONS}
        with _progress("mutations", len(chosen) * (1 + len(written))) as advance:
            lost, unscored = losses(scorer, chosen, written, measured, options.channel, advance)
    outcome = Outcome(scorer.version, tuple(measured), tuple(scored), tuple(lost), unscored)
    if options.out is not None:
        write_folder(outcome, options.out)
    (print_json if options.as_json else print_tables)(outcome)
    return EXIT_TROUBLE if _told(scored) else 0


def _detectors(named: Sequence[str], heads: Mapping[str, float]) -> tuple[str, ...]:
    """Return the detectors to measure. Fails: ConfigError for one that is none."""
    from stockade.govern.bench.measuring import heads_of

    for name in named:
        if not set(heads_of(name)) <= set(heads):
            raise ConfigError(f"No detector scores {name}.", hint=f"There are {', '.join(heads)}; join several with +.")
    together = (ATTACKS,) if set(heads_of(ATTACKS)) <= set(heads) else ()
    return tuple(dict.fromkeys(named)) or (*heads, *together)


def _writer(name: str, seed: int) -> Callable[[str], str]:
    """Return a mutation as the gate reads what it gives: segments of one message stand on lines of their own."""
    from stockade.guard.detectors.scoring import JOINT
    from stockade.testing.mutations import MUTATIONS

    return lambda text: JOINT.join(MUTATIONS[name].segments(text, seed))


def _told(scored: Sequence[Scored]) -> bool:
    """Say on stderr how many texts have no scores, and why; return whether there are any."""
    troubles = [each.trouble for each in scored if each.scores is None]
    for reason in sorted(set(troubles)):
        click.echo(f"{troubles.count(reason)} texts were not scored: {reason}", err=True)
    return bool(troubles)


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[int], object]]:
    """Give a function that advances a bar on stderr; nothing is drawn where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total)
        yield lambda rows: bar.advance(task, rows)
