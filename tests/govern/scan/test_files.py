"""Files: each has its report, in order, in one process as in several, and a lost worker is no clean file."""

import os
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from stockade.core.errors import GuardFailedError
from stockade.govern.scan import Scanner, Selection, files
from stockade.govern.scan.files import FileReport, Outcome, Setup, scan_files
from stockade.govern.scan.sources import Encoding, Source, walk
from tests.govern.scan.test_scanner import KEY, MAIL

# What the classifier says of texts as short as these is no business of these tests.
SETUP = Setup(selection=Selection(excluded=("harm.content/*", "injection.indirect/*", "jailbreak.attempt/*")))


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return SETUP.scanner()


@pytest.fixture
def sources(tmp_path: Path) -> list[Source]:
    for name, raw in {
        "a_clean.txt": b"nothing",
        "b_key.txt": f"first\nkey = {KEY}\n".encode(),
        "c_binary": b"\0\1\2",
        "d_latin.txt": b"caf\xe9 " + MAIL.encode(),
        "e_empty": b"",
        "f_gone": b"x",
        "g_mail.txt": MAIL.encode(),
    }.items():
        (tmp_path / name).write_bytes(raw)
    found = walk([tmp_path]).sources
    (tmp_path / "f_gone").unlink()
    return found


def told(reports: list[FileReport]) -> list[tuple[str, str, list[str]]]:
    return [
        (report.source.path.name, report.outcome.value, [place.finding.rule for place in report.places])
        for report in reports
    ]


EXPECTED = [
    ("a_clean.txt", "scanned", []),
    ("b_key.txt", "scanned", ["aws_access_key_id"]),
    ("c_binary", "binary", []),
    ("d_latin.txt", "scanned", ["email_address"]),
    ("e_empty", "scanned", []),
    ("f_gone", "trouble", []),
    ("g_mail.txt", "scanned", ["email_address"]),
]


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_every_file_has_its_report(
    scanner: Scanner, sources: list[Source], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH_FILES", batch)
    reports = list(scan_files(scanner, SETUP, sources, 1))
    assert told(reports) == EXPECTED
    assert (reports[1].places[0].line, reports[1].places[0].column) == (2, 7)
    assert reports[3].encoding is Encoding.UNKNOWN
    assert "no such file" in reports[5].trouble


def test_several_processes_tell_the_same(
    scanner: Scanner, sources: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PARALLEL_BYTES_MIN", 0)
    monkeypatch.setattr(files, "BATCH_FILES", 2)
    assert told(list(scan_files(scanner, SETUP, sources, 2))) == EXPECTED


def test_a_worker_that_dies_fails_the_scan(
    scanner: Scanner, sources: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    def submit(pool: ProcessPoolExecutor, *call: object) -> Future[list[FileReport]]:
        future: Future[list[FileReport]] = Future()
        future.set_exception(BrokenProcessPool())
        return future

    monkeypatch.setattr(files, "PARALLEL_BYTES_MIN", 0)
    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit)
    with pytest.raises(GuardFailedError, match="worker"):
        list(scan_files(scanner, SETUP, sources, 2))


def test_cleaned_bytes_are_there_when_asked_for(scanner: Scanner, sources: list[Source]) -> None:
    reports = list(scan_files(scanner, replace(SETUP, redact=True), sources, 1))
    assert reports[1].cleaned == b"first\nkey = [REDACTED:AWS_ACCESS_KEY_ID]\n"
    assert reports[0].cleaned == b"nothing"
    assert (reports[3].outcome, reports[3].cleaned) == (Outcome.TROUBLE, None)


def test_a_report_holds_no_value(scanner: Scanner, sources: list[Source]) -> None:
    reports = list(scan_files(scanner, SETUP, sources, 1))
    told_all = repr(reports) + repr([report.document("n") for report in reports])
    assert KEY not in told_all
    assert MAIL not in told_all
    assert os.fspath(sources[0].path) in told_all
