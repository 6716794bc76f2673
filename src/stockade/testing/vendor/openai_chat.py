"""The answers of OpenAI Chat Completions.

Source: the types of the package `openai` 3.54 and the API reference, read November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from stockade.testing.vendor.saying import Saying, sse

CREATED = 1_767_225_600
DONE = b"data: [DONE]\n\n"


def whole(saying: Saying) -> bytes:
    """Return the body of an answer that is not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": saying.text or None, "refusal": None, "annotations": []}
    if saying.refusal is not None:
        message["refusal"] = saying.refusal.text or None
    if saying.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in saying.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(saying)}
    return orjson.dumps({**_head(saying, "chat.completion"), "choices": [choice], "usage": _usage(saying)})


def events(saying: Saying) -> Iterator[bytes]:
    """Yield the server-sent events of a streamed answer."""
    yield _chunk(saying, {"role": "assistant", "content": "", "refusal": None})
    for piece in saying.pieces:
        yield _chunk(saying, {"content": piece})
    if saying.refusal is not None:
        for piece in saying.cut(saying.refusal.text):
            yield _chunk(saying, {"refusal": piece})
    for index, call in enumerate(saying.calls):
        start = {"name": call.name, "arguments": ""}
        yield _chunk(saying, {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": start}]})
        for piece in saying.cut(call.arguments):
            yield _chunk(saying, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield _chunk(saying, {}, _finish(saying))
    if saying.usage_in_stream:
        yield sse("", {**_head(saying, "chat.completion.chunk"), "choices": [], "usage": _usage(saying)})
    yield DONE


def models(names: tuple[str, ...]) -> bytes:
    """Return the list of models."""
    return orjson.dumps({"object": "list", "data": [_listed(name) for name in names]})


def model(name: str) -> bytes:
    """Return what is told of one model."""
    return orjson.dumps(_listed(name))


def error_event(message: str) -> bytes:
    """Return the error that ends a stream."""
    return sse("", {"error": {"message": message, "type": "server_error", "param": None, "code": None}})


def _listed(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "fake"}


def _head(saying: Saying, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{saying.number:08d}",
        "object": kind,
        "created": CREATED,
        "model": saying.model,
        "service_tier": "default",
        "system_fingerprint": "fp_fake",
    }


def _chunk(saying: Saying, delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    value = {**_head(saying, "chat.completion.chunk"), "choices": [choice]}
    if saying.usage_in_stream:
        value["usage"] = None
    return sse("", value)


def _finish(saying: Saying) -> str:
    if saying.stop_reason:
        return saying.stop_reason
    if saying.refusal is not None:
        return "content_filter"
    return "tool_calls" if saying.calls else "stop"


def _usage(saying: Saying) -> dict[str, Any]:
    usage = saying.usage
    prompt = usage.input + usage.cache_read + usage.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.output,
        "total_tokens": prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }
