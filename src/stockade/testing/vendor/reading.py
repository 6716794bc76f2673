"""What the fake vendor reads of a request: the few facts that rules ask for. Tolerant; no vendor's real parser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from stockade.core.digests import body_digest
from stockade.testing.vendor.script import Rule, Script, ToolCall, When

ROUTES = {
    "/v1/messages": "anthropic",
    "/v1/messages/count_tokens": "anthropic",
    "/v1/chat/completions": "openai_chat",
    "/v1/responses": "openai_responses",
}

_VARIABLE = re.compile(r"\{\{(last_user|received_digest|model|turn|system|tool_result|match)\}\}")


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts of one request. `last_turn` is all text after the last assistant message, tool results included."""

    dialect: str
    model: str = ""
    stream: bool = False
    usage_in_stream: bool = False
    turn: int = 1
    system: str = ""
    last_user: str = ""
    tool_result: str = ""
    has_tool_result: bool = False
    last_turn: str = ""
    body: bytes = field(default=b"", repr=False)

    def fill(self, text: str, match: str = "") -> str:
        """Replace the variables of a script's text, each once; what they bring in is not read again."""
        if "{{" not in text:
            return text
        values = {
            "last_user": self.last_user,
            "received_digest": body_digest(self.body),
            "model": self.model,
            "turn": str(self.turn),
            "system": self.system,
            "tool_result": self.tool_result,
            "match": match,
        }
        return _VARIABLE.sub(lambda found: values[found[1]], text)

    def fill_call(self, call: ToolCall, match: str) -> str:
        """Return the JSON text of a tool call's arguments with the variables replaced inside its strings."""
        if isinstance(call.arguments, str):
            return self.fill(call.arguments, match)
        return orjson.dumps(_walk(call.arguments, lambda text: self.fill(text, match))).decode()


def choose(script: Script, reading: Reading) -> tuple[Rule, str]:
    """Return the first rule that applies and what its pattern matched."""
    for rule in script.rules:
        match = _match(rule.when, reading)
        if match is not None:
            return rule, match
    return script.default, ""


def _match(when: When, reading: Reading) -> str | None:
    asked = (
        (when.dialect, reading.dialect),
        (when.turn, reading.turn),
        (when.has_tool_result, reading.has_tool_result),
        (when.stream, reading.stream),
    )
    if any(wanted is not None and wanted != is_so for wanted, is_so in asked):
        return None
    if when.contains is not None and when.contains not in reading.last_turn:
        return None
    if when.matches is None:
        return ""
    found = when.matches.search(reading.last_turn)
    if found is None:
        return None
    return found[1] if found.re.groups else found[0]


def read(dialect: str, body: bytes) -> Reading:
    """Return the facts of a request body. Fails: ValueError for a body that is not a JSON object."""
    parsed = orjson.loads(body)
    if not isinstance(parsed, dict):
        raise ValueError("the body is not an object")
    if dialect == "openai_responses":
        system = [_text(parsed.get("instructions"))]
        given = parsed.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else _objects(given)
    else:
        system = [_text(parsed.get("system"))]
        items = _objects(parsed.get("messages"))
    system += [_text(item.get("content")) for item in items if item.get("role") in {"system", "developer"}]
    spoken = [n for n, item in enumerate(items) if _is_answer(item)]
    tail = items[spoken[-1] + 1 :] if spoken else items
    said = [text for item in tail if item.get("role") == "user" and (text := _text(item.get("content")))]
    results = [text for item in tail for text in _results(item)]
    options = parsed.get("stream_options")
    return Reading(
        dialect=dialect,
        model=str(parsed.get("model", "")),
        stream=parsed.get("stream") is True,
        usage_in_stream=isinstance(options, dict) and options.get("include_usage") is True,
        turn=_turns(items),
        system="\n".join(filter(None, system)),
        last_user=said[-1] if said else "",
        tool_result=results[-1] if results else "",
        has_tool_result=bool(results),
        last_turn="\n".join([*said, *results]),
        body=body,
    )


def _is_answer(item: dict[str, Any]) -> bool:
    return item.get("role") == "assistant" or item.get("type") in {"custom_tool_call", "function_call", "reasoning"}


def _turns(items: list[dict[str, Any]]) -> int:
    """Count runs of the model's items, for the Responses format writes one answer as several."""
    flags = [_is_answer(item) for item in items]
    return 1 + sum(1 for n, flag in enumerate(flags) if flag and (n == 0 or not flags[n - 1]))


def _results(item: dict[str, Any]) -> Iterable[str]:
    if item.get("role") == "tool":
        yield _text(item.get("content"))
    elif item.get("type") in {"function_call_output", "custom_tool_call_output"}:
        yield _text(item.get("output"))
    else:
        yield from (_text(part.get("content")) for part in _objects(item.get("content")) if _is_result(part))


def _is_result(part: dict[str, Any]) -> bool:
    return part.get("type") == "tool_result"


def _text(content: object) -> str:
    """Join the texts of a content value: a string, or a list of parts with a `text`."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in _objects(content) if isinstance(part.get("text"), str))


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _walk(value: object, change: Any) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _walk(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, change) for item in value]
    return value
