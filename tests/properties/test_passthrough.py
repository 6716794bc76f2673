"""What nobody had to change goes through byte for byte; what comes back in stand-ins comes back whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from stockade.core.findings import DetectorRun, Inspection, RunStatus
from stockade.core.json_tokens import splice
from stockade.core.segments import Segment
from stockade.testing.playbook import Answer, Playbook, Played, Sent
from tests.contracts.dialect_samples import tokens
from tests.properties.gates import SECRET, gate, inspector, playbook, sample_ids, samples

REQUESTS = {
    "anthropic_messages": b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}',
    "openai_chat": b'{"model":"m","messages":[{"role":"user","content":"hello"}]}',
    "openai_responses": b'{"model":"m","input":"hello"}',
}
STAND_IN = "GITHUB_PERSONAL_TOKEN_" + "k3va2xm4q7w5t7p2"
LOOK_ALIKE = "GITHUB_PERSONAL_TOKEN_" + "k3va2xm4q7w5t7p3"
REFUSED = b'{"error":{"message":"no","type":"t","code":null,"param":null}}'

each_request = pytest.mark.parametrize(("name", "path", "file"), samples("requests"), ids=sample_ids("requests"))
each_answer = pytest.mark.parametrize(("name", "path", "file"), samples("answers"), ids=sample_ids("answers"))


def blind() -> Playbook:
    """Return a gate whose detectors saw everything and found nothing."""
    runs = tuple(DetectorRun(name, version, RunStatus.RAN, 1) for name, version in inspector().versions)
    return Playbook(gate(), lambda _segments, _key, _scope: Inspection((), runs))


def sent_for(name: str, path: str, file: Path) -> Sent:
    """Return the request to which an answer sample is the answer."""
    if file.stem == "models":
        sent = Sent("/v1/models", b"", method="GET")
        if name != "anthropic_messages":
            return sent
        return sent._replace(headers=(*sent.headers, ("anthropic-version", "2023-06-01")))
    return Sent(path + ("/count_tokens" if file.stem == "count" else ""), REQUESTS[name])


@each_request
def test_a_request_without_findings_is_forwarded_byte_for_byte(name: str, path: str, file: Path) -> None:
    body = file.read_bytes()
    played = blind().play(Sent(path, body), Answer((REFUSED,), 500))
    assert played.forwarded == body


@each_request
def test_a_request_whose_findings_change_nothing_is_forwarded_byte_for_byte(name: str, path: str, file: Path) -> None:
    body = file.read_bytes()
    played = playbook().play(Sent(path, body), Answer((REFUSED,), 500))
    record = played.records[0]
    edits = {"pseudonymise", "redact", "withhold"} & {finding["effect"] for finding in record["findings"]}
    if record["kind"] != "intent":
        assert record["effect"] == "deny"
    else:
        assert (played.forwarded == body) == (not edits)
        assert record["edited"] == bool(edits)


@each_answer
def test_an_answer_without_findings_comes_back_byte_for_byte(name: str, path: str, file: Path) -> None:
    body = file.read_bytes()
    played = blind().play(sent_for(name, path, file), Answer((body[:7], body[7:])))
    assert played.exchange.ended == "completed"
    if file.stem == "models":  # those that configuration does not list are taken out; here it lists all
        assert json.loads(played.body) == json.loads(body)
    else:
        assert played.body == body


@each_answer
def test_an_answer_whose_findings_change_nothing_comes_back_byte_for_byte(name: str, path: str, file: Path) -> None:
    body = file.read_bytes()
    played = playbook().play(sent_for(name, path, file), Answer((body,)))
    effects = {finding["effect"] for finding in played.records[-1]["findings"]}
    if effects <= {"allow", "flag"} and file.stem != "models":
        assert played.body == body
    else:
        assert played.body != body or file.stem == "models"


@pytest.mark.parametrize("value", ["2023-06-01", "a-1, b-2 ,c", "x" * 300, "caf\u00e9", "%41+%20"])
@pytest.mark.parametrize("header", ["anthropic-version", "anthropic-beta", "openai-beta"])
def test_the_values_of_listed_headers_are_untouched(header: str, value: str) -> None:
    sent = Sent("/v1/messages", REQUESTS["anthropic_messages"])
    played = blind().play(sent._replace(headers=(*sent.headers, (header, value))), Answer((REFUSED,), 500))
    assert played.upstream is not None
    assert [text for name, text in played.upstream.headers if name == header.encode()] == [value.encode()]


def fields(depth: int = 0) -> Iterator[Any]:
    """Yield values that no wire format knows."""
    yield from ("text", "", 1, 1.50, -0.0, 1e300, True, None, [], {})
    if depth < 2:
        yield [*fields(depth + 1)]
        yield {f'\u00e9 "key" {number}': value for number, value in enumerate(fields(depth + 1))}


@pytest.mark.parametrize("name", list(REQUESTS))
def test_unknown_fields_are_untouched_wherever_they_stand(name: str) -> None:
    path = next(path for found, path, _ in samples("requests") if found == name)
    for value in fields():
        told = json.dumps(value, indent=1).replace("1.5", "1.50")
        raw = REQUESTS[name].decode()
        bodies = [raw[:-1] + ',\t"new_field" : ' + told + " }", '{ "new_field":' + told + "," + raw[1:]]
        if "messages" in raw:
            bodies.append(raw.replace('"role":', '"new_field":' + told + ' , "role":'))
        for body in bodies:
            played = playbook().play(Sent(path, body.encode()), Answer((REFUSED,), 500))
            assert played.forwarded == body.encode()


def knowing() -> Playbook:
    """Return a gate that sees no findings and knows one stand-in."""
    book = blind()
    book.stand_ins[STAND_IN] = SECRET
    return book


@each_answer
def test_a_stand_in_anywhere_in_an_answer_becomes_its_value(name: str, path: str, file: Path) -> None:
    body = file.read_bytes()
    before = tokens(body)
    book = knowing()
    seen: Counter[str] = Counter()
    for position in range(len(before)):
        for text, expected in ((STAND_IN, SECRET), (f"a {STAND_IN}, {LOOK_ALIKE} b", f"a {SECRET}, {LOOK_ALIKE} b")):
            played = book.play(sent_for(name, path, file), Answer((splice(body, {position: text}),)))
            seen[verdict(played, before, position, text, expected)] += 1
    assert seen["restored"] > seen["unread"] or file.stem in ("models", "count")


def verdict(played: Played, before: Sequence[tuple[bool, str, str]], position: int, text: str, expected: str) -> str:
    """Say what came of a string; everything beside it must have stayed."""
    if played.status != 200:
        assert played.exchange.ended == "upstream_failed"
        return "unread"  # a word of the protocol that may not be another
    after = tokens(played.body)
    told = after[position][1]
    assert [t for n, (_, t, _) in enumerate(after) if n != position] == [
        t for n, (_, t, _) in enumerate(before) if n != position
    ]
    if told == expected:
        return "restored"
    assert told == text
    kinds = {s.kind for s in segments_of(played) if s.token == position}
    assert kinds <= {"thinking", "sealed", "binary"}, f"left as a stand-in: {before[position]}"
    return "sealed"


def segments_of(played: Played) -> tuple[Segment, ...]:
    """Return the segments of what the client got, as its dialect reads it."""
    exchange = played.exchange
    assert exchange.dialect is not None
    assert exchange.route is not None
    return exchange.dialect.parse_answer(exchange.route, played.body).segments
