"""`stockade backtest`: what a policy would have done with recorded exchanges. Owns options, output and the pool's size.

Never prints content: ids, rules, counts, lengths, and the shapes of the words around a finding.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stockade.cli.access import needs
from stockade.cli.main import config_option, settings_of
from stockade.core.permissions import Permission

if TYPE_CHECKING:
    from stockade.config.schema import Settings
    from stockade.govern.backtest.runs import Reel

EXIT_TROUBLE = 2
BACKTESTS = "backtests"
"""The folder of results in `data_dir`."""

_SINCE = re.compile(r"([1-9][0-9]{0,4})([hd])")
_SECONDS = {"h": 3600.0, "d": 86_400.0}


@click.command()
@click.option(
    "--policy",
    "policy",
    multiple=True,
    help="What to try: a pack, a .cedar file or a folder of them (repeatable).  [default: the policy in force]",
)
@click.option("--since", default="7d", show_default=True, help="How far back: hours or days, such as 36h or 7d.")
@click.option("--tenant", help="Only this tenant's recordings.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes.  [default: one a core]")
@click.option("--samples", type=click.IntRange(0), default=10, show_default=True, help="Exchanges shown one by one.")
@click.option("--fresh", is_flag=True, help="Play everything anew; else what was played before is not played again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@config_option
@needs(Permission.GUARD_BACKTEST_RUN)
@click.pass_context
def command(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context,
    *,
    policy: tuple[str, ...],
    since: str,
    tenant: str | None,
    jobs: int | None,
    samples: int,
    fresh: bool,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Play recorded exchanges against another policy, or today's detectors, and print what would change.

    Ctrl-C stops; the same command goes on where it was. Nothing is sent to anybody.
    """
    from stockade.app import equipment
    from stockade.cli.backtest_report import Chosen, print_json, print_report
    from stockade.govern.backtest.report import report
    from stockade.govern.backtest.runs import play_all
    from stockade.stores.recordings import RECORDINGS

    settings = settings_of(config_path)
    since_s = _since_s(since)
    reels, troubles = _chosen(settings, settings.data_dir / RECORDINGS, tenant, since_s)
    equip = partial(equipment, settings, policy or settings.policy)
    made = equip()
    kept = settings.data_dir / BACKTESTS / f"{made.name}.jsonl"
    if fresh:
        kept.unlink(missing_ok=True)
    results = []
    with closing(made), _progress(len(reels)) as advance:
        try:
            for _, result in play_all(equip, made, reels, kept, jobs or _cores()):
                results.append(result)
                advance()
        except KeyboardInterrupt:
            click.echo(f"stopped after {len(results)} of {len(reels)}; the same command goes on from there", err=True)
            ctx.exit(EXIT_TROUBLE)
    chosen = Chosen(made.candidate.policy.digest, policy, since, tenant, troubles)
    (print_json if as_json else print_report)(chosen, report(results, since_s), samples)


def _since_s(text: str) -> float:
    told = _SINCE.fullmatch(text)
    if told is None:
        raise click.BadParameter("is a number of hours or days, such as 36h or 7d", param_hint="--since")
    return time.time() - int(told[1]) * _SECONDS[told[2]]


def _chosen(settings: Settings, root: Path, tenant: str | None, since_s: float) -> tuple[list[Reel], Counter[str]]:
    """Return what is to be played, and what cannot be, counted: days whose key is gone, files, stretches of files."""
    from stockade.app import open_store
    from stockade.govern.backtest.runs import Reel
    from stockade.stores.recording_frames import Frame
    from stockade.stores.recording_reader import Trouble, days, frames
    from stockade.stores.recordings import day_of

    store = open_store(settings)
    try:
        found = [day for day in days(root, store.recording_keys, tenant) if day.day >= day_of(since_s)]
    finally:
        store.close()
    reels: list[Reel] = []
    troubles: Counter[str] = Counter()
    for day in found:
        if day.key is not None and day.key.sealed is None:
            troubles[Trouble.DESTROYED] += 1
            continue
        for reel in day.reels:
            if reel.trouble is not None:
                troubles[reel.trouble] += 1
            for each in frames(reel):
                if isinstance(each, Frame):
                    assert reel.label is not None
                    reels.append(Reel(reel.path, reel.label, each))
                else:
                    troubles[each] += 1
    return reels, troubles


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; give what moves it on."""
    if not sys.stderr.isatty() or not total:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("playing", total=total)
        yield lambda: bar.advance(task)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
