"""The answers of Anthropic Messages.

Source: the types of the package `anthropic` 2.12 and the API reference, read November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from stockade.testing.vendor.saying import Saying, sse


def whole(saying: Saying) -> bytes:
    """Return the body of an answer that is not streamed."""
    return orjson.dumps(
        {
            **_message(saying),
            "content": _blocks(saying),
            **_stop(saying),
            "usage": {**_usage(saying), "output_tokens": saying.usage.output},
        }
    )


def events(saying: Saying) -> Iterator[bytes]:
    """Yield the server-sent events of a streamed answer."""
    start = {**_message(saying), "content": [], "stop_reason": None, "stop_sequence": None}
    start["usage"] = {**_usage(saying), "output_tokens": 1}
    yield _event({"type": "message_start", "message": start})
    for index, block in enumerate(_blocks(saying)):
        yield _event({"type": "content_block_start", "index": index, "content_block": _empty(block)})
        if index == 0:
            yield _event({"type": "ping"})
        for delta in _deltas(saying, block):
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    usage = {"output_tokens": saying.usage.output}
    yield _event({"type": "message_delta", "delta": _stop(saying), "usage": {**_usage(saying), **usage}})
    yield _event({"type": "message_stop"})


def count_tokens(body: bytes) -> bytes:
    """Return the answer of the counting route: a quarter of the bytes."""
    return orjson.dumps({"input_tokens": max(1, len(body) // 4)})


def models(names: tuple[str, ...]) -> bytes:
    """Return the list of models."""
    listed = [_listed(name) for name in names]
    first, last = (names[0], names[-1]) if names else (None, None)
    return orjson.dumps({"data": listed, "has_more": False, "first_id": first, "last_id": last})


def model(name: str) -> bytes:
    """Return what is told of one model."""
    return orjson.dumps(_listed(name))


def error_event(message: str) -> bytes:
    """Return the error that ends a stream."""
    return _event({"type": "error", "error": {"type": "overloaded_error", "message": message}})


def _listed(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}


def _event(value: dict[str, Any]) -> bytes:
    return sse(value["type"], value)


def _message(saying: Saying) -> dict[str, Any]:
    return {"id": f"msg_{saying.number:08d}", "type": "message", "role": "assistant", "model": saying.model}


def _blocks(saying: Saying) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if saying.thinking is not None:
        blocks.append({"type": "thinking", "thinking": saying.thinking.text, "signature": saying.thinking.signature})
    if saying.text:
        blocks.append({"type": "text", "text": saying.text})
    if saying.refusal is not None and saying.refusal.text:
        blocks.append({"type": "text", "text": saying.refusal.text})
    blocks.extend(
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _object(call.arguments)}
        for call in saying.calls
    )
    return blocks


def _object(arguments: str) -> object:
    try:
        return orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return {"not_json": arguments}


def _empty(block: dict[str, Any]) -> dict[str, Any]:
    match block["type"]:
        case "text":
            return {"type": "text", "text": ""}
        case "thinking":
            return {"type": "thinking", "thinking": "", "signature": ""}
        case _:
            return {**block, "input": {}}


def _deltas(saying: Saying, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "text":
            pieces = saying.pieces if saying.text else saying.cut(block["text"])
            yield from ({"type": "text_delta", "text": piece} for piece in pieces)
        case "thinking":
            for piece in saying.cut(block["thinking"]):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case _:
            arguments = next(call.arguments for call in saying.calls if call.id == block["id"])
            yield {"type": "input_json_delta", "partial_json": ""}
            for piece in saying.cut(arguments):
                yield {"type": "input_json_delta", "partial_json": piece}


def _stop(saying: Saying) -> dict[str, Any]:
    stop: dict[str, Any] = {"stop_reason": "tool_use" if saying.calls else "end_turn", "stop_sequence": None}
    if saying.refusal is not None:
        stop["stop_reason"] = "refusal"
        stop["stop_details"] = {"type": "refusal", "category": saying.refusal.category, "explanation": None}
    if saying.stop_reason:
        stop["stop_reason"] = saying.stop_reason
    return stop


def _usage(saying: Saying) -> dict[str, Any]:
    usage = saying.usage
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    }
