"""The bodies of requests: steps of a task as each vendor's clients send them.

Owns three small writers, one a wire format, and the ids that are sent. Writes plain values; whoever sends makes bytes.
Source: the request types of the packages anthropic 2.12 and openai 3.54; Claude Code's `metadata.user_id` and Codex's
`prompt_cache_key` (FIELD section 1). Read November 2026.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from stockade.testing.breach.task import Call, Result, Said, Step, Task, Told, answers


class Asked(NamedTuple):
    """What one request holds. `steps` is the history, the task's own or as a guard changed it."""

    task: Task
    steps: Sequence[Step]
    model: str
    stream: bool
    session: str


def wire_id(task: Task, call: str, prefix: str) -> str:
    """Return the id that is sent for call `call`: the same in each turn, unlike that of any other task."""
    return f"{prefix}_{hashlib.sha256(f'{task.id} {call}'.encode()).hexdigest()[:24]}"


def session_id(task: Task) -> str:
    """Return the id of the task's session, a UUID as agents write it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"breach:{task.id}"))


def anthropic(asked: Asked) -> dict[str, Any]:
    """Return a body of Anthropic Messages. All results of an answer come back in one message."""
    messages: list[dict[str, Any]] = []
    for step in asked.steps:
        role = "assistant" if isinstance(step, Told | Call) else "user"
        if not messages or messages[-1]["role"] != role:
            messages.append({"role": role, "content": []})
        messages[-1]["content"].append(_block(asked.task, step))
    tools = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
        for tool in asked.task.tools
    ]
    return {
        "model": asked.model,
        "max_tokens": 4096,
        "system": [{"type": "text", "text": asked.task.system, "cache_control": {"type": "ephemeral"}}],
        "messages": messages,
        "tools": tools,
        "metadata": {"user_id": orjson.dumps({"session_id": asked.session}).decode()},
        "stream": asked.stream,
    }


def _block(task: Task, step: Step) -> dict[str, Any]:
    match step:
        case Call():
            name = wire_id(task, step.id, "toolu")
            return {"type": "tool_use", "id": name, "name": step.tool, "input": step.arguments}
        case Result():
            content = [{"type": "text", "text": step.text}]
            return {"type": "tool_result", "tool_use_id": wire_id(task, step.id, "toolu"), "content": content}
        case Said() | Told():
            return {"type": "text", "text": step.text}


def openai_chat(asked: Asked) -> dict[str, Any]:
    """Return a body of OpenAI Chat Completions."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": asked.task.system}]
    written = {answer.start: answer for answer in answers(asked.steps)}
    for at, step in enumerate(asked.steps):
        if isinstance(step, Said):
            messages.append({"role": "user", "content": step.text})
        elif isinstance(step, Result):
            name = wire_id(asked.task, step.id, "call")
            messages.append({"role": "tool", "tool_call_id": name, "content": step.text})
        elif at in written:
            message: dict[str, Any] = {"role": "assistant", "content": written[at].text or None}
            calls = [
                {
                    "id": wire_id(asked.task, call.id, "call"),
                    "type": "function",
                    "function": {"name": call.tool, "arguments": _arguments(call)},
                }
                for call in written[at].calls
            ]
            messages.append({**message, "tool_calls": calls} if calls else message)
    tools = [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in asked.task.tools
    ]
    body = {"model": asked.model, "messages": messages, "tools": tools, "prompt_cache_key": asked.session}
    return {**body, "stream": True, "stream_options": {"include_usage": True}} if asked.stream else body


def openai_responses(asked: Asked) -> dict[str, Any]:
    """Return a body of OpenAI Responses that brings its whole history and stores none, as Codex does."""
    tools = [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": False,
        }
        for tool in asked.task.tools
    ]
    return {
        "model": asked.model,
        "instructions": asked.task.system,
        "input": [_item(asked.task, step) for step in asked.steps],
        "tools": tools,
        "store": False,
        "prompt_cache_key": asked.session,
        "stream": asked.stream,
    }


def _item(task: Task, step: Step) -> dict[str, Any]:
    match step:
        case Call():
            said = {"call_id": wire_id(task, step.id, "call"), "name": step.tool, "arguments": _arguments(step)}
            return {"type": "function_call", **said}
        case Result():
            return {"type": "function_call_output", "call_id": wire_id(task, step.id, "call"), "output": step.text}
        case Said():
            return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": step.text}]}
        case Told():
            return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": step.text}]}


def _arguments(call: Call) -> str:
    return orjson.dumps(call.arguments).decode()
