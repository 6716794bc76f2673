"""The contract of every detector that lies in guard/detectors: its corpus, its card, its spans under any surroundings.

A corpus is `corpus.jsonl` beside the detector, one row a line: `text`, or `text_parts` that are joined (so that no
file holds a whole credential), and `findings`, a list of `rule`, `start`, `end` in code points; an empty list is a
near-miss. `channel` says who speaks where that matters. Detectors of form find their corpus to the character; those
that go by scores find most of it, somewhere around the marked words: which rows depends on the weights. A row of a
detector that compares has a `system` prompt, which its `text` answers.
"""

import base64
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Finding, Inspection
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.comparing import Comparison
from stockade.guard.detectors.detector import (
    AnswerDetector,
    ComparingDetector,
    Detector,
    PatternDetector,
    ScoreDetector,
)
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.patterns import VALUE_CHARS_MIN
from stockade.guard.pipeline.units import unit_end
from stockade.stores.weights import load_classifier

KEY = b"a key of the tests"
MISSED_MAX, WRONG_MAX = 0.25, 0.1
HEADINGS = ("Finds:", "Why it matters:", "Example:", "Known misses:", "Cost:")
DETECTORS = {detector.id: detector for detector in discover()}
PATTERNS = [name for name, detector in DETECTORS.items() if isinstance(detector, PatternDetector)]
SCORED = [name for name, detector in DETECTORS.items() if isinstance(detector, ScoreDetector)]
COMPARING = [name for name, detector in DETECTORS.items() if isinstance(detector, ComparingDetector)]
FORMS = [name for name in DETECTORS if name not in SCORED and name not in COMPARING]
FILLER = (
    "The garden is green.\n",
    "naïve café — ☕\n",
    "x = [1, 2, 3]\n",
    "\n\n",
    "日本語の文\n",
    "if (a < b) { return; }\n",
)

Span = tuple[str, int, int]


class Row(NamedTuple):
    text: str
    spans: tuple[Span, ...]
    channel: Channel = Channel.USER
    system: str = ""


@cache
def corpus(name: str) -> tuple[Row, ...]:
    source = files(type(DETECTORS[name]).__module__.rpartition(".")[0]).joinpath("corpus.jsonl")
    rows = []
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = row["text"] if "text" in row else "".join(row["text_parts"])
        spans = ((found["rule"], found["start"], found["end"]) for found in row["findings"])
        channel = Channel(row.get("channel", spoken(name)))
        ordered = tuple(sorted(spans, key=lambda span: span[1]))
        rows.append(Row(text, ordered, channel, row.get("system", "")))
    return tuple(rows)


def spoken(name: str) -> Channel:
    """Return who speaks in a corpus: the user, or the channel that a detector reads instead."""
    detector = DETECTORS[name]
    if isinstance(detector, AnswerDetector):
        return Channel.ASSISTANT
    if not isinstance(detector, ScoreDetector) or Channel.USER in detector.channels:
        return Channel.USER
    return Channel.TOOL_RESULT


def positives(name: str) -> list[Row]:
    return [row for row in corpus(name) if row.spans]


def rules(detector: Detector) -> list[str]:
    return (
        [pattern.rule for pattern in detector.patterns] if isinstance(detector, PatternDetector) else [*detector.rules]
    )


@cache
def inspector(name: str) -> Inspector:
    return Inspector([DETECTORS[name]], classifier=load_classifier() if name in SCORED else None)


def inspect(name: str, *texts: str, channel: Channel | None = None) -> Inspection:
    channel = channel or spoken(name)
    segments = [Segment(("messages", n), text, "user", channel, Kind.TEXT, n) for n, text in enumerate(texts)]
    inspection = inspector(name).inspect(segments, KEY)
    assert inspection.complete
    return inspection


def spans(findings: Sequence[Finding]) -> tuple[Span, ...]:
    return tuple((finding.rule, finding.start, finding.end) for finding in findings)


def found_in(name: str, row: Row) -> tuple[str, ...]:
    """Return the rules found in a row of a scored detector's corpus, around the marked words where there are any."""
    findings = inspect(name, row.text, channel=row.channel).findings
    low, high = min((s for _, s, _ in row.spans), default=0), max((e for _, _, e in row.spans), default=len(row.text))
    return tuple(finding.rule for finding in findings if finding.start < high and finding.end > low)


@pytest.mark.parametrize("name", SCORED)
def test_it_finds_most_of_its_corpus_and_hardly_a_near_miss(name: str) -> None:
    missed = [row.text for row in positives(name) if found_in(name, row) != (row.spans[0][0],)]
    wrong = [row.text for row in corpus(name) if not row.spans and found_in(name, row)]
    assert len(missed) <= MISSED_MAX * len(positives(name)), missed
    assert len(wrong) <= WRONG_MAX * (len(corpus(name)) - len(positives(name))), wrong


@pytest.mark.parametrize("name", SCORED)
def test_whom_it_does_not_read_it_does_not_judge(name: str) -> None:
    detector = DETECTORS[name]
    assert isinstance(detector, ScoreDetector)
    for channel in set(Channel) - detector.channels:
        assert [row.text for row in positives(name) if inspect(name, row.text, channel=channel).findings] == []


@pytest.mark.parametrize("name", FORMS)
def test_its_corpus_is_found_to_the_character_and_near_misses_are_not(name: str) -> None:
    wrong = [
        (row.text, row.spans, found)
        for row in corpus(name)
        if (found := spans(inspect(name, row.text).findings)) != row.spans
    ]
    assert wrong == []


def compared(name: str, system: str, text: str) -> tuple[Span, ...]:
    """Return what a detector that compares finds in an answer to a request with a system prompt."""
    detector = DETECTORS[name]
    assert isinstance(detector, ComparingDetector)
    request = [Segment(("system",), system, "system", Channel.SYSTEM, Kind.TEXT, 0)]
    comparison = Comparison([detector], request, KEY)
    answer = Segment(("content", 0), text, "assistant", Channel.ASSISTANT, Kind.TEXT, 0)
    found = spans(comparison.look([answer], [0]))
    assert not comparison.failed
    return found


@pytest.mark.parametrize("name", COMPARING)
def test_what_it_compares_is_found_to_the_character(name: str) -> None:
    wrong = [
        (row.text, row.spans, found)
        for row in corpus(name)
        if (found := compared(name, row.system, row.text)) != row.spans
    ]
    assert wrong == []


@pytest.mark.parametrize("name", COMPARING)
def test_what_it_compares_is_found_wherever_it_stands(name: str) -> None:
    for row in positives(name):
        before = "".join(FILLER) * 3
        moved = tuple((rule, start + len(before), end + len(before)) for rule, start, end in row.spans)
        assert compared(name, row.system, before + row.text + "\n" + FILLER[0]) == moved


@pytest.mark.parametrize("name", DETECTORS)
def test_its_corpus_has_every_rule_and_near_misses(name: str) -> None:
    shown = {rule for row in corpus(name) for rule, _, _ in row.spans}
    assert set(rules(DETECTORS[name])) - shown == set()
    assert len([row for row in corpus(name) if not row.spans]) >= 10


@pytest.mark.parametrize("name", DETECTORS)
def test_its_card_is_complete(name: str) -> None:
    card = type(DETECTORS[name]).__doc__ or ""
    places = [card.find(heading) for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    ends = [*places[1:], len(card)]
    for heading, start, end in zip(HEADINGS, places, ends, strict=True):
        assert len(card[start + len(heading) : end].split()) >= 3, f"{heading} says nothing"
    assert any(character.isdigit() for character in card[places[-1] :]), "Cost: names no figure"


@pytest.mark.parametrize("name", DETECTORS)
def test_its_rules_are_named_once_and_its_id_is_stable(name: str) -> None:
    detector = DETECTORS[name]
    assert len(set(rules(detector))) == len(rules(detector)) > 0
    assert detector.version
    weights = f"+{load_classifier().version}" if name in SCORED else ""
    if name not in COMPARING:
        assert inspector(name).versions == ((name, detector.version + weights),)


@pytest.mark.parametrize("name", PATTERNS)
def test_its_patterns_say_whence_and_how_sure(name: str) -> None:
    detector = DETECTORS[name]
    assert isinstance(detector, PatternDetector)
    for pattern in detector.patterns:
        assert pattern.source, pattern.rule
        assert 0 < pattern.score < 1, pattern.rule
        assert pattern.label == pattern.label.upper(), pattern.rule
        assert 2 <= len(pattern.label) <= 41, pattern.rule


def units(text: str) -> list[tuple[int, int]]:
    """Return the pieces in which a stream would judge and release this text."""
    ends = [0]
    while (end := unit_end(text, ends[-1], final=True)) is not None:
        ends.append(end)
    assert ends[-1] == len(text)
    return list(pairwise(ends))


@pytest.mark.parametrize("name", PATTERNS)
def test_its_values_suit_the_stream_window(name: str) -> None:
    for row in positives(name):
        for rule, start, end in row.spans:
            assert end - start >= VALUE_CHARS_MIN, rule
            assert any(low <= start and end <= high for low, high in units(row.text)), rule


@pytest.mark.parametrize("name", FORMS)
@given(data=st.data())
def test_a_value_is_found_wherever_it_stands(name: str, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(positives(name)))
    before = "".join(data.draw(st.lists(st.sampled_from(FILLER), max_size=30))) + "\n"
    after = "\n" + "".join(data.draw(st.lists(st.sampled_from(FILLER), max_size=5)))
    expected = tuple((rule, start + len(before), end + len(before)) for rule, start, end in row.spans)
    assert spans(inspect(name, before + row.text + after).findings) == expected


@pytest.mark.parametrize("name", DETECTORS)
@given(data=st.data())
def test_segments_are_judged_together_as_each_alone(name: str, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.sampled_from(corpus(name)), min_size=1, max_size=6))
    texts = [piece for row in rows for piece in _cut(row.text, data)]
    together = inspect(name, *texts)
    alone = [(n, *span) for n, text in enumerate(texts) for span in spans(inspect(name, text).findings)]
    assert [(f.segment, f.rule, f.start, f.end) for f in together.findings] == alone


def _cut(text: str, data: st.DataObject) -> tuple[str, ...]:
    """Return the text whole or in two, anywhere, so that a value that crosses from segment to segment would show."""
    place = data.draw(st.none() | st.integers(0, len(text)))
    return (text,) if place is None else (text[:place], text[place:])


@pytest.mark.parametrize("name", FORMS)
def test_a_cleaned_text_is_clean(name: str) -> None:
    for row in positives(name):
        text = row.text
        for finding in reversed(inspect(name, text).findings):
            text = f"{text[: finding.start]}{finding.label}_abcdefgh23456777{text[finding.end :]}"
        assert spans(inspect(name, text).findings) == ()


@pytest.mark.parametrize("name", FORMS)
def test_a_redacted_text_is_clean(name: str) -> None:
    for row in positives(name):
        text = row.text
        for finding in reversed(inspect(name, text).findings):
            text = f"{text[: finding.start]}[REDACTED:{finding.label}]{text[finding.end :]}"
        assert spans(inspect(name, text).findings) == ()


ENCODINGS = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "url": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "json": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "base64 in url": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_value_is_found_in_an_encoded_text(name: str, encoding: str) -> None:
    detector = DETECTORS[name]
    assert isinstance(detector, PatternDetector)
    if not detector.opens_views:
        pytest.skip("says that it opens no views")
    missed = []
    for row in positives(name):
        if len(row.text) < 24 or any(ord(character) > 0xFFFF for character in row.text):
            continue  # shorter runs are not opened (core/views)
        encoded = ENCODINGS[encoding](f"see\n{row.text}\nthere")
        found = inspect(name, f"x: {encoded} .").findings
        if not any(finding.rule == row.spans[0][0] and finding.views for finding in found):
            missed.append((row.text, spans(found)))
    assert missed == []


def test_there_are_the_detectors_that_the_gate_needs() -> None:
    assert "secrets.credentials" in DETECTORS
