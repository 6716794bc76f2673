"""The guard ran on exactly what was forwarded, and the record says so (DESIGN invariant 2 and the promise above it)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.detector import AnswerDetector, ComparingDetector, ScoreDetector
from stockade.testing.playbook import Answer, Playbook, Played, Sent
from tests.contracts.dialect_samples import allowed, check_accounted, tokens
from tests.properties.gates import SECRET, gate, inspector, sample_ids, samples
from tests.properties.test_passthrough import REFUSED, REQUESTS, sent_for

QUERY = "an%20other=word"


class Seen:
    """A gate that keeps every sequence of segments which its detectors were shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[Segment, ...]] = []
        self.passages: list[tuple[Segment, ...]] = []
        self.book = Playbook(gate(), self.inspect)

    def inspect(self, segments: Sequence[Segment], key: bytes, scope: Scope) -> Inspection:
        (self.passages if scope is Scope.PASSAGE else self.shown).append(tuple(segments))
        return inspector().inspect(segments, key, scope)


def check_forwarded(name: str, body: bytes, played: Played, shown: Sequence[Segment]) -> None:
    """Check each string of what was sent on against what detectors saw, as the standard library reads both."""
    assert played.forwarded is not None
    received, forwarded = tokens(body), tokens(played.forwarded)
    check_accounted(name, received, shown)
    assert len(forwarded) == len(received)
    seen = {segment.token for segment in shown}
    edited = [n for n, (old, new) in enumerate(zip(received, forwarded, strict=True)) if old[1] != new[1]]
    assert seen.issuperset(edited)
    # Everything else that was sent is the bytes that came: numbers, words of the protocol, spacing.
    if not edited:
        assert played.forwarded == body


def check_guards(record: dict[str, object], segments: int, passages: int | None = None) -> None:
    """Check that every detector of a side ran over that many segments, those of meaning perhaps over passages."""
    guards = record["guards"]
    assert isinstance(guards, list)
    told = {guard["detector"]: (guard["status"], guard["segments"]) for guard in guards}
    meant = segments if passages is None else passages
    of_answers = (AnswerDetector, ComparingDetector)
    asked = [each for each in discover() if record.get("intent") or not isinstance(each, of_answers)]
    assert told == {each.id: ("ran", meant if isinstance(each, ScoreDetector) else segments) for each in asked}
    assert record["guards_total"] == len(guards) == len(told)


@pytest.mark.parametrize(("name", "path", "file"), samples("requests"), ids=sample_ids("requests"))
def test_every_string_that_is_forwarded_was_seen_or_is_on_the_list(name: str, path: str, file: Path) -> None:
    seen = Seen()
    body = file.read_bytes()
    played = seen.book.play(Sent(path, body), Answer((REFUSED,), 500))
    shown = seen.shown[0]
    if played.forwarded is None:
        assert played.records[-1]["ended"] == "refused"
        check_accounted(name, tokens(body), shown)
        check_guards(played.records[-1], len(shown))
        return
    check_forwarded(name, body, played, shown)
    check_guards(played.records[0], len(shown))
    assert played.records[0]["segments"]["count"] == len(shown)


@pytest.mark.parametrize("name", list(REQUESTS))
def test_a_query_and_headers_are_segments_too(name: str) -> None:
    path = next(path for found, path, _ in samples("requests") if found == name)
    seen = Seen()
    sent = Sent(path, REQUESTS[name], query=QUERY)
    headers = (*sent.headers, ("anthropic-version", "2023-06-01"), ("openai-beta", "x=1"))
    played = seen.book.play(sent._replace(headers=headers), Answer((REFUSED,), 500))
    shown = {segment.text for segment in seen.shown[0]}
    assert {"2023-06-01", "x=1"} <= shown
    assert played.upstream is not None
    assert played.upstream.target == f"{path}?{QUERY}"
    assert {"an other", "word"} <= {part for text in shown for part in text.split("=")}
    check_guards(played.records[0], len(seen.shown[0]))


@pytest.mark.parametrize(("name", "path", "file"), samples("answers"), ids=sample_ids("answers"))
def test_every_string_of_an_answer_was_seen_or_is_on_the_list(name: str, path: str, file: Path) -> None:
    seen = Seen()
    played = seen.book.play(sent_for(name, path, file), Answer((file.read_bytes(),)))
    assert played.exchange.ended == "completed"
    shown = seen.shown[-1]
    if file.stem != "models":
        check_accounted(name, tokens(file.read_bytes()), shown)
    check_guards(played.records[0], len(seen.shown[0]))
    check_guards(played.records[-1], len(shown))


@pytest.mark.parametrize(("name", "path", "file"), samples("streams"), ids=sample_ids("streams"))
def test_every_string_of_a_stream_was_seen_or_is_on_the_list(name: str, path: str, file: Path) -> None:
    """A text that comes in pieces was seen in units: their sum is the sum of the pieces."""
    seen = Seen()
    request = REQUESTS[name][:-1] + b',"stream":true}'
    played = seen.book.play(Sent(path, request), Answer((file.read_bytes(),), 200, "text/event-stream"))
    shown = [segment.text for segments in seen.shown[1:] for segment in segments]
    keys, words = allowed(name)
    told = "".join(shown)
    for line in played.body.replace(b"\r", b"\n").split(b"\n"):
        if not line.startswith(b"data: {"):
            continue
        for is_key, text, under in tokens(line.removeprefix(b"data: ")):
            listed = text in keys if is_key else text in words.get(under, ())
            assert listed or not text or text in told or all(word in told for word in text.split()) or is_json(text)
    check_guards(played.records[-1], len(shown), sum(map(len, seen.passages)))
    read = [s for row in seen.shown[1:] for s in row if s.channel is Channel.ASSISTANT and s.kind is Kind.TEXT]
    assert bool(read) == any(seen.passages)


def is_json(text: str) -> bool:
    """Say whether a text is (a part of) a tool call's arguments, whose strings were seen one by one."""
    try:
        json.loads(text)
    except ValueError:
        return any(mark in text for mark in '{}":')
    return True


def test_an_edit_is_accounted_for() -> None:
    seen = Seen()
    body = REQUESTS["openai_chat"].replace(b"hello", b"it is " + SECRET.encode())
    played = seen.book.play(Sent("/v1/chat/completions", body), Answer((REFUSED,), 500))
    check_forwarded("openai_chat", body, played, seen.shown[0])
    assert played.forwarded != body


def test_a_string_that_nobody_saw_is_noticed() -> None:
    seen = Seen()
    body = REQUESTS["openai_chat"]
    played = seen.book.play(Sent("/v1/chat/completions", body), Answer((REFUSED,), 500))
    for number in range(len(seen.shown[0])):
        without = [segment for n, segment in enumerate(seen.shown[0]) if n != number]
        with pytest.raises(AssertionError):
            check_forwarded("openai_chat", body, played, without)
