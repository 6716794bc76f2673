"""`stockade scan`: what the gate would find in files, folders, a pipe or JSON lines, and what it would do about it.

Owns options, exit status and which way the output goes. Exit status: 0 clean, 1 findings, 2 trouble; trouble wins, and
nothing that was not scanned whole counts as clean. Never prints a found value.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from stockade.cli.access import anybody
from stockade.core.errors import StockadeError
from stockade.core.facts import Action
from stockade.core.findings import Severity
from stockade.core.segments import Channel

if TYPE_CHECKING:
    from stockade.govern.scan import Scanner
    from stockade.govern.scan.files import FileReport, Setup

EXIT_FINDINGS = 1
EXIT_TROUBLE = 2

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one call."""

    paths: tuple[Path, ...]
    as_json: bool
    as_lines: bool
    channel: str | None
    side: str
    policy: tuple[str, ...]
    min_severity: str
    rule: tuple[str, ...]
    exclude_rule: tuple[str, ...]
    explain: bool
    redact: bool
    output_dir: Path | None
    jobs: int

    def check(self) -> None:
        """Refuse options that contradict each other. Fails: click.UsageError."""
        forms = [
            name for name, on in (("--json", self.as_json), ("--jsonl", self.as_lines), ("--redact", self.redact)) if on
        ]
        if len(forms) > 1:
            raise click.UsageError(f"{' and '.join(forms)} cannot be used together.")
        if self.output_dir is not None and not self.redact:
            raise click.UsageError("--output-dir is for --redact.")
        if self.paths.count(STDIN) > 1:
            raise click.UsageError("The standard input can be named once.")
        several = len(self.paths) > 1 or any(path != STDIN and path.is_dir() for path in self.paths)
        if self.redact and several and self.output_dir is None:
            raise click.UsageError(
                "--redact prints one cleaned text; for several files name a folder: --output-dir DIR."
            )


@click.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--jsonl", "as_lines", is_flag=True, help='Read lines {"id", "text", "channel"}, print a line for each.')
@click.option(
    "--channel",
    type=click.Choice([channel.value for channel in Channel]),
    help="Who speaks. Policy trusts a user more than a tool's result. Without it the text is judged as a user's.",
)
@click.option(
    "--side",
    type=click.Choice([Action.PROMPT.value, Action.COMPLETE.value]),
    default=Action.PROMPT.value,
    show_default=True,
    help="Judge the text as part of a prompt or of an answer.",
)
@click.option(
    "--policy", multiple=True, metavar="PACK|PATH", help="Rules in place of the built-in baseline (repeatable)."
)
@click.option(
    "--min-severity",
    type=click.Choice([severity.name.lower() for severity in Severity]),
    default="low",
    show_default=True,
    help="Leave out slighter findings.",
)
@click.option("--rule", multiple=True, help="Look for these rules only: a name or a pattern with * (repeatable).")
@click.option("--exclude-rule", multiple=True, help="Leave these rules out (repeatable).")
@click.option("--explain", is_flag=True, help="Say of each score which window it is of and what spoke for it.")
@click.option("--redact", is_flag=True, help="Print the text with every finding replaced by [REDACTED:LABEL].")
@click.option("--output-dir", type=click.Path(path_type=Path), help="With --redact: write the cleaned files here.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes for large trees.  [default: one a core]")
@click.pass_context
@anybody
def command(ctx: click.Context, /, *, jobs: int | None, **given: Any) -> None:
    """Find credentials, personal data, hidden text, attacks and harm in files, folders or the standard input.

    Without PATHS, or for the path -, the standard input is read. Exit status: 0 clean, 1 findings, 2 trouble (something
    could not be scanned whole).
    """
    options = Options(jobs=jobs or _cores(), **given)
    options.check()
    ctx.exit(guarded(lambda: run(options)))


def guarded(work: Callable[[], int]) -> int:
    """Return the status of `work`; whatever goes wrong is trouble, not findings and not clean."""
    try:
        return work()
    except StockadeError as error:
        click.echo(error.diagnostics(), err=True)
    except BrokenPipeError:
        _abandon_output()
    except KeyboardInterrupt:
        click.echo("stopped; what follows was not scanned", err=True)
    except Exception as error:  # noqa: BLE001 - Python's own status for it is 1, which says "findings"
        # Only what kind of error and where: its message may quote what was scanned.
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        click.echo(f"scan: {reason} at {Path(where.filename).name}:{where.lineno}", err=True)
        _abandon_output()
    return EXIT_TROUBLE


def _abandon_output() -> None:
    """Drop what cannot be written any more: Python would fail on it again at exit, with a status of its own (120)."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(options: Options) -> int:
    """Carry out one call and return its exit status. Fails: StockadeError for what stops the whole."""
    from stockade.cli.scan_report import JsonReport, RedactReport, TerminalReport
    from stockade.govern.scan import Selection
    from stockade.govern.scan.files import Setup, scan_files
    from stockade.govern.scan.sources import walk

    setup = Setup(
        policy=options.policy,
        side=Action(options.side),
        selection=Selection(Severity[options.min_severity.upper()], options.rule, options.exclude_rule),
        channel=None if options.channel is None else Channel(options.channel),
        redact=options.redact,
        explain=options.explain,
        cache=_cache(),
    )
    if options.as_lines:
        return scan_lines(options, setup)
    scanner = setup.scanner()
    report: JsonReport | RedactReport | TerminalReport
    if options.as_json:
        report = JsonReport(scanner)
    elif options.redact:
        report = RedactReport(options.output_dir)
    else:
        report = TerminalReport()
    if STDIN in options.paths or not options.paths:
        report.add(read_stdin(scanner, setup))
    found = walk([path for path in options.paths if path != STDIN])
    jobs = 1 if options.redact else options.jobs
    with report.progress(sum(source.size for source in found.sources)) as advance:
        for each in scan_files(scanner, setup, found.sources, jobs):
            report.add(each)
            advance(each.source.size)
    for path, trouble in found.troubles:
        report.trouble(path, trouble)
    return report.close(links=found.links, folders=found.folders)


def read_stdin(scanner: Scanner, setup: Setup) -> FileReport:
    """Return the report of the standard input; a binary one is trouble, because it is all there is."""
    from stockade.govern.scan.files import FileReport, Outcome, scan_bytes
    from stockade.govern.scan.sources import Source, SourceError, read_whole

    raw: bytes | SourceError
    try:
        raw = read_whole(_stdin())
    except SourceError as error:
        raw = error
    source = Source(STDIN, Path("stdin"), len(raw) if isinstance(raw, bytes) else 0, walked=False)
    report = scan_bytes(scanner, setup, [source], [raw])[0]
    if report.outcome is Outcome.BINARY:
        return FileReport(source, Outcome.TROUBLE, trouble="it is binary, not text")
    return report


def scan_lines(options: Options, setup: Setup) -> int:
    """Answer JSON lines from the named files or the standard input; return the exit status."""
    from stockade.cli.scan_report import shown
    from stockade.govern.scan.lines import answer_lines
    from stockade.govern.scan.sources import SourceError

    scanner = setup.scanner()
    out = sys.stdout.buffer
    status = 0
    for path in options.paths or (STDIN,):
        try:
            with _opened(path) as file:
                for answer in answer_lines(scanner, file, setup.channel, explain=setup.explain):
                    out.write(answer.line)
                    out.flush()
                    if answer.error:
                        status = EXIT_TROUBLE
                    elif answer.findings:
                        status = status or EXIT_FINDINGS
        except SourceError as error:
            click.echo(f"{shown(path)}: {error.public}", err=True)
            status = EXIT_TROUBLE
    return status


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Give the stream of lines that a path names. Fails: SourceError when it cannot be opened or read."""
    from stockade.govern.scan.sources import SourceError

    if path == STDIN:
        yield _stdin()
        return
    try:
        with path.open("rb") as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SourceError((error.strerror or "it cannot be read").lower()) from error


def _stdin() -> BinaryIO:
    """Return the standard input as bytes; a person at a terminal is told how to end it. Fails: SourceError."""
    from stockade.govern.scan.sources import SourceError

    if sys.stdin is None or sys.stdin.closed:
        raise SourceError("the standard input is closed")
    if sys.stdin.isatty():
        click.echo("Reading from the terminal; end with Ctrl-D.", err=True)
    return sys.stdin.buffer


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cache() -> Path | None:
    """Return the folder for what a later start need not make anew; None where this user has no home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "stockade"
    except RuntimeError:
        return None
