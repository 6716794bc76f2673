"""What is printed: a bar for long work on a terminal only, and a summary that leaves nothing out."""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from stockade.cli.scan_report import PROGRESS_BYTES_MIN, Report, TerminalReport, shown
from stockade.govern.scan.files import FileReport, Outcome
from stockade.govern.scan.sources import Encoding, Source


def drawn(size: int, *, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    report = Report()
    out = io.StringIO()
    monkeypatch.setattr(report, "_stderr", Console(file=out, force_terminal=terminal, width=80))
    with report.progress(size) as advance:
        advance(size)
    return out.getvalue()


def test_a_bar_is_drawn_for_long_work_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "scanning" in drawn(PROGRESS_BYTES_MIN, terminal=True, monkeypatch=monkeypatch)
    assert drawn(PROGRESS_BYTES_MIN - 1, terminal=True, monkeypatch=monkeypatch) == ""
    assert drawn(PROGRESS_BYTES_MIN, terminal=False, monkeypatch=monkeypatch) == ""


@pytest.mark.parametrize(("out", "err"), [(True, True), (True, False), (False, True), (False, False)])
def test_findings_go_to_stdout_but_share_the_console_of_the_bar_on_a_terminal(
    out: bool, err: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: out)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: err)
    TerminalReport().end()
    written = capsys.readouterr()
    assert "no findings" in (written.err if out and err else written.out)


def test_the_summary_counts_everything_that_was_met(capsys: pytest.CaptureFixture[str]) -> None:
    source = Source(Path("f"), Path("f"), 5, walked=True)
    report = Report()
    report.add(FileReport(source, Outcome.SCANNED, Encoding.UNKNOWN))
    report.add(FileReport(source, Outcome.SCANNED))
    report.add(FileReport(source, Outcome.BINARY))
    assert report.close(links=1, folders=2) == 0
    assert report.summary() == (
        "no findings; 2 files scanned, 1 of them not UTF-8, 1 binary skipped, 1 link not followed, 2 folders skipped."
    )
    report.add(FileReport(source, Outcome.TROUBLE, trouble="it is gone"))
    assert report.close(links=0, folders=0) == 2
    assert capsys.readouterr().err == "f: not scanned: it is gone\n"


@pytest.mark.parametrize(
    ("path", "name"),
    [("a b.txt", "a b.txt"), ("é", "é"), ("-", "<stdin>"), ("a\x1b\n\u202e\udcff", r"a\x1b\n\u202e\udcff")],
)
def test_a_name_is_printable(path: str, name: str) -> None:
    assert shown(Path(path)) == name
