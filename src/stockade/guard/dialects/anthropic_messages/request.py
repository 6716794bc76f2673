"""Requests of Anthropic Messages: the shape of a body, and what the gate reads from it.

Owns the request's grammar, the model, the stream flag and the client's session id. Never edits a body.
Source: types of the PyPI package anthropic 2.12 (`MessageCreateParams`), read November 2026; Claude Code 2.1.330's
`metadata.user_id` (FIELD section 1).
"""

from __future__ import annotations

import re

import orjson

from stockade.core.segments import Channel, Kind
from stockade.guard.dialects.anthropic_messages.blocks import (
    BLOCK_MUST,
    CONTENT_MUST,
    cache_control,
    content_blocks,
    tagged,
    tool_definition,
)
from stockade.guard.dialects.body import read_request
from stockade.guard.dialects.dialect import ParsedRequest
from stockade.guard.dialects.models import MODEL_ID_MUST, is_model_id, models_asked
from stockade.guard.dialects.query import query_segments
from stockade.guard.dialects.schema import json_schema
from stockade.guard.dialects.shape import (
    Either,
    Free,
    Items,
    Leaf,
    Record,
    Setting,
    Shape,
    Tagged,
    Voice,
    Word,
    wrong_type,
)
from stockade.guard.dialects.tools import vendor_tools
from stockade.guard.dialects.values import most_tokens

SESSION_CHARS_MAX = 200
"""Longest session id that is believed; a UUID has 36 characters."""

_KNOWN_QUERY = frozenset({("beta", "true")})
_OLD_USER_ID = re.compile(r"_session_([0-9a-fA-F-]{8,64})\Z")
_USER = Voice("user", Channel.USER)
_SYSTEM = Voice("system", Channel.SYSTEM)
_ASSISTANT = Voice("assistant", Channel.ASSISTANT)
_TOOLS = Voice("system", Channel.TOOL_DEFINITION)


def _message(voice: Voice) -> Record:
    block = content_blocks(voice, strict=True)
    content = Either(voice, text=Leaf(voice), items=Items(voice, block), must=CONTENT_MUST)
    free = Free(voice)
    return Record(voice, {"role": Word(voice, voice.role), "content": content, "output_config": free, "cache": free})


def _request() -> Record:
    setting, text, name = Setting(_USER), Leaf(_USER), Leaf(_USER, Kind.IDENTIFIER)
    roles = {voice.role: _message(voice) for voice in (_USER, _ASSISTANT, _SYSTEM)}
    system = Items(_SYSTEM, tagged(_SYSTEM, {"text": {"text": Leaf(_SYSTEM), "citations": Free(_SYSTEM)}}, BLOCK_MUST))
    choice: dict[str, Shape] = {
        "type": Word(_USER, "any", "auto", "none", "tool"),
        "name": name,
        "disable_parallel_tool_use": setting,
    }
    return Record(
        _USER,
        {
            **dict.fromkeys(("max_tokens", "stream", "temperature", "top_k", "top_p"), setting),
            "model": Leaf(_USER, Kind.IDENTIFIER, must="a string"),
            "messages": Items(_USER, Tagged(_USER, "role", roles, "an object with role and content"), must="a list"),
            "system": Either(_SYSTEM, text=Leaf(_SYSTEM), items=system, must="a string or a list of text blocks"),
            "tools": Items(_TOOLS, tool_definition(_TOOLS)),
            "tool_choice": Record(_USER, choice),
            "stop_sequences": Items(_USER, text),
            "metadata": Record(_USER, {"user_id": name}),
            **_settings(),
        },
    )


def _settings() -> dict[str, Shape]:
    """Return the fields that say how the vendor is to work, not what is said."""
    setting, text, name = Setting(_USER), Leaf(_USER), Leaf(_USER, Kind.IDENTIFIER)
    names = Items(_USER, name)
    display = Word(_USER, "omitted", "summarized")
    thinking = Record(
        _USER,
        {
            "type": Word(_USER, "adaptive", "between_tools", "disabled", "enabled"),
            "budget_tokens": setting,
            "display": display,
        },
    )
    effort = Word(_USER, "high", "low", "max", "medium", "xhigh")
    output_format = Record(_USER, {"type": Word(_USER, "json_schema"), "schema": json_schema(_TOOLS), "name": name})
    task_budget = Record(_USER, {"type": Word(_USER, "tokens"), "total": setting, "remaining": setting})
    output_config = Record(_USER, {"effort": effort, "format": output_format, "task_budget": task_budget})
    speed = Word(_USER, "fast", "standard")
    amount = Record(_USER, {"type": Word(_USER, "input_tokens", "thinking_turns", "tool_uses"), "value": setting})
    edit = Record(
        _USER,
        {
            "type": Word(_USER, "clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112"),
            "clear_at_least": amount,
            "clear_tool_inputs": Either(_USER, items=names),
            "exclude_tools": names,
            "instructions": Leaf(_SYSTEM),
            "keep": Either(_USER, text=Word(_USER, "all"), record=amount),
            "pause_after_compaction": setting,
            "trigger": amount,
        },
    )
    server = Record(
        _USER,
        {
            "type": Word(_USER, "url"),
            "name": name,
            "url": text,
            # A credential that the vendor needs: read by every detector, but sealed, because replaced it is of no use.
            "authorization_token": Leaf(_USER, Kind.SEALED),
            "tool_configuration": Record(_USER, {"allowed_tools": names, "enabled": setting}),
        },
    )
    skill = Record(_USER, {"skill_id": name, "type": Word(_USER, "anthropic", "custom"), "version": name})
    container = Either(_USER, text=name, record=Record(_USER, {"id": name, "skills": Items(_USER, skill)}))
    fallback = Record(
        _USER,
        {"model": name, "max_tokens": setting, "output_config": output_config, "speed": speed, "thinking": thinking},
    )
    return {
        "thinking": thinking,
        "output_config": output_config,
        "output_format": output_format,
        "cache_control": cache_control(_USER),
        "container": container,
        "context_management": Record(_USER, {"edits": Items(_USER, edit)}),
        "diagnostics": Record(_USER, {"previous_message_id": name}),
        "fallback_credit_token": Leaf(_USER, Kind.SEALED),
        "fallbacks": Either(_USER, text=Word(_USER, "default"), items=Items(_USER, fallback)),
        "inference_geo": Word(_USER, "eu", "global", "us"),
        "mcp_servers": Items(_USER, server),
        "service_tier": Word(_USER, "auto", "standard_only"),
        "speed": speed,
        "user_profile_id": name,
    }


REQUEST = _request()


def parse_request(body: bytes, query: str) -> ParsedRequest:
    """Read a request. Fails: InvalidRequestError, TooLargeError."""
    asked = query_segments(query, _KNOWN_QUERY)
    value, segments = read_request(body, REQUEST)
    model = value.get("model")
    if not is_model_id(model):
        raise wrong_type(("model",), MODEL_ID_MUST)
    if type(value.get("messages")) is not list:
        raise wrong_type(("messages",), "a list")
    stream = value.get("stream", False)
    if type(stream) is not bool:
        raise wrong_type(("stream",), "true or false")
    segments.extend(asked)
    return ParsedRequest(
        model,
        stream,
        tuple(segments),
        _session(value.get("metadata")),
        models_asked(value),
        vendor_tools(value),
        most_tokens(value, "max_tokens"),
    )


def _session(metadata: object) -> str:
    """Return the session id that Claude Code writes into `metadata.user_id`, as JSON or, before 2.1, as a suffix."""
    user_id = metadata.get("user_id") if isinstance(metadata, dict) else None
    if not isinstance(user_id, str):
        return ""
    if not user_id.startswith("{"):
        found = _OLD_USER_ID.search(user_id)
        return found[1] if found else ""
    try:
        told = orjson.loads(user_id)
    except orjson.JSONDecodeError:
        return ""
    session = told.get("session_id") if isinstance(told, dict) else None
    return session if isinstance(session, str) and len(session) <= SESSION_CHARS_MAX else ""
