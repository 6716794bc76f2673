"""The answers of OpenAI Responses.

Source: the types of the package `openai` 3.54 and the API reference, read November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from stockade.testing.vendor.saying import Call, Saying, sse

CREATED = 1_767_225_600


def whole(saying: Saying) -> bytes:
    """Return the body of an answer that is not streamed."""
    return orjson.dumps(_response(saying, "completed"))


def events(saying: Saying) -> Iterator[bytes]:
    """Yield the server-sent events of a streamed answer, numbered in sequence."""
    for number, event in enumerate(_events(saying)):
        yield sse(event["type"], {"type": event["type"], "sequence_number": number, **event})


def error_event(message: str) -> bytes:
    """Return the error that ends a stream."""
    error = {"type": "error", "sequence_number": 0, "code": "server_error", "message": message, "param": None}
    return sse("error", error)


def _events(saying: Saying) -> Iterator[dict[str, Any]]:
    for name in ("created", "in_progress"):
        yield {"type": f"response.{name}", "response": _response(saying, "in_progress")}
    for index, item in enumerate(_items(saying)):
        started = {**item, "status": "in_progress"}
        if item["type"] == "reasoning":
            started = {**item, "summary": []}
        elif item["type"] == "message":
            started["content"] = []
        else:
            started["input" if item["type"] == "custom_tool_call" else "arguments"] = ""
        yield {"type": "response.output_item.added", "output_index": index, "item": started}
        yield from _inside(saying, item, {"item_id": item["id"], "output_index": index})
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    last = _response(saying, "completed")
    yield {"type": f"response.{last['status']}", "response": last}


def _inside(saying: Saying, item: dict[str, Any], at: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events between an item's start and its end."""
    if item["type"] == "function_call":
        kind = "response.function_call_arguments"
        for piece in saying.cut(item["arguments"]):
            yield {"type": f"{kind}.delta", **at, "delta": piece}
        yield {"type": f"{kind}.done", **at, "name": item["name"], "arguments": item["arguments"]}
    elif item["type"] == "custom_tool_call":
        kind = "response.custom_tool_call_input"
        for piece in saying.cut(item["input"]):
            yield {"type": f"{kind}.delta", **at, "delta": piece}
        yield {"type": f"{kind}.done", **at, "input": item["input"]}
    elif item["type"] == "reasoning":
        at = {**at, "summary_index": 0}
        part = item["summary"][0]
        kind = "response.reasoning_summary"
        yield {"type": f"{kind}_part.added", **at, "part": {**part, "text": ""}}
        for piece in saying.cut(part["text"]):
            yield {"type": f"{kind}_text.delta", **at, "delta": piece}
        yield {"type": f"{kind}_text.done", **at, "text": part["text"]}
        yield {"type": f"{kind}_part.done", **at, "part": part}
    else:
        at = {**at, "content_index": 0}
        part = item["content"][0]
        field, kind = ("refusal", "refusal") if part["type"] == "refusal" else ("text", "output_text")
        pieces = saying.pieces if field == "text" else saying.cut(part[field])
        more: dict[str, Any] = {"logprobs": []} if field == "text" else {}
        yield {"type": "response.content_part.added", **at, "part": {**part, field: ""}}
        for piece in pieces:
            yield {"type": f"response.{kind}.delta", **at, "delta": piece, **more}
        yield {"type": f"response.{kind}.done", **at, field: part[field], **more}
        yield {"type": "response.content_part.done", **at, "part": part}


def _items(saying: Saying) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    number = f"{saying.number:08d}"
    if saying.thinking is not None:
        summary = [{"type": "summary_text", "text": saying.thinking.text}]
        sealed = saying.thinking.signature
        items.append({"id": f"rs_{number}", "type": "reasoning", "summary": summary, "encrypted_content": sealed})
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "status": "completed"}
    if saying.refusal is not None and saying.refusal.text:
        items.append({**message, "content": [{"type": "refusal", "refusal": saying.refusal.text}]})
    elif saying.text:
        part = {"type": "output_text", "text": saying.text, "annotations": [], "logprobs": []}
        items.append({**message, "content": [part]})
    items.extend(_call(call, f"{number}{n:02d}") for n, call in enumerate(saying.calls))
    return items


def _call(call: Call, number: str) -> dict[str, Any]:
    said = {"status": "completed", "call_id": call.id, "name": call.name}
    if call.custom:
        return {"id": f"ctc_{number}", "type": "custom_tool_call", **said, "input": call.arguments}
    return {"id": f"fc_{number}", "type": "function_call", **said, "arguments": call.arguments}


def _response(saying: Saying, status: str) -> dict[str, Any]:
    done = status == "completed"
    incomplete = None
    if done and saying.refusal is not None and not saying.refusal.text:
        status, incomplete = "incomplete", {"reason": "content_filter"}
    return {
        "id": f"resp_{saying.number:08d}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": incomplete,
        "instructions": None,
        "max_output_tokens": None,
        "model": saying.model,
        "output": _items(saying) if done else [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(saying) if done else None,
        "user": None,
        "metadata": {},
    }


def _usage(saying: Saying) -> dict[str, Any]:
    usage = saying.usage
    total = usage.input + usage.cache_read + usage.cache_write
    return {
        "input_tokens": total,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": total + usage.output,
    }
