"""A stream cut anywhere gives the same restored text, the same findings, the same decision (DESIGN invariant 3)."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockade.app import discover_dialects
from stockade.testing.playbook import Answer, Playbook, Sent
from tests.properties.gates import OTHER_SECRET, SECRET, playbook, sample_ids, samples

REQUESTS = {
    "anthropic_messages": b'{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"%s"}]}',
    "openai_chat": b'{"model":"m","stream":true,"messages":[{"role":"user","content":"%s"}]}',
    "openai_responses": b'{"model":"m","stream":true,"input":"%s"}',
}
STAND_IN = re.compile(rb"[A-Z_]+_[a-z2-7]{16}")
WORD = re.compile(
    rb'(?<="text": ")[^"\\]{4,}|(?<="content": ")[^"\\]{4,}|(?<="delta": ")[^"\\]{4,}|(?<="text":")[^"\\]{4,}'
)


def ask(book: Playbook, dialect: str, pieces: tuple[bytes, ...]) -> dict[str, Any]:
    """Return all that may not depend on the cut."""
    path = next(d.routes[0].path for d in discover_dialects() if d.name == dialect)
    sent = Sent(path, REQUESTS[dialect] % SECRET.encode())
    played = book.play(sent, Answer(pieces, 200, "text/event-stream"))
    assert played.finished
    outcome = dict(played.records[-1])
    outcome.pop("guards")
    outcome.pop("id")
    outcome["answer"]["sent"] = outcome["answer"]["sent"]["bytes"] - len(played.body)
    return {"body": without_pings(played.body), "status": played.status, "outcome": outcome}


def without_pings(body: bytes) -> bytes:
    """Return a stream without what may overtake: pings and comments."""
    events = re.split(rb"(?<=\n\n)|(?<=\r\n\r\n)|(?<=\r\r)", body)
    return b"".join(e for e in events if not e.startswith(b":") and not e.startswith(b"event: ping"))


def cut(stream: bytes, cuts: list[int]) -> tuple[bytes, ...]:
    """Return the stream in pieces."""
    edges = sorted({0, len(stream), *[place % (len(stream) + 1) for place in cuts]})
    return tuple(stream[a:b] for a, b in pairwise(edges))


def planted(stream: bytes, stand_in: bytes) -> bytes:
    """Return the stream with a stand-in and a foreign credential in the middle of its texts."""
    number = 0

    def plant(match: re.Match[bytes]) -> bytes:
        nonlocal number
        number += 1
        text = match.group()
        middle = len(text) // 2
        inserted = (b" " + stand_in + b" ", stand_in, b" " + OTHER_SECRET.encode() + b" ")[number % 3]
        return text[:middle] + inserted + text[middle:]

    return WORD.sub(plant, stream)


@pytest.fixture(params=samples("streams"), ids=sample_ids("streams"))
def recorded(request: pytest.FixtureRequest) -> tuple[str, bytes, Playbook]:
    """Return a recorded stream, with values planted, and a gate that knows the stand-in."""
    name, _, file = request.param
    assert isinstance(file, Path)
    book = playbook()
    path = next(d.routes[0].path for d in discover_dialects() if d.name == name)
    first = book.play(Sent(path, REQUESTS[name] % SECRET.encode()), Answer((b"{}",)))
    assert first.forwarded is not None
    found = STAND_IN.search(first.forwarded)
    assert found is not None
    return name, planted(file.read_bytes(), found.group()), book


def test_byte_by_byte(recorded: tuple[str, bytes, Playbook]) -> None:
    name, stream, book = recorded
    whole = ask(book, name, (stream,))
    assert ask(book, name, tuple(bytes([byte]) for byte in stream)) == whole
    # A signature covers thinking, so the built-in policy flags there what it redacts elsewhere.
    shown = [event for event in whole["body"].split(b"\n\n") if b"thinking" not in event and b"reasoning" not in event]
    assert all(OTHER_SECRET.encode() not in event for event in shown)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.integers(0, 10**6), max_size=12))
def test_any_cut(recorded: tuple[str, bytes, Playbook], cuts: list[int]) -> None:
    name, stream, book = recorded
    assert ask(book, name, cut(stream, cuts)) == ask(book, name, (stream,))


@pytest.mark.parametrize(("name", "path", "file"), samples("streams"), ids=sample_ids("streams"))
def test_an_untouched_stream_leaves_byte_for_byte(name: str, path: str, file: Path) -> None:
    stream = file.read_bytes()
    played = playbook().play(Sent(path, REQUESTS[name] % b"hello"), Answer((stream,), 200, "text/event-stream"))
    if played.exchange.error is None and not played.records[-1]["findings"]:
        assert without_pings(played.body) == without_pings(stream)
    else:
        assert "strange" in file.stem or played.exchange.error is not None or played.records[-1]["findings"]


BROKEN = [b"data: \xff\n\n", b'data: {"type": 7\n\n', b"data: {}{}\n\n", b"data: half"]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_stream_that_breaks_gives_the_same_whatever_the_cut(
    recorded: tuple[str, bytes, Playbook], broken: bytes
) -> None:
    name, stream, book = recorded
    events = re.split(rb"(?<=\n\n)", stream)
    stream = b"".join(events[: len(events) // 2]) + broken

    def seen(pieces: tuple[bytes, ...]) -> dict[str, Any]:
        told = ask(book, name, pieces)
        return {key: told[key] for key in ("body", "status")} | {"findings": told["outcome"]["findings"]}

    whole = seen((stream,))
    assert seen(tuple(bytes([byte]) for byte in stream)) == whole
    assert seen((*events[: len(events) // 2], broken)) == whole
