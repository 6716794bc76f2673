"""Places: lines, columns and an excerpt that tells nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect, Verdict
from stockade.core.findings import Category, Finding, Severity
from stockade.govern.scan.places import excerpt, finding_document, places
from stockade.govern.scan.scanner import ScanResult


def finding(start: int, end: int, category: Category = Category.CREDENTIAL, views: tuple[str, ...] = ()) -> Finding:
    return Finding("a.b", "1", "r", category, Severity.HIGH, 0.9, 0, start, end, "L", "e", views)


def result(*findings: Finding) -> ScanResult:
    return ScanResult(findings, (Verdict(Effect.FLAG),) * len(findings), {}, Effect.FLAG, {})


@given(text=st.text(st.sampled_from("a\n\r🔑"), max_size=30), data=st.data())
def test_line_and_column_lead_to_the_finding(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    (place,) = places(text, result(finding(start, len(text))))
    lines = text.split("\n")
    assert sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1 == start
    assert 1 <= place.column <= len(lines[place.line - 1]) + 1


@pytest.mark.parametrize(
    ("text", "found", "shown"),
    [
        ("ghp_" + "a" * 16, finding(0, 20), "ghp_... (20 characters)"),
        ("ghp_" + "a" * 15, finding(0, 19), "... (19 characters)"),
        ("a" * 30, finding(0, 30, Category.PERSONAL_DATA), "... (30 characters)"),
        ("Z2hwXz" + "a" * 30, finding(0, 30, views=("base64",)), "... (30 characters)"),
        ("a\x1b[2" + "a" * 30, finding(0, 30), "... (30 characters)"),
        ("\u200b", finding(0, 1, Category.HIDDEN_TEXT), "... (1 character)"),
    ],
)
def test_an_excerpt_shows_the_mark_of_a_format_at_most(text: str, found: Finding, shown: str) -> None:
    assert excerpt(text, found) == shown


def test_a_finding_for_machines_holds_words_and_numbers() -> None:
    assert finding_document(finding(2, 9, views=("base64",)), Verdict(Effect.REDACT)) == {
        "detector": "a.b",
        "rule": "r",
        "category": "credential",
        "severity": "high",
        "score": 0.9,
        "start": 2,
        "end": 9,
        "views": ["base64"],
        "effect": "redact",
    }
