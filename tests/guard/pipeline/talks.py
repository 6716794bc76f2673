"""One exchange in each wire format: what a client asks, what a vendor says, and what the client reads of it.

The vendor's answers are written by the fake vendor; what comes back is read here with the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stockade.testing.playbook import Answer, Played, Sent
from stockade.testing.vendor import anthropic, openai_chat, openai_responses
from stockade.testing.vendor.saying import Call, Saying, cut
from stockade.testing.vendor.script import Thinking, Tokens

DIALECTS = ("anthropic_messages", "openai_chat", "openai_responses")
PATHS = dict(zip(DIALECTS, ("/v1/messages", "/v1/chat/completions", "/v1/responses"), strict=True))
WRITERS: dict[str, Any] = dict(zip(DIALECTS, (anthropic, openai_chat, openai_responses), strict=True))
STREAM = "text/event-stream"

each_dialect = pytest.mark.parametrize("dialect", DIALECTS)
each_way = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def ask(dialect: str, text: str, *, stream: bool = False, model: str = "m-1") -> Sent:
    """Return a user's request."""
    body: dict[str, Any] = {"model": model}
    if dialect == "anthropic_messages":
        body["max_tokens"] = 99
    if stream:
        body["stream"] = True
    if dialect == "openai_responses":
        body["input"] = text
    else:
        body["messages"] = [{"role": "user", "content": text}]
    return Sent(PATHS[dialect], json.dumps(body).encode())


def say(
    text: str = "",
    *,
    calls: Sequence[Call] = (),
    thinking: str = "",
    pieces: Sequence[str] = (),
    chunk: int | str = 5,
) -> Saying:
    """Return what the vendor is to say; `chunk` characters are in each piece of a stream."""
    return Saying(
        number=7,
        model="m-1-served",
        text=text,
        pieces=tuple(pieces) or cut(text, chunk),
        thinking=Thinking(thinking) if thinking else None,
        calls=tuple(calls),
        refusal=None,
        stop_reason="",
        usage=Tokens(input=25, output=15, cache_read=4000, cache_write=300, reasoning=3),
        usage_in_stream=True,
        chunks=chunk,
    )


def answer(dialect: str, saying: Saying, *, streamed: bool) -> Answer:
    """Return the vendor's answer: one piece for each event of a stream."""
    writer = WRITERS[dialect]
    if streamed:
        return Answer(tuple(writer.events(saying)), 200, STREAM)
    return Answer((writer.whole(saying),))


@dataclass(slots=True)
class Heard:
    """What the client reads of an answer, whole or streamed. `order` names each part as it begins."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    stop: str = ""
    error: str = ""
    order: list[str] = field(default_factory=list)


def hear(dialect: str, played: Played) -> Heard:
    """Read a reply as its client does. Fails when it mixes a stream with a plain body."""
    media = dict(played.headers)[b"content-type"].split(b";")[0]
    if media == b"application/json":
        return _WHOLE[dialect](json.loads(played.body))
    assert media == STREAM.encode()
    return _STREAMED[dialect](list(events(played.body)))


def events(body: bytes) -> list[dict[str, Any]]:
    """Return the data of every event; anything in a stream that is no event fails."""
    found: list[dict[str, Any]] = []
    assert body.endswith(b"\n\n"), "a stream ends with a whole event"
    for frame in body.decode().split("\n\n")[:-1]:
        data = ""
        for line in frame.split("\n"):
            name, colon, value = line.partition(": ")
            assert colon, f"not a line of an event: {line[:40]}"
            assert name in ("", "event", "data"), f"not a line of an event: {line[:40]}"
            data += value if name == "data" else ""
        if data and data != "[DONE]":
            found.append(json.loads(data))
    return found


def _anthropic_whole(body: dict[str, Any]) -> Heard:
    heard = Heard()
    if body["type"] == "error":
        heard.error = body["error"]["message"]
        return heard
    for block in body["content"]:
        heard.order.append(block["type"])
        if block["type"] == "text":
            heard.text += block["text"]
        elif block["type"] == "tool_use":
            heard.calls.append((block["name"], json.dumps(block["input"])))
    heard.stop = body["stop_reason"]
    return heard


def _anthropic_streamed(found: list[dict[str, Any]]) -> Heard:
    heard = Heard()
    for event in found:
        if event["type"] == "error":
            heard.error = event["error"]["message"]
        elif event["type"] == "content_block_start":
            block = event["content_block"]
            heard.order.append(block["type"])
            heard.text += block.get("text", "")
            if block["type"] == "tool_use":
                heard.calls.append((block["name"], ""))
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            heard.text += delta.get("text", "")
            if "partial_json" in delta:
                name, arguments = heard.calls[-1]
                heard.calls[-1] = (name, arguments + delta["partial_json"])
        elif event["type"] == "message_delta":
            heard.stop = event["delta"]["stop_reason"]
    return heard


def _chat_whole(body: dict[str, Any]) -> Heard:
    heard = Heard()
    if "error" in body:
        heard.error = body["error"]["message"]
        return heard
    choice = body["choices"][0]
    if choice["message"]["content"]:
        heard.order.append("text")
        heard.text = choice["message"]["content"]
    for call in choice["message"].get("tool_calls") or []:
        heard.order.append("tool_use")
        heard.calls.append((call["function"]["name"], call["function"]["arguments"]))
    heard.stop = choice["finish_reason"]
    return heard


def _chat_streamed(found: list[dict[str, Any]]) -> Heard:
    heard = Heard()
    for event in found:
        if "error" in event:
            heard.error = event["error"]["message"]
            continue
        for choice in event["choices"]:
            heard.text += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls") or []:
                if call["index"] == len(heard.calls):
                    heard.calls.append((call["function"]["name"], ""))
                name, arguments = heard.calls[call["index"]]
                heard.calls[call["index"]] = (name, arguments + call["function"].get("arguments", ""))
            heard.stop = choice["finish_reason"] or heard.stop
    heard.order = ["text"] * bool(heard.text) + ["tool_use"] * len(heard.calls)
    return heard


def _responses_whole(body: dict[str, Any]) -> Heard:
    heard = Heard()
    if body.get("error"):
        heard.error = body["error"]["message"]
        return heard
    for item in body["output"]:
        heard.order.append({"message": "text", "function_call": "tool_use"}.get(item["type"], item["type"]))
        if item["type"] == "message":
            heard.text += "".join(part.get("text", "") for part in item["content"])
        elif item["type"] == "function_call":
            heard.calls.append((item["name"], item["arguments"]))
    heard.stop = body["status"]
    return heard


def _responses_streamed(found: list[dict[str, Any]]) -> Heard:
    heard, repeated = Heard(), Heard()
    for event in found:
        match event["type"]:
            case "error":
                heard.error = event.get("message") or event["error"]["message"]
            case "response.failed":
                heard.error = event["response"]["error"]["message"]
            case "response.output_text.delta":
                heard.text += event["delta"]
            case "response.output_item.added" if event["item"]["type"] == "function_call":
                heard.calls.append((event["item"]["name"], ""))
            case "response.function_call_arguments.delta":
                name, arguments = heard.calls[-1]
                heard.calls[-1] = (name, arguments + event["delta"])
            case "response.completed":
                repeated = _responses_whole(event["response"])
                heard.stop, heard.order = repeated.stop, repeated.order
                # A withheld text is a notice as a whole in the last event; its deltas began before it was known.
                assert heard.text.endswith(repeated.text), "the last event tells it otherwise"
                assert repeated.calls == heard.calls, "the last event tells it otherwise"
            case _:
                pass
    return heard


_WHOLE = dict(zip(DIALECTS, (_anthropic_whole, _chat_whole, _responses_whole), strict=True))
_STREAMED = dict(zip(DIALECTS, (_anthropic_streamed, _chat_streamed, _responses_streamed), strict=True))
