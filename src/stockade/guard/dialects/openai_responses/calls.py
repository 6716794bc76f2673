"""Withdrawn tool calls of Responses: the message that stands in the place of a call, whole or as stream events.

Owns that message and its sequence numbers. Never decides which call is withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence, Sequence

import orjson

from stockade.guard.dialects import sse
from stockade.guard.dialects.openai_responses.items import CLIENT_CALLS
from stockade.guard.dialects.values import rows, table, text

_PART = {"type": "output_text", "annotations": [], "logprobs": []}
# What is told with so many numbers: the fewer there are, the more is told at once. Each row ends with the whole item.
_FULL = ("added", "part", "delta", "text", "part_done", "done")
_TOLD = {1: ("done",), 2: ("whole", "done"), 3: ("whole", "done"), 4: ("added", "part", "delta", "done")}
_FOUR = 4


def tool_name(call: Mapping[str, object]) -> str:
    """Return the name that policy knows a call item by: the tool's, or of a built-in one what it does (`shell`)."""
    return text(call.get("name")) or text(call.get("type")).removesuffix("_call")


def message_for(call: Mapping[str, object], notice: str) -> dict[str, object]:
    """Return the message that stands in the place of a call item."""
    name = "msg_" + (text(call.get("id")) or text(call.get("call_id")) or "withdrawn")
    said = {**_PART, "text": notice}
    return {"id": name, "type": "message", "status": "completed", "role": "assistant", "content": [said]}


def message_events(message: Mapping[str, object], output_index: object, free: Sequence[int]) -> bytes:
    """Return the events that tell `message`, with sequence numbers out of `free` (rising, at least one)."""
    count = len(free)
    steps = _FULL if count >= len(_FULL) else _TOLD[min(count, _FOUR)]
    notice = text(table(message["content"][0]).get("text")) if isinstance(message["content"], list) else ""
    place = {"item_id": message["id"], "output_index": output_index, "content_index": 0}
    opened = {**message, "status": "in_progress", "content": []}
    whole = {**_PART, "text": notice}
    bodies: dict[str, tuple[str, dict[str, object]]] = {
        "added": ("output_item.added", {"output_index": output_index, "item": opened}),
        "whole": ("output_item.added", {"output_index": output_index, "item": message}),
        "part": ("content_part.added", {**place, "part": {**_PART, "text": ""}}),
        "delta": ("output_text.delta", {**place, "delta": notice, "logprobs": []}),
        "text": ("output_text.done", {**place, "text": notice, "logprobs": []}),
        "part_done": ("content_part.done", {**place, "part": whole}),
        "done": ("output_item.done", {"output_index": output_index, "item": message}),
    }
    out: list[bytes] = []
    for number, step in zip(free, steps, strict=False):
        name, fields = bodies[step]
        kind = f"response.{name}"
        out.append(sse.frame(kind, orjson.dumps({"type": kind, "sequence_number": number, **fields})))
    return b"".join(out)


def replace_calls(output: MutableSequence[object], messages: Mapping[str, Mapping[str, object]]) -> bool:
    """Put the message of each withdrawn call (by its id or call id) in its place; say whether there was any."""
    changed = False
    for at, item in enumerate(output):
        call = table(item)
        if call.get("type") in CLIENT_CALLS:
            message = messages.get(text(call.get("call_id"))) or messages.get(text(call.get("id")))
            if message is not None:
                output[at] = message
                changed = True
    return changed


def unspell(root: object, paths: Sequence[tuple[str | int, ...]]) -> bool:
    """Empty the log probabilities beside each edited text, which spell the original; say whether there were any."""
    changed = False
    for path in paths:
        owner = root
        for part in path[:-1]:
            # An edited key is not found any more; what stands under it was unknown content without log probabilities.
            owner = table(owner).get(part) if isinstance(part, str) else next(iter(rows(owner)[part:]), None)
        if isinstance(owner, dict) and owner.get("logprobs"):
            owner["logprobs"] = []
            changed = True
    return changed
