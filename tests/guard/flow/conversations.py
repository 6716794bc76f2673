"""Conversations in each wire format: what a person asks, which tools were called and what they returned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from stockade.app import discover_dialects
from stockade.guard.flow.conversation import Conversation, read
from stockade.guard.flow.facts import Flow, flow
from stockade.guard.flow.known import KNOWN
from stockade.guard.flow.values import Argument

DIALECTS = {dialect.name: dialect for dialect in discover_dialects()}
SYSTEM = "You help Emma Smith (emma@corp.test)."


class Step(NamedTuple):
    """A call and what came back."""

    tool: str
    arguments: dict[str, Any]
    result: Any


def told(
    user: str, steps: Sequence[Step] = (), tools: Sequence[tuple[str, str]] = (), dialect: str = "anthropic_messages"
) -> Conversation:
    """Return the conversation as it is read from a request's body."""
    body = {"anthropic_messages": _anthropic, "openai_chat": _chat, "openai_responses": _responses}[dialect]
    route = DIALECTS[dialect].routes[0]
    return read(DIALECTS[dialect].parse_request(route, json.dumps(body(user, steps, tools)).encode(), "").segments)


def called(tool: str, arguments: Any, conversation: Conversation) -> Flow:
    """Return the facts of a call."""
    return flow(tool, given(arguments), conversation, KNOWN)


def given(node: Any, key: str = "") -> list[Argument]:
    """Return the strings of a call's arguments."""
    if isinstance(node, dict):
        return [found for name, child in node.items() for found in given(child, name)]
    if isinstance(node, list):
        return [found for child in node for found in given(child, key)]
    return [Argument(key, str(node))]


def _text(result: Any) -> str:
    return result if isinstance(result, str) else json.dumps(result)


def _anthropic(user: str, steps: Sequence[Step], tools: Sequence[tuple[str, str]]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": user}]
    for number, step in enumerate(steps):
        call = {"type": "tool_use", "id": f"t{number}", "name": step.tool, "input": step.arguments}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": _text(step.result)}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    listed = [{"name": name, "description": said, "input_schema": _schema()} for name, said in tools]
    return {"model": "m", "max_tokens": 9, "system": SYSTEM, "messages": messages, "tools": listed}


def _chat(user: str, steps: Sequence[Step], tools: Sequence[tuple[str, str]]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]
    for number, step in enumerate(steps):
        function = {"name": step.tool, "arguments": json.dumps(step.arguments)}
        call = {"id": f"t{number}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"t{number}", "content": _text(step.result)})
    listed = [
        {"type": "function", "function": {"name": name, "description": said, "parameters": _schema()}}
        for name, said in tools
    ]
    return {"model": "m", "messages": messages, "tools": listed}


def _responses(user: str, steps: Sequence[Step], tools: Sequence[tuple[str, str]]) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"role": "user", "content": user}]
    for number, step in enumerate(steps):
        call = {"type": "function_call", "call_id": f"t{number}", "name": step.tool}
        items.append({**call, "arguments": json.dumps(step.arguments)})
        items.append({"type": "function_call_output", "call_id": f"t{number}", "output": _text(step.result)})
    listed = [{"type": "function", "name": name, "description": said, "parameters": _schema()} for name, said in tools]
    return {"model": "m", "instructions": SYSTEM, "input": items, "tools": listed}


def _schema() -> dict[str, Any]:
    return {"type": "object", "properties": {"to": {"type": "string"}, "body": {"type": "string"}}}
