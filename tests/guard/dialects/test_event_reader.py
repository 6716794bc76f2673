"""A repetition is read as what it is: with it and without it, every stream gives the same events and the same error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.app import discover_dialects
from stockade.guard.dialects.dialect import StreamEvent
from stockade.guard.dialects.event_reader import EventReader
from stockade.guard.dialects.sse import BrokenStreamError

DIALECTS = {dialect.name: dialect for dialect in discover_dialects()}

CHAT: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
RESPONSES: dict[str, Any] = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}


def messages(delta: dict[str, Any]) -> bytes:
    told = {"type": "content_block_delta", "index": 0, "delta": delta}
    return b"event: content_block_delta\ndata: " + json.dumps(told, separators=(",", ":")).encode() + b"\n\n"


def chat(delta: dict[str, Any], **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    return b"data: " + json.dumps({**CHAT, "choices": [choice], **more}).encode() + b"\n\n"


def responses(text: str, number: int, padding: str = "abc", kind: str = "response.output_text.delta") -> bytes:
    told = {"type": kind, "sequence_number": number, **RESPONSES, "delta": text, "obfuscation": padding}
    return b"event: " + kind.encode() + b"\ndata: " + json.dumps(told, ensure_ascii=False).encode() + b"\n\n"


def started(kind: str) -> bytes:
    told = {"type": "content_block_start", "index": 0, "content_block": {"type": kind, "text": ""}}
    if kind == "tool_use":
        told["content_block"] = {"type": kind, "id": "toolu_1", "name": "Bash", "input": {}}
    return b"data: " + json.dumps(told).encode() + b"\n\n"


FIRST = {
    "anthropic_messages": started("text") + messages({"type": "text_delta", "text": "word"}),
    "openai_chat": chat({"content": "word"}, obfuscation="xyz"),
    "openai_responses": responses("word", 4),
}


def read(name: str, pieces: list[bytes]) -> tuple[list[StreamEvent], str, int]:
    """Return the events, the error that ended them, and how many were read as repetitions."""
    reader = DIALECTS[name].open_stream()
    repeated = 0
    inner: Callable[..., StreamEvent | None] = EventReader._repetition

    def counted(self: EventReader, raw: bytes) -> StreamEvent | None:
        nonlocal repeated
        event = inner(self, raw)
        repeated += event is not None
        return event

    events: list[StreamEvent] = []
    with patch.object(EventReader, "_repetition", counted):
        try:
            for piece in pieces:
                events += reader.feed(piece)
        except BrokenStreamError as error:
            return [*events, *error.events], error.public, repeated
    return events, "", repeated


def read_anew(name: str, pieces: list[bytes]) -> tuple[list[StreamEvent], str]:
    """Read every event in full."""
    with patch.object(EventReader, "_repetition", lambda _self, _raw: None):
        return read(name, pieces)[:2]


REPEATED = {
    "anthropic_messages": [
        messages({"type": "text_delta", "text": ' "quoted" \\ \n\u2028 é 👋 }}'}),
        messages({"type": "text_delta", "text": ""}),
        messages({"type": "text_delta", "text": "padded"}).replace(b"}}\n\n", b"}     }\n\n"),
        b"event: ping\ndata: {}\n\n".replace(b"{}", b'{"type":"ping"}') + messages({"type": "text_delta", "text": "x"}),
    ],
    "openai_chat": [
        chat({"content": 'a "}, "b" \\"'}, obfuscation="xyz"),
        chat({"content": "a"}, obfuscation=""),
        b": comment\n\n" + chat({"content": "b"}, obfuscation="1"),
    ],
    "openai_responses": [
        responses("é👋", 5),
        responses("x", 9_999_999, ""),
        responses("x", 0).replace(b'"}\n\n', b'"   }\n\n'),
    ],
}


@pytest.mark.parametrize(("name", "event"), [(name, event) for name, events in REPEATED.items() for event in events])
def test_a_repetition_is_known_for_one_and_read_as_if_anew(name: str, event: bytes) -> None:
    stream = [FIRST[name], event]
    events, error, repeated = read(name, stream)
    assert repeated == 1
    assert (events, error) == read_anew(name, stream)
    assert not error
    assert b"".join(e.raw for e in events) == b"".join(stream)


ANEW = {
    "anthropic_messages": [
        messages({"type": "text_delta", "text": "x", "more": "y"}),
        messages({"text": "x", "type": "text_delta"}),
        messages({"type": "text_delta", "text": 5}),
        messages({"type": "text_delta", "text": "x"}).replace(b'"x"', b'"x","text":"y"'),
        messages({"type": "text_delta", "text": "x"}).replace(b'"x"', b'"\xff"'),
        messages({"type": "text_delta", "text": "x"}).replace(b'"x"', b'"\\ud800"'),
        messages({"type": "text_delta", "text": "x"}).replace(b'"x"', b'"a\tb"'),
        messages({"type": "text_delta", "text": "x"}).replace(b'"x"', b'"" ""'),
        messages({"type": "text_delta", "text": "x"}).replace(b"\n\n", b"\r\n\r\n"),
        messages({"type": "text_delta", "text": "x"}).replace(b'"index":0', b'"index":1'),
        b": aside\n" + messages({"type": "text_delta", "text": "x"}),
        b'data: {"type":"content_block_stop","index":0}\n\n' + messages({"type": "text_delta", "text": "x"}),
        b'data: {"type":"message_stop"}\n\n' + messages({"type": "text_delta", "text": "x"}),
    ],
    "openai_chat": [
        chat({"content": "x"}),
        chat({"content": "x"}, obfuscation=7),
        chat({"content": "x"}, obfuscation="xyz", model="n"),
        chat({"refusal": "x"}, obfuscation="xyz"),
        chat({"content": "x"}, obfuscation="xyz").replace(b'"finish_reason": null', b'"finish_reason": "stop"'),
        chat({"content": "x"}, obfuscation="xyz").replace(b'"logprobs": null', b'"logprobs": {"content": []}'),
        b"data: [DONE]\n\n" + chat({"content": "x"}, obfuscation="xyz"),
    ],
    "openai_responses": [
        responses("x", 12_345_678),
        responses("x", 5).replace(b'": 5,', b'": 05,'),
        responses("x", 5).replace(b'": 5,', b'": 5.5,'),
        responses("x", 5).replace(b'"output_index": 0', b'"output_index": 1'),
        responses("x", 5, kind="response.refusal.delta"),
        responses("x", 5).replace(b"event: response.output_text.delta", b"event: error"),
    ],
}


@pytest.mark.parametrize(("name", "event"), [(name, event) for name, events in ANEW.items() for event in events])
def test_what_differs_in_anything_else_is_read_anew(name: str, event: bytes) -> None:
    stream = [FIRST[name], event]
    events, error, repeated = read(name, stream)
    assert repeated == 0
    assert (events, error) == read_anew(name, stream)


UNKNOWN = b'data: {"type":"response.dream.delta","output_index":0,"delta":"%s","obfuscation":"x"}\n\n'


@pytest.mark.parametrize("texts", [(b"word", b"delta"), (b"delta", b"word"), (b"a", b"b")])
def test_what_an_unknown_event_says_is_always_read_anew(texts: tuple[bytes, bytes]) -> None:
    """There a string may be told from a key by its text alone."""
    stream = [UNKNOWN % text for text in texts]
    assert read("openai_responses", stream) == (*read_anew("openai_responses", stream), 0)


def test_a_tool_call_s_arguments_are_repetitions_that_wait_with_the_call() -> None:
    parts = [messages({"type": "input_json_delta", "partial_json": part}) for part in ('{"a"', ': "x', '"}')]
    events, error, repeated = read("anthropic_messages", [started("tool_use"), *parts])
    assert (error, repeated) == ("", 2)
    assert [event.holds for event in events] == ["0"] * 4
    assert "".join(event.pieces[0].segment.text for event in events[1:]) == '{"a": "x"}'


def test_a_repetition_hands_out_the_same_segment_for_what_does_not_change() -> None:
    """The window judges such a text once."""
    first, second = read("openai_chat", [FIRST["openai_chat"], REPEATED["openai_chat"][0]])[0]
    same = [a.segment for a, b in zip(first.pieces, second.pieces, strict=True) if a.segment is b.segment]
    assert [segment.path[0] for segment in same] == ["id", "model"]


MUTATED = st.sampled_from(
    [b'"', b"\\", b"}", b"{", b",", b" ", b"\n", b"\r", b"\xc3", b"0", b'"text"', b"\xef\xbb\xbf"]
)


@given(st.sampled_from(sorted(REPEATED)), st.data())
def test_any_change_of_a_repetition_is_read_as_if_anew(name: str, data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(REPEATED[name]))
    at = data.draw(st.integers(0, len(event)))
    gone = data.draw(st.integers(0, 3))
    stream = [FIRST[name], event[:at] + data.draw(MUTATED | st.just(b"")) + event[at + gone :], *REPEATED[name]]
    assert read(name, stream)[:2] == read_anew(name, stream)


@given(st.sampled_from(sorted(FIRST)), st.lists(st.text(max_size=12), max_size=8))
def test_any_text_is_read_as_if_anew(name: str, texts: list[str]) -> None:
    make: dict[str, Callable[[str], bytes]] = {
        "anthropic_messages": lambda text: messages({"type": "text_delta", "text": text}),
        "openai_chat": lambda text: chat({"content": text}, obfuscation=text[:3]),
        "openai_responses": lambda text: responses(text, len(text), text[:3]),
    }
    stream = [FIRST[name], *(make[name](text) for text in texts if text.isprintable())]
    events, error, repeated = read(name, stream)
    assert (events, error) == read_anew(name, stream)
    assert repeated == len(stream) - 1
