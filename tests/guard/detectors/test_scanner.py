"""One scan over all texts: each hit is led back to its text; marks of encodings are seen."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern
from stockade.guard.detectors.scanner import Scanner

WORD = Pattern(rule="word", expression=r"^needle$", label="WORD", severity=Severity.LOW, score=0.5, source="the tests")
SCANNER = Scanner([WORD])


@given(st.lists(st.sampled_from(["needle", "", "é", "needles", "a\nneedle", "\ud800", "x needle"]), max_size=12))
def test_hits_are_led_back_to_their_texts(texts: list[str]) -> None:
    scan = SCANNER.scan(texts)
    expected = [n for n, text in enumerate(texts) if text in ("needle", "a\nneedle")]
    assert [scan.text_at(end) for end in scan.hits.get(0, [])] == expected
    if scan.hits:
        assert [scan.piece(n) for n in range(len(texts))] == [text.encode("utf-8", "surrogatepass") for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ",
        "a%20b",
        r"\u0041",
        r"\x41",
        "&#65;",
        "&amp;",
        "41 42 43 44 45 46 47 48",
        "4142434445464748494a4b4c",
        "0x41, 0x42",
        r"say \"this\"",
        r"one\ntwo",
    ],
)
def test_marks_of_encodings_are_seen(text: str) -> None:
    scan = SCANNER.scan(["plain", text, "plain"])
    assert scan.encoded
    assert SCANNER.marked(scan) == [1]
    assert SCANNER.marked(SCANNER.scan([text])) == [0]


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, 100 % of them & more; nothing else.",
        "claude-sonnet-4-5-20250929 gpt-5.1-codex-max-2025-11-13",
        "msg_01XFDUDYJgAACzvnptvVoYEL toolu_01A09q90qw90lq917835lq9 chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "3f0c2a9e-7b14-4c8d-9e2f-5a6b7c8d9e0f 2026-11-22T10:00:00.123456+00:00 00:1b:44:11:3a:b7",
        "internationalization src/stockade/guard/detectors/scanner.py SOME_CONSTANT_OF_A_MODULE getElementsByClassName",
        r'print("done\n")',
    ],
)
def test_words_identifiers_and_digests_bear_no_mark(text: str) -> None:
    scan = SCANNER.scan(["plain", text])
    assert not scan.encoded
    assert SCANNER.marked(scan) == []


def test_characters_that_a_view_may_fold_are_a_mark() -> None:
    assert SCANNER.marked(SCANNER.scan(["plain", "naïve"])) == [1]


def test_hits_of_a_pattern_that_needs_words_count_where_the_words_are() -> None:
    needing = Pattern(
        rule="n",
        expression="[0-9]{6}",
        label="N",
        severity=Severity.LOW,
        score=0.5,
        source="tests",
        needs="pass|f.{1,4}d",
    )
    scanner = Scanner([needing, WORD])
    assert scanner.scan(["123456\nneedle"]).hits == {1: [13]}
    assert list(scanner.scan(["123456", "PASSPORT"]).hits) == [0]
    assert list(scanner.scan(["123456 føde"]).hits) == [0]


def test_several_threads_scan_at_once() -> None:
    texts = ["x " * 1000, "needle"]
    with ThreadPoolExecutor(4) as pool:
        scans = list(pool.map(lambda _: SCANNER.scan(texts).hits, range(64)))
    assert scans == [SCANNER.scan(texts).hits] * 64
