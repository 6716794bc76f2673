"""The inspector's account: who looked at what, what failed, and that one failure leaves the others alone."""

import base64
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stockade.core.digests import evidence_digest
from stockade.core.findings import Category, Inspection, RunStatus, Severity
from stockade.core.segments import Channel, Kind, Segment
from stockade.core.views import View
from stockade.guard.detectors.detector import RawFinding, Reads
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.patterns import Pattern, Seen

KEY = b"key"
TOKEN = "tok_" + "aB3x" * 4


def pattern(rule: str = "token", **changes: Any) -> Pattern:
    fields: dict[str, Any] = {
        "rule": rule,
        "expression": r"\btok_[A-Za-z0-9]{16}",
        "confirm": r"\b(tok_[A-Za-z0-9]{16,40})",
        "label": "TOKEN",
        "severity": Severity.HIGH,
        "score": 0.9,
        "source": "the tests",
    }
    return Pattern(**(fields | changes))


class Patterns:
    version = "1"
    category = Category.CREDENTIAL

    def __init__(self, *patterns: Pattern, name: str = "test.patterns", opens_views: bool = True) -> None:
        self.id, self.patterns, self.opens_views = name, patterns or (pattern(),), opens_views


class Texts:
    id = "test.texts"
    version = "2"
    category = Category.HIDDEN_TEXT
    rules = ("odd",)

    def __init__(self, reads: Reads = Reads.NON_ASCII) -> None:
        self.reads = reads
        self.read: list[str] = []

    def inspect(self, text: str) -> Iterable[RawFinding]:
        self.read.append(text)
        if "ö" in text:
            yield RawFinding("odd", Severity.LOW, 0.5, "ODD", text.index("ö"), text.index("ö") + 1)


class Broken(Texts):
    id = "test.broken"

    def inspect(self, text: str) -> Iterable[RawFinding]:
        yield RawFinding("odd", Severity.LOW, 0.5, "ODD", 0, 1)
        raise LookupError(text)


def inspect(inspector: Inspector, *texts: str, kind: Kind = Kind.TEXT) -> Inspection:
    return inspector.inspect([Segment((), text, "user", Channel.USER, kind, 0) for text in texts], KEY)


def test_a_finding_says_what_where_and_by_whom() -> None:
    inspection = inspect(Inspector([Patterns()]), "nothing", f"ä {TOKEN} b")
    (finding,) = inspection.findings
    assert (finding.detector, finding.rule, finding.segment, finding.start, finding.end) == (
        "test.patterns",
        "token",
        1,
        2,
        22,
    )
    assert finding.evidence == evidence_digest(KEY, "token", TOKEN)
    assert finding.views == ()
    assert [(run.detector, run.status, run.segments) for run in inspection.runs] == [
        ("test.patterns", RunStatus.RAN, 2)
    ]


def test_nothing_to_see_is_accounted_for_as_well() -> None:
    inspector = Inspector([Texts(), Patterns()])
    for texts in ([], [""], ["", "plain words"]):
        inspection = inspect(inspector, *texts)
        assert inspection.findings == ()
        assert inspection.complete
        assert [(run.detector, run.segments) for run in inspection.runs] == [
            ("test.patterns", len(texts)),
            ("test.texts", len(texts)),
        ]


def test_versions_are_in_order_of_the_ids() -> None:
    assert Inspector([Texts(), Patterns()]).versions == (("test.patterns", "1"), ("test.texts", "2"))


def test_a_view_names_its_encoding_and_covers_the_whole_token() -> None:
    encoded = base64.b64encode(f"the token {TOKEN} of base64".encode()).decode()
    (finding,) = inspect(Inspector([Patterns()]), f"see {encoded} there").findings
    assert (finding.start, finding.end, finding.views) == (4, 4 + len(encoded), ("base64",))
    assert finding.evidence == evidence_digest(KEY, "token", TOKEN)


def test_a_view_that_shows_what_the_text_shows_adds_nothing() -> None:
    (finding,) = inspect(Inspector([Patterns()]), f"{TOKEN} and a caf\u00e9 \\u0041").findings
    assert finding.views == ()


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.SEALED])
def test_views_of_binary_and_sealed_segments_stay_closed(kind: Kind) -> None:
    inspector = Inspector([Patterns()])
    encoded = base64.b64encode(f"the token {TOKEN} of base64".encode()).decode()
    assert inspect(inspector, encoded, kind=kind).findings == ()
    assert len(inspect(inspector, encoded + " " + TOKEN, kind=kind).findings) == 1


def test_a_detector_that_opens_no_views_sees_none() -> None:
    encoded = base64.b64encode(f"the token {TOKEN} of base64".encode()).decode()
    closed, opened = Patterns(opens_views=False, name="test.closed"), Patterns(pattern("other"), name="test.opened")
    assert [f.detector for f in inspect(Inspector([closed, opened]), encoded).findings] == ["test.opened"]


def test_a_text_detector_reads_what_it_declares() -> None:
    every, odd = Texts(Reads.ALL), Texts()
    inspect(Inspector([every]), "a", "ö")
    inspect(Inspector([odd]), "a", "ö")
    assert (every.read, odd.read) == (["a", "ö"], ["ö"])


def test_a_detector_that_raises_fails_alone_and_without_content() -> None:
    inspection = inspect(Inspector([Broken(), Patterns(), Texts()]), f"ö {TOKEN}")
    assert [finding.detector for finding in inspection.findings] == ["test.texts", "test.patterns"]
    assert not inspection.complete
    (failed,) = [run for run in inspection.runs if run.status is RunStatus.FAILED]
    assert (failed.detector, failed.segments, failed.reason) == ("test.broken", 0, "LookupError")


def test_a_validator_that_raises_fails_its_detector_alone() -> None:
    def raising(seen: Seen) -> bool:
        raise ZeroDivisionError(seen.value)

    broken = Patterns(pattern("broken", validator=raising), pattern("sound"), name="test.broken")
    inspection = inspect(Inspector([broken, Patterns()]), TOKEN)
    assert [finding.detector for finding in inspection.findings] == ["test.patterns"]
    assert [(run.detector, run.reason) for run in inspection.runs] == [
        ("test.broken", "ZeroDivisionError"),
        ("test.patterns", ""),
    ]


def test_views_past_their_bound_fail_every_detector_that_needs_them() -> None:
    def exceeding(text: str) -> Sequence[View]:
        raise OverflowError(text)

    closed = Patterns(pattern("plain"), name="test.closed", opens_views=False)
    inspection = inspect(Inspector([Patterns(), closed], exceeding), f"{TOKEN} \\u0041")
    assert [finding.detector for finding in inspection.findings] == ["test.closed"]
    assert [(run.status, run.reason) for run in inspection.runs] == [
        (RunStatus.RAN, ""),
        (RunStatus.FAILED, "OverflowError"),
    ]


def test_too_many_findings_are_a_failure_and_not_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = Inspector([Patterns()])
    monkeypatch.setattr("stockade.guard.detectors.work.FINDINGS_MAX", 3)
    assert inspect(inspector, f"{TOKEN} " * 3).complete
    inspection = inspect(inspector, f"{TOKEN} " * 4)
    assert inspection.findings == ()
    assert inspection.runs[0].reason == "FindingsExceededError"


def test_too_many_hits_fail_every_pattern_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = Inspector([Patterns(), Texts()])
    monkeypatch.setattr("stockade.guard.detectors.scanner.HITS_MAX", 3)
    inspection = inspect(inspector, f"ö {TOKEN} " * 5)
    assert [(run.status, run.reason) for run in inspection.runs] == [
        (RunStatus.FAILED, "HitsExceededError"),
        (RunStatus.RAN, ""),
    ]
    assert [finding.detector for finding in inspection.findings] == ["test.texts"]


def test_of_overlapping_findings_the_more_specific_stays() -> None:
    assigned = pattern("assigned", expression="key=", confirm=r"key=(\S{8,80})", score=0.6)
    (finding,) = inspect(Inspector([Patterns(assigned, pattern())]), f"key={TOKEN}").findings
    assert finding.rule == "token"


def test_no_pattern_reaches_from_segment_to_segment() -> None:
    greedy = pattern("greedy", expression=r"begin[^#]{0,40}", confirm=r"begin([^#]{6,80}end)")
    inspector = Inspector([Patterns(greedy)])
    assert len(inspect(inspector, "begin 123456 end").findings) == 1
    assert inspect(inspector, "begin 123", "456 end").findings == ()


def test_one_inspector_serves_several_threads_at_once() -> None:
    inspector = Inspector([Patterns(), Texts(Reads.ALL)])
    encoded = base64.b64encode(f"the token {TOKEN} of base64".encode()).decode()
    requests = [(f"{'a ' * size}{TOKEN} {encoded}", "ö" * size, "\\u0041 plain") for size in range(1, 40)]
    alone = [inspect(inspector, *texts) for texts in requests]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda texts: inspect(inspector, *texts), requests * 4))
    assert together == alone * 4
    assert all(inspection.complete and len(inspection.findings) > 2 for inspection in alone)


def test_lone_surrogates_are_read_and_counted() -> None:
    (finding,) = inspect(Inspector([Patterns()]), f"\ud800\udc00 {TOKEN}").findings
    assert (finding.start, finding.end) == (3, 23)
