"""Whole answers of Anthropic Messages: message, error, token count and model list; and tool calls taken out of one.

Owns the answer's grammar and facts. Never re-serialises an answer: a withdrawn call's bytes are cut out and a text
block's bytes put in their place.
Source: types of the PyPI package anthropic 2.12 (`Message`, `BetaMessage`, `BetaErrorResponse`), read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

import orjson

from stockade.core.exchange import AnswerFacts, Usage
from stockade.core.json_tokens import splice, string_spans
from stockade.core.segments import Channel, Kind
from stockade.guard.dialects.anthropic_messages.blocks import content_blocks
from stockade.guard.dialects.body import read_answer
from stockade.guard.dialects.dialect import ParsedAnswer, ToolCall
from stockade.guard.dialects.shape import Either, Free, Items, Leaf, Record, Setting, Shape, Voice, Word

VOICE = Voice("assistant", Channel.ASSISTANT)
STOP_REASONS = (
    "compaction", "end_turn", "max_tokens", "model_context_window_exceeded", "pause_turn", "refusal", "stop_sequence",
    "tool_use",
)  # fmt: skip
CATEGORIES = ("bio", "cyber", "frontier_llm", "general_harms", "reasoning_extraction")
_FREE, _SETTING, _TEXT = Free(VOICE), Setting(VOICE), Leaf(VOICE)
_NAME, _SEALED = Leaf(VOICE, Kind.IDENTIFIER), Leaf(VOICE, Kind.SEALED)
_STRUCTURE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)


def _usage() -> Record:
    counted = (
        "cache_creation_input_tokens", "cache_read_input_tokens", "input_tokens", "iterations", "output_tokens",
    )  # fmt: skip
    details = Record(VOICE, dict.fromkeys(("thinking_tokens", "reasoning_tokens"), _SETTING))
    written = Record(VOICE, dict.fromkeys(("ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"), _SETTING))
    requests = Record(VOICE, dict.fromkeys(("web_fetch_requests", "web_search_requests"), _SETTING))
    return Record(
        VOICE,
        {
            **dict.fromkeys(counted, _SETTING),
            "cache_creation": written,
            "inference_geo": Word(VOICE, "eu", "global", "not_available", "us"),
            "output_tokens_details": details,
            "server_tool_use": requests,
            "service_tier": Word(VOICE, "batch", "priority", "standard"),
            "speed": Word(VOICE, "fast", "standard"),
        },
    )


def error_record() -> Record:
    """Return the shape of a vendor's error."""
    types = (
        "api_error", "authentication_error", "billing_error", "invalid_request_error", "not_found_error",
        "overloaded_error", "permission_error", "rate_limit_error", "request_too_large", "timeout_error",
    )  # fmt: skip
    return Record(VOICE, {"type": Word(VOICE, *types), "message": _TEXT, "details": _FREE})


STOP_DETAILS = Record(
    VOICE,
    {
        "type": Word(VOICE, "refusal"),
        "category": Word(VOICE, *CATEGORIES),
        "explanation": _TEXT,
        "fallback_credit_token": _SEALED,
        "fallback_has_prefill_claim": _SETTING,
        "recommended_model": _NAME,
    },
)
CONTAINER = Record(VOICE, {"id": _NAME, "expires_at": _TEXT, "skills": _FREE})
STOP: dict[str, Shape] = {
    "container": CONTAINER,
    "stop_details": STOP_DETAILS,
    "stop_reason": Word(VOICE, *STOP_REASONS),
    "stop_sequence": _TEXT,
}
USAGE = _usage()
BLOCK = content_blocks(VOICE)
_MODEL: dict[str, Shape] = {"type": Word(VOICE, "model"), "id": _NAME, "display_name": _TEXT, "created_at": _TEXT}
MESSAGE = Record(
    VOICE,
    {
        **STOP,
        "type": Word(VOICE, "error", "message"),
        "id": _NAME,
        "role": Word(VOICE, "assistant"),
        "model": _NAME,
        "content": Either(VOICE, items=Items(VOICE, BLOCK)),
        "usage": USAGE,
        "context_management": Record(VOICE, {"applied_edits": _FREE, "original_input_tokens": _SETTING}),
        "diagnostics": _FREE,
        "error": error_record(),
        "request_id": _NAME,
        "input_tokens": _SETTING,
        "data": Items(VOICE, Record(VOICE, _MODEL)),
        "first_id": _NAME,
        "last_id": _NAME,
        "has_more": _SETTING,
    },
)


def parse_answer(body: bytes) -> ParsedAnswer:
    """Read a whole answer. Fails: UpstreamError."""
    value, segments = read_answer(body, MESSAGE)
    calls = []
    for index, block in enumerate(_blocks(value)):
        if is_call(block):
            inside = tuple(n for n, segment in enumerate(segments) if segment.path[:2] == ("content", index))
            given = orjson.dumps(block.get("input")).decode() if isinstance(block, dict) else ""
            calls.append(ToolCall(str(index), stated(block, "name"), inside, given))
    return ParsedAnswer(tuple(segments), message_facts(value), tuple(calls))


def withdraw_calls(body: bytes, calls: Mapping[str, str]) -> bytes:
    """Return the answer with the tool call in each named content block replaced by a text with its notice.

    The result of a withdrawn call that the vendor ran itself goes with it, because alone the vendor would refuse it.
    """
    if not calls:
        return body
    value = cast("dict[str, object]", orjson.loads(body))
    blocks = _blocks(value)
    gone = {int(key): notice for key, notice in calls.items()}
    by_id = {stated(blocks[index], "id"): notice for index, notice in gone.items()}
    for index, block in enumerate(blocks):
        answered = stated(block, "tool_use_id")
        if answered and answered in by_id:
            gone[index] = by_id[answered]
    left = any(stated(block, "type") == "tool_use" for index, block in enumerate(blocks) if index not in gone)
    if value.get("stop_reason") == "tool_use" and not left:
        body = splice(body, {strings_before(value, "stop_reason"): "end_turn"})
    number = strings_before(value, "content")
    firsts: dict[int, str] = {}
    for index, block in enumerate(blocks):
        if index in gone:
            firsts[number] = gone[index]
        number += _strings(block)
    out: list[bytes] = []
    done = 0
    for number, (start, _) in enumerate(list(string_spans(body))):
        if number in firsts:
            opened = body.rindex(b"{", 0, start)
            out += (body[done:opened], text_block(firsts[number]))
            done = _end_of_value(body, opened)
    return b"".join((*out, body[done:]))


def text_block(text: str) -> bytes:
    """Return a text block of our own."""
    return orjson.dumps({"type": "text", "text": text})


def is_call(block: object) -> bool:
    """Say whether a content block calls a tool; also one of a kind that is not known yet."""
    return stated(block, "type").endswith("tool_use")


def stated(value: object, key: str) -> str:
    """Return the string under `key` of an object, or ""."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def strings_before(value: Mapping[str, object], wanted: str) -> int:
    """Return the number of the first string after the key `wanted`."""
    number = 0
    for key, child in value.items():
        number += 1
        if key == wanted:
            break
        number += _strings(child)
    return number


def message_facts(message: Mapping[str, object]) -> AnswerFacts:
    """Return what a message, or a message's delta, says of itself."""
    details = message.get("stop_details")
    return AnswerFacts(
        served_model=stated(message, "model"),
        answer_id=stated(message, "id"),
        stop_reason=stated(message, "stop_reason"),
        refusal_category=stated(details, "category"),
        usage=usage_facts(message.get("usage")),
    )


def usage_facts(usage: object) -> Usage:
    """Return the tokens that a usage object states."""
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("output_tokens_details")
    return Usage(
        input=_count(usage, "input_tokens"),
        output=_count(usage, "output_tokens"),
        cache_read=_count(usage, "cache_read_input_tokens"),
        cache_write=_count(usage, "cache_creation_input_tokens"),
        reasoning=_count(details, "thinking_tokens") if isinstance(details, dict) else None,
    )


def _count(usage: Mapping[str, object], key: str) -> int | None:
    count = usage.get(key)
    return count if type(count) is int and count >= 0 else None


def _blocks(value: Mapping[str, object]) -> list[object]:
    content = value.get("content")
    return content if isinstance(content, list) else []


def _strings(value: object) -> int:
    """Count the strings of a parsed value, keys included."""
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return len(value) + sum(map(_strings, value.values()))
    return sum(map(_strings, value)) if isinstance(value, list) else 0


def _end_of_value(body: bytes, start: int) -> int:
    """Return the offset behind the object that opens at `start`."""
    depth = 0
    for match in _STRUCTURE.finditer(body, start):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    raise ValueError("the object does not end")
