"""Streams: judged as they come, ended by their own last event or by an error event, never merely cut."""

from __future__ import annotations

import json

import pytest

from stockade.core.limits import KEEPALIVE_EVENTS
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline import stream
from stockade.testing.playbook import Answer, Played
from stockade.testing.vendor.saying import Call
from tests.guard.pipeline.talks import STREAM, answer, ask, each_dialect, events, hear, say
from tests.properties.gates import OTHER_SECRET, playbook

SAID = "One two three four five."


def play(dialect: str, pieces: tuple[bytes, ...]) -> Played:
    return playbook().play(ask(dialect, "hello", stream=True), Answer(pieces, 200, STREAM))


def pieces(dialect: str, text: str = SAID, *calls: Call) -> tuple[bytes, ...]:
    return answer(dialect, say(text, calls=calls, chunk="words"), streamed=True).pieces


@each_dialect
def test_a_stream_that_breaks_off_ends_with_an_error_event(dialect: str) -> None:
    whole = pieces(dialect)
    for number in range(len(whole) - 1 - (dialect == "openai_chat")):
        played = play(dialect, whole[:number])
        heard = hear(dialect, played)
        assert heard.error
        assert heard.stop in ("", "stop", "end_turn")
        assert SAID.startswith(heard.text)
        assert played.finished
        assert played.records[-1]["ended"] == "upstream_failed"
        assert played.records[-1]["error"] == "upstream"


@each_dialect
@pytest.mark.parametrize("rubbish", [b"data: <html>\n\n", b"data: {\n\n", b"data: []\n\n", b'data: {"a":"\xff"}\n\n'])
def test_what_cannot_be_read_ends_the_stream_with_an_error_event(dialect: str, rubbish: bytes) -> None:
    whole = pieces(dialect)
    played = play(dialect, (*whole[:6], rubbish, *whole[6:]))
    assert hear(dialect, played).error
    assert rubbish not in played.body
    assert "five" not in hear(dialect, played).text


@each_dialect
def test_a_stream_past_its_bound_is_stopped(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pieces(dialect)
    monkeypatch.setattr(stream, "STREAM_BYTES_MAX", sum(map(len, whole)) - 1)
    heard = hear(dialect, play(dialect, whole))
    assert "longer" in heard.error
    monkeypatch.setattr(stream, "STREAM_BYTES_MAX", sum(map(len, whole)))
    assert hear(dialect, play(dialect, whole)).text == SAID


@each_dialect
def test_text_flows_while_the_vendor_still_speaks(dialect: str) -> None:
    """What leaves after each read is all that was judged by then: at most one word waits."""
    whole = pieces(dialect)
    sent: list[str] = []
    reads: list[str] = []

    def look(command: object) -> None:
        if isinstance(command, c.ReadUpstream):
            reads.append("".join(sent))
        if isinstance(command, c.SendBody):
            sent.append(command.data.decode())

    playbook().play(ask(dialect, "hello", stream=True), Answer(whole, 200, STREAM), look)
    first = next(number for number, piece in enumerate(whole) if b'"Two' in piece or b"two " in piece)
    assert "One " not in reads[first - 1]
    assert "One " in reads[first + 1]
    assert "three" not in reads[first + 1]


@each_dialect
def test_text_before_a_call_flows_and_the_call_waits(dialect: str) -> None:
    call = Call("call_1", "Bash", json.dumps({"command": "x" * 40, "more": "done"}))
    whole = answer(dialect, say("Look here.", calls=[call], chunk=5), streamed=True).pieces
    closing = next(n for n in range(len(whole)) if b"done" in b"".join(whole[: n + 1]) or b"one" in whole[n][-40:])
    seen: list[bytes] = []
    number = 0

    def look(command: object) -> None:
        nonlocal number
        if isinstance(command, c.ReadUpstream):
            number += 1
        if isinstance(command, c.SendBody) and number <= closing:
            seen.append(command.data)

    played = playbook().play(ask(dialect, "hello", stream=True), Answer(whole, 200, STREAM), look)
    early = b"".join(seen)
    assert b"Look" in early
    assert b"Bash" not in early
    assert b"xxxx" not in early
    assert hear(dialect, played).calls == [("Bash", call.arguments)]


@each_dialect
def test_a_long_call_gives_signs_of_life_that_are_no_events(dialect: str) -> None:
    call = Call("call_1", "Write", json.dumps({"text": "word " * 400}))
    whole = answer(dialect, say("Look.", calls=[call], chunk=10), streamed=True).pieces
    played = play(dialect, whole)
    assert played.body.count(b": stockade") >= len(whole) // KEEPALIVE_EVENTS - 1 > 0
    assert hear(dialect, played).calls == [("Write", call.arguments)]
    assert len(events(played.body)) == len(events(b"".join(whole)))


@each_dialect
def test_an_error_of_the_vendor_s_own_passes_and_is_recorded_as_one(dialect: str) -> None:
    error = {
        "anthropic_messages": (
            b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Busy"}}\n\n'
        ),
        "openai_chat": b'data: {"error":{"message":"Busy","type":"server_error","param":null,"code":null}}\n\n',
        "openai_responses": (
            b'event: error\ndata: {"type":"error","sequence_number":9,"code":"server_error",'
            b'"message":"Busy","param":null}\n\n'
        ),
    }[dialect]
    whole = pieces(dialect)
    played = play(dialect, (*whole[:6], error))
    assert hear(dialect, played).error == "Busy"
    outcome = played.records[-1]
    assert outcome["ended"] == "upstream_failed"
    assert outcome["vendor_error"] in ("overloaded_error", "server_error")


@each_dialect
@pytest.mark.parametrize("line", [": {}", "{}", "id: {}", "retry: {}", "event: {}", "data: {{}}\n: {}"])
def test_a_secret_in_a_line_that_clients_skip_does_not_pass(dialect: str, line: str) -> None:
    whole = pieces(dialect)
    played = play(dialect, (*whole[:6], line.format(OTHER_SECRET).encode() + b"\n\n", *whole[6:]))
    assert OTHER_SECRET.encode() not in played.body
    assert played.finished
