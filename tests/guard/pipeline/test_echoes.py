"""Echoes: what was found once is found wherever it stands in the same request, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stockade.core.errors import GuardFailedError
from stockade.core.findings import Category, Finding, Severity
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.pipeline import echoes
from stockade.guard.pipeline.echoes import with_echoes
from tests.guard.pipeline.talks import answer, ask, each_dialect, say
from tests.properties.gates import playbook

VALUE = "4378591503109047"


def segment(text: str, kind: Kind = Kind.TEXT) -> Segment:
    return Segment(("a",), text, "user", Channel.USER, kind, 0)


def found(number: int, start: int, end: int, label: str = "CARD") -> Finding:
    return Finding("a.b", "1", "card", Category.PERSONAL_DATA, Severity.HIGH, 0.9, number, start, end, label, "e" * 32)


def places(findings: object) -> list[tuple[int, int, int]]:
    return [(f.segment, f.start, f.end) for f in findings]  # type: ignore[attr-defined]


def test_a_value_is_found_wherever_it_stands_for_itself() -> None:
    texts = [f"/srv/{VALUE}/x {VALUE}", f"pay {VALUE}", "nothing", f"({VALUE}) x{VALUE} {VALUE}9 \u00e9{VALUE}"]
    told = with_echoes([found(1, 4, 20)], [segment(text) for text in texts])
    assert places(told) == [(0, 5, 21), (0, 24, 40), (1, 4, 20), (3, 1, 17)]
    assert {(f.label, f.evidence, f.score) for f in told} == {("CARD", "e" * 32, 0.9)}


def test_what_cannot_be_edited_is_not_searched() -> None:
    segments = [segment(VALUE), *(segment(VALUE, kind) for kind in (Kind.THINKING, Kind.SEALED, Kind.BINARY))]
    assert places(with_echoes([found(0, 0, 16)], segments)) == [(0, 0, 16)]


@pytest.mark.parametrize(
    "changed",
    [{"score": 0.49}, {"category": Category.HIDDEN_TEXT}, {"end": 7}],
)
def test_guesses_hidden_text_and_short_values_are_not_repeated(changed: dict[str, object]) -> None:
    finding = replace(found(0, 0, 16), **changed)  # type: ignore[arg-type]
    assert with_echoes([finding], [segment(VALUE), segment(f"{VALUE} {VALUE[:7]}")]) == [finding]


def test_what_was_found_already_is_not_found_twice() -> None:
    findings = [found(0, 0, 16), replace(found(1, 2, 20), label="WIDER"), found(2, 0, 16)]
    segments = [segment(VALUE), segment(f"x {VALUE} y"), segment(VALUE)]
    assert places(with_echoes(findings, segments)) == places(findings)


def test_two_detectors_in_one_place_are_one_place() -> None:
    findings = [found(0, 0, 16), replace(found(0, 0, 16), detector="c.d")]
    told = with_echoes(findings, [segment(VALUE), segment(f"/{VALUE}/")])
    assert places(told) == [(0, 0, 16), (0, 0, 16), (1, 1, 17)]


def test_one_value_has_one_name_the_first() -> None:
    findings = [found(0, 0, 16, "CARD"), found(1, 0, 16, "NUMBER")]
    assert [f.label for f in with_echoes(findings, [segment(VALUE), segment(VALUE)])] == ["CARD", "CARD"]
    guess = replace(found(0, 0, 16, "GUESS"), score=0.3)
    assert [f.label for f in with_echoes([guess, findings[1]], [segment(VALUE), segment(VALUE)])] == ["GUESS", "NUMBER"]


def test_too_many_places_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echoes, "FINDINGS_MAX", 3)
    three = [segment(" ".join([VALUE] * 3))]
    assert len(with_echoes([found(0, 0, 16)], three)) == 3
    with pytest.raises(GuardFailedError):
        with_echoes([found(0, 0, 16)], [segment(" ".join([VALUE] * 4))])


@each_dialect
def test_a_value_that_a_detector_would_not_see_in_its_place_does_not_leave(dialect: str) -> None:
    """No detector takes digits inside a path for a card; here they are one that the same request names."""
    played = playbook().play(
        ask(dialect, f"pay with {VALUE} now, as in /srv/{VALUE}/x"), answer(dialect, say("Fine."), streamed=False)
    )
    assert played.forwarded is not None
    assert VALUE.encode() not in played.forwarded
    assert len(played.records[0]["findings"]) == 2
