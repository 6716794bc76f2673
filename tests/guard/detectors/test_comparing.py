"""Comparing: the account of the detectors that hold an answer against its request."""

from collections.abc import Hashable, Sequence

import pytest

from stockade.core.findings import Category, RunStatus, Severity
from stockade.core.segments import Channel, Kind, Segment
from stockade.core.views import View
from stockade.guard.detectors import comparing as module
from stockade.guard.detectors.comparing import Comparison
from stockade.guard.detectors.detector import RawFinding, Sighting

KEY = b"key"


def said(text: str, kind: Kind = Kind.TEXT, place: int = 0) -> Segment:
    return Segment(("content", place), text, "assistant", Channel.ASSISTANT, kind, place)


class Echo:
    """Finds the word that the request is about."""

    id, version, category, rules = "test.echo", "3", Category.PROMPT_LEAK, ("echo",)

    def __init__(self, fails_in: str = "") -> None:
        self.fails_in = fails_in
        self.parts: list[tuple[Hashable, str, tuple[str, ...], bool]] = []
        self.subject = "subject"

    def watch(self, request: Sequence[Segment]) -> "Echo | None":
        if self.fails_in == "watch":
            raise ValueError
        return self if request else None

    def read(self, place: Hashable, text: str, views: Sequence[View], *, thinking: bool) -> list[Sighting]:
        if self.fails_in == "read":
            raise KeyError
        self.parts.append((place, text, tuple(".".join(view.chain) for view in views), thinking))
        at = text.find("zebra")
        return [] if at < 0 else [Sighting(RawFinding("echo", Severity.LOW, 0.5, "ECHO", at, at + 5), ())]


def test_a_finding_stands_in_its_text_behind_the_context() -> None:
    echo = Echo()
    comparison = Comparison([echo], [said("x")], KEY)
    (finding,) = comparison.look([said("nothing"), said("zebra zebra", place=1)], [0, 6])
    assert (finding.segment, finding.start, finding.end, finding.detector) == (1, 6, 11, "test.echo")
    assert [part[:2] for part in echo.parts] == [((("content", 0), None), "nothing"), ((("content", 1), None), "zebra")]
    assert [(run.status, run.segments) for run in comparison.runs] == [(RunStatus.RAN, 2)]


def test_evidence_names_what_was_compared_with() -> None:
    first, second = (Comparison([Echo()], [said("x")], key).look([said("zebra")], [0])[0] for key in (KEY, b"other"))
    again = Comparison([Echo()], [said("x")], KEY).look([said("a zebra")], [0])[0]
    assert first.evidence == again.evidence != second.evidence


def test_without_a_request_to_compare_with_it_ran_all_the_same() -> None:
    comparison = Comparison([Echo()], [], KEY)
    assert comparison.look([said("zebra")], [0]) == []
    assert [run.status for run in comparison.runs] == [RunStatus.RAN]
    assert comparison.failed == ()


@pytest.mark.parametrize(("where", "reason"), [("watch", "ValueError"), ("read", "KeyError")])
def test_a_detector_that_fails_is_a_failed_run_and_the_others_look_on(where: str, reason: str) -> None:
    broken, whole = Echo(where), Echo()
    broken.id = "test.broken"
    comparison = Comparison([broken, whole], [said("x")], KEY)
    assert len(comparison.look([said("zebra")], [0])) == 1
    assert [(run.detector, run.reason) for run in comparison.failed] == [("test.broken", reason)]


def test_views_are_opened_where_there_may_be_any() -> None:
    echo = Echo()
    encoded = "dGhlIG9yZGVyIG9mIEFuYSBpcyBjYW5jZWxsZWQgdG9kYXk="
    Comparison([echo], [said("x")], KEY).look([said("a word"), said(encoded), said("a%62c")], [0, 0, 0])
    assert [part[2] for part in echo.parts] == [(), ("base64",), ("url",)]


def test_thinking_is_told_apart_and_what_is_sealed_is_not_read() -> None:
    echo = Echo()
    Comparison([echo], [said("x")], KEY).look([said("a", Kind.THINKING), said("b", Kind.SEALED)], [0, 0])
    assert [(part[1], part[3]) for part in echo.parts] == [("a", True)]


def test_too_many_findings_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINDINGS_MAX", 3)
    comparison = Comparison([Echo()], [said("x")], KEY)
    comparison.look([said("zebra")] * 4, [0] * 4)
    assert [run.reason for run in comparison.failed] == ["FindingsExceededError"]
