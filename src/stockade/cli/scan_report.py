"""What `stockade scan` prints: for a person, as one JSON document, or the cleaned text.

Owns colour, the summary, the progress bar and the exit status that follows from the reports. File names are printed
with control characters escaped: a name in a strange folder must not move the cursor. Trouble always goes to stderr too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from stockade import __version__
from stockade.core.decisions import Effect
from stockade.core.findings import Severity
from stockade.govern.scan import Scanner
from stockade.govern.scan.files import FileReport, Outcome
from stockade.govern.scan.places import Explanation, Place
from stockade.govern.scan.sources import Encoding

PROGRESS_BYTES_MIN = 4 * 1024 * 1024
"""Least work for which a progress bar is drawn."""

_STYLES = {Severity.LOW: "dim", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "bold red"}


class Report:
    """Counts what came in. A kind of output overrides `show` and `end`."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.scanned = self.binary = self.not_utf8 = self.findings = self.files = self.size = 0
        self.links = self.folders = 0
        self.troubles: list[tuple[str, str]] = []
        self._stderr = _console(stderr=True)

    def add(self, report: FileReport) -> None:
        """Take one file."""
        if report.outcome is Outcome.TROUBLE:
            self.trouble(report.source.path, report.trouble)
            return
        if report.outcome is Outcome.BINARY:
            self.binary += 1
            return
        self.scanned += 1
        self.size += report.source.size
        self.not_utf8 += report.encoding is Encoding.UNKNOWN
        self.findings += len(report.places)
        self.files += bool(report.places)
        self.show(report)

    def trouble(self, path: Path, reason: str) -> None:
        """Take what could not be scanned."""
        self.troubles.append((shown(path), reason))
        self._stderr.print(Text(f"{shown(path)}: not scanned: {reason}", style="bold red"), soft_wrap=True)

    def close(self, *, links: int, folders: int) -> int:
        """Print what stands at the end and return the exit status."""
        self.links, self.folders = links, folders
        self.end()
        return 2 if self.troubles else 1 if self.findings else 0

    def summary(self) -> str:
        """Return what happened, in a sentence or two."""
        found = (
            f"{_count(self.findings, 'finding')} in {_count(self.files, 'file')}" if self.findings else "no findings"
        )
        notes = [
            f"{_count(self.scanned, 'file')} scanned",
            *([f"{self.not_utf8} of them not UTF-8"] if self.not_utf8 else []),
            *([f"{self.binary} binary skipped"] if self.binary else []),
            *([f"{_count(self.links, 'link')} not followed"] if self.links else []),
            *([f"{_count(self.folders, 'folder')} skipped"] if self.folders else []),
            *([f"{len(self.troubles)} NOT SCANNED"] if self.troubles else []),
        ]
        return f"{found}; {', '.join(notes)}."

    @contextmanager
    def progress(self, size: int) -> Iterator[Callable[[int], None]]:
        """Give a function that is told the bytes done; draws a bar on a terminal when the work is long."""
        if size < PROGRESS_BYTES_MIN or not self._stderr.is_terminal:
            yield lambda _done: None
            return
        columns = (TextColumn("scanning"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._stderr, transient=True, redirect_stdout=False) as bar:
            task = bar.add_task("scanning", total=size)
            yield lambda done: bar.update(task, advance=done)

    def show(self, report: FileReport) -> None:
        """Show one scanned file."""

    def end(self) -> None:
        """Show what stands at the end."""


class TerminalReport(Report):
    """A line for each finding, in colour on a terminal, and a summary."""

    def __init__(self) -> None:
        """Look whether there is a terminal."""
        super().__init__()
        # One console where both are the terminal: only so do findings and bar not write over each other.
        both = sys.stdout is not None and sys.stdout.isatty() and sys.stderr.isatty()
        self._stdout = self._stderr if both else _console(stderr=False)

    def show(self, report: FileReport) -> None:
        """Print the findings of one file."""
        name = shown(report.source.path)
        for place in report.places:
            self._stdout.print(_line(name, place), soft_wrap=True)
        for why in report.explanations:
            self._stdout.print(_why(name, why), soft_wrap=True)

    def end(self) -> None:
        """Print the summary."""
        style = "bold red" if self.troubles else "yellow" if self.findings else "green"
        self._stdout.print(Text(self.summary(), style=style), soft_wrap=True)


class JsonReport(Report):
    """One document with everything that was found, files without findings only counted."""

    def __init__(self, scanner: Scanner) -> None:
        """Keep who looked, and by which rules."""
        super().__init__()
        self._detectors, self._policy = scanner.detectors, scanner.policy_digest
        self._found: list[dict[str, Any]] = []

    def show(self, report: FileReport) -> None:
        """Keep one file for the document."""
        if report.places:
            self._found.append(report.document(shown(report.source.path)))

    def end(self) -> None:
        """Print the document."""
        document = {
            "stockade": __version__,
            "policy": self._policy,
            "detectors": [{"id": name, "version": version} for name, version in self._detectors],
            "files": self._found,
            "troubles": [{"path": path, "error": reason} for path, reason in self.troubles],
            "summary": {
                "findings": self.findings,
                "files_with_findings": self.files,
                "files_scanned": self.scanned,
                "bytes_scanned": self.size,
                "files_not_utf8": self.not_utf8,
                "files_binary": self.binary,
                "files_in_trouble": len(self.troubles),
                "links_not_followed": self.links,
                "folders_skipped": self.folders,
            },
        }
        out = sys.stdout.buffer
        out.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        out.flush()


class RedactReport(Report):
    """The cleaned text on stdout, or cleaned files in a folder; never over a file that is there."""

    def __init__(self, folder: Path | None) -> None:
        """Keep where to write."""
        super().__init__()
        self._folder = folder

    def show(self, report: FileReport) -> None:
        """Write one cleaned text."""
        assert report.cleaned is not None, "a scan that redacts has a text for every file"
        if self._folder is None:
            out = sys.stdout.buffer
            out.write(report.cleaned)
            out.flush()
            return
        path = self._folder / report.source.inside
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(report.cleaned)
        except OSError as error:
            self.trouble(path, f"not written: {(error.strerror or 'it cannot be written').lower()}")

    def end(self) -> None:
        """Print the summary beside the text."""
        self._stderr.print(Text(self.summary()), soft_wrap=True)


def shown(path: Path) -> str:
    """Return a path as it can be printed anywhere: what is not printable is escaped."""
    if path == Path("-"):
        return "<stdin>"
    return shown_text(str(path))


def shown_text(text: str) -> str:
    """Return a text as it can be printed anywhere: what is not printable is escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode() for char in text
    )


def _console(*, stderr: bool) -> Console:
    """Return a console that prints text as it is; under NO_COLOR (no-color.org) without any escape, bold included."""
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, color_system=None if plain else "auto")


def _line(name: str, place: Place) -> Text:
    finding, effect = place.finding, place.verdict.effect
    line = Text()
    line.append(f"{name}:{place.line}:{place.column}", style="bold")
    line.append(f"  {finding.severity.name.lower():8}", style=_STYLES[finding.severity])
    line.append(f"  {finding.detector}/{finding.rule}", style="cyan")
    line.append(f"  {place.excerpt}")
    if finding.views:
        line.append(f"  in {' in '.join(reversed(finding.views))}", style="dim")
    line.append(f"  {effect.value}", style="dim" if effect in (Effect.ALLOW, Effect.FLAG) else "magenta")
    return line


def _why(name: str, why: Explanation) -> Text:
    sure = why.score.probability >= why.threshold
    line = Text(f"{name}:{why.line}:{why.column}", style="bold")
    line.append(f"  {why.head} {why.score.probability:.3f}", style="red" if sure else "dim")
    line.append(f" (found from {why.threshold:.3f}), worst in lines {why.line} to {why.end_line}", style="dim")
    if why.score.evidence:
        words = ", ".join(shown_text(each) for each in why.score.evidence)
        line.append(f", for: {words}", style="dim")
    return line


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
