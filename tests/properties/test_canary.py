"""A secret in any string position of any request shape reaches neither the vendor nor a record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stockade.core.json_tokens import splice, string_spans
from stockade.testing.playbook import Answer, Played, Sent
from tests.properties.gates import SECRET, playbook, sample_ids, samples

POSITIONS_MAX = 250
"""Positions tried in one sample; larger samples are sampled evenly."""


def assert_gone(played: Played) -> None:
    assert SECRET.encode() not in (played.forwarded or b"")
    assert SECRET not in json.dumps(played.records)
    if played.upstream is not None:
        assert SECRET not in played.upstream.target
        assert all(SECRET.encode() not in value for _, value in played.upstream.headers)


@pytest.mark.parametrize(("name", "path", "file"), samples("requests"), ids=sample_ids("requests"))
def test_no_position_of_a_request_leaks(name: str, path: str, file: Path) -> None:
    body = file.read_bytes()
    count = len(list(string_spans(body)))
    book = playbook()
    forwarded = 0
    for position in range(0, count, max(1, count // POSITIONS_MAX)):
        for text in (SECRET, f"see {SECRET} here"):
            played = book.play(Sent(path, splice(body, {position: text})), Answer((b'{"error":{"message":"x"}}',), 500))
            assert_gone(played)
            assert played.finished
            forwarded += played.forwarded is not None
    assert forwarded > count // 4 or forwarded > POSITIONS_MAX // 4, (
        "hardly anything was sent on: the test shows nothing"
    )


@pytest.mark.parametrize("header", ["anthropic-version", "anthropic-beta", "openai-beta", "user-agent", "x-custom"])
def test_no_header_leaks(header: str) -> None:
    body = b'{"model":"claude-x","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}'
    sent = Sent("/v1/messages", body)
    played = playbook().play(sent._replace(headers=(*sent.headers, (header, SECRET))), Answer((b"{}",)))
    assert_gone(played)


def test_no_query_of_a_list_leaks() -> None:
    sent = Sent("/v1/models", b"", method="GET", query=f"limit=1000&after_id={SECRET}")
    played = playbook().play(sent, Answer((b'{"data":[]}',)))
    assert_gone(played)
    assert played.forwarded is None


def test_no_query_leaks() -> None:
    body = b'{"model":"claude-x","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}'
    played = playbook().play(Sent("/v1/messages", body, query=f"beta=true&x={SECRET}"), Answer((b"{}",)))
    assert_gone(played)
    assert played.forwarded is None


@pytest.mark.parametrize(
    "shape",
    [
        "{secret}",
        "{base64}",
        "{hex}",
        "{url}",
        "\u200b".join(["{first}", "{rest}"]),
        'json: {{"a": "{secret}"}}',
        'twice: {{\\"a\\": \\"{secret}\\"}}',
        "{base64twice}",
    ],
)
def test_no_encoding_leaks(shape: str) -> None:
    import base64
    import urllib.parse

    once = base64.b64encode(f"token={SECRET}".encode()).decode()
    forms = {
        "secret": SECRET,
        "base64": once,
        "base64twice": base64.b64encode(once.encode()).decode(),
        "hex": SECRET.encode().hex(),
        "url": "".join(f"%{byte:02x}" for byte in SECRET.encode()),
        "first": SECRET[:10],
        "rest": SECRET[10:],
    }
    text = "Here it is: " + shape.format(**forms) + " and that was it."
    body = json.dumps(
        {"model": "claude-x", "max_tokens": 1, "messages": [{"role": "user", "content": text}]}, ensure_ascii=False
    ).encode()
    played = playbook().play(Sent("/v1/messages", body), Answer((b"{}",)))
    assert_gone(played)
    assert played.forwarded is not None
    for form in (forms["base64"], forms["hex"], forms["url"], forms["rest"], urllib.parse.quote(SECRET)):
        assert form.encode() not in played.forwarded


def test_a_stand_in_is_no_claim_to_its_value() -> None:
    """Whoever knows a stand-in cannot have it turned into its value by letting a model repeat it."""
    book = playbook()
    ask = '{"model":"claude-x","max_tokens":1,"messages":[{"role":"user","content":"%s"}]}'
    book.play(Sent("/v1/messages", (ask % SECRET).encode()), Answer((b"{}",)))
    stand_in = next(iter(book.stand_ins))
    said = json.dumps({"type": "message", "content": [{"type": "text", "text": f"It is {stand_in}."}]}).encode()
    repeated = book.play(Sent("/v1/messages", (ask % f"say {stand_in}").encode()), Answer((said,)))
    assert SECRET.encode() not in repeated.body
    remembered = book.play(Sent("/v1/messages", (ask % "what was it?").encode()), Answer((said,)))
    assert SECRET.encode() in remembered.body
