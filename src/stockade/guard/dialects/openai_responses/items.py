"""The grammar of items: what a Responses conversation is made of, in requests, answers and stream events alike.

Owns the shape of each kind of item and which kinds a client runs itself. Never decides anything about a text.
Source: the types of the Python package openai 3.54, `openai.types.responses` (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from stockade.core.segments import Kind, Path, Segment
from stockade.guard.dialects.openai_responses.parts import TOOLS, anything, content, numbers, part
from stockade.guard.dialects.openai_shapes import (
    ASSISTANT,
    CALL,
    DEFINITION,
    DEVELOPER,
    FILE,
    RESULT,
    SYSTEM,
    UNKNOWN,
    USER,
    Link,
    name_of,
)
from stockade.guard.dialects.shape import Items, Leaf, Map, Record, Shape, Tagged, Voice, Word

CLIENT_CALLS = frozenset(
    {
        "apply_patch_call",
        "computer_call",
        "custom_tool_call",
        "function_call",
        "local_shell_call",
        "mcp_approval_request",
        "shell_call",
        "tool_search_call",
    }
)
"""Items that make the client do something: each is judged whole before it is let go."""

_STATUS = ["in_progress", "completed", "incomplete", "searching", "failed", "interpreting", "calling", "generating"]


class Item:
    """One item. Its `type` says what it is; a message may leave its type away and has a role instead."""

    __slots__ = ("messages", "options", "other")

    def __init__(self, options: Mapping[str, Record], messages: Tagged) -> None:
        self.options = dict(options)
        self.messages = messages
        self.other = Tagged(UNKNOWN, "type", self.options)

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Read the item by its type."""
        if type(value) is dict:
            item = cast("dict[str, object]", value)
            if item.get("type", "message") == "message" and "role" in item:
                return self.messages.read(item, parent, key, token, out)
        return self.other.read(value, parent, key, token, out)

    def allowed(self, pointer: str, seen: dict[int, str], /) -> Iterator[str]:
        """Yield the lines of all kinds."""
        yield from self.messages.allowed(f"{pointer}[type=message]", seen)
        yield from self.other.allowed(pointer, seen)


def _item(voice: Voice, kind: str, fields: Mapping[str, Shape]) -> Record:
    caller = Record(voice, {"type": Word(voice, "direct", "program"), "caller_id": name_of(voice)})
    ids = ("id", "call_id", "name", "namespace", "created_by", "server_label", "approval_request_id", "container_id")
    return Record(
        voice,
        {
            "type": Word(voice, kind),
            "status": Word(voice, *_STATUS),
            "caller": caller,
            **{key: name_of(voice) for key in ids},
            **fields,
        },
    )


def _messages() -> Tagged:
    phase = Word(ASSISTANT, "commentary", "final_answer")
    voices = {"system": SYSTEM, "developer": DEVELOPER, "user": USER, "assistant": ASSISTANT}
    options = {
        role: _item(voice, "message", {"role": Word(voice, role), "content": content(voice), "phase": phase})
        for role, voice in voices.items()
    }
    return Tagged(UNKNOWN, "role", options)


def _calls() -> dict[str, Mapping[str, Shape]]:
    said = Leaf(CALL, Kind.ARGUMENT)
    free = anything(CALL, Kind.ARGUMENT)
    text = Leaf(RESULT)
    check = Record(CALL, {"id": name_of(CALL), "code": name_of(CALL), "message": Leaf(CALL)})
    patched = Word(CALL, "create_file", "update_file", "delete_file")
    shell: dict[str, Shape] = {"type": Word(CALL, "exec"), "command": free, "env": free, "user": said}
    found: dict[str, Shape] = {"file_id": name_of(FILE), "filename": Leaf(FILE), "text": Leaf(FILE)}
    ran: dict[str, Shape] = {"type": Word(RESULT, "logs", "image"), "logs": text, "url": Link(RESULT)}
    commands = Record(CALL, {"commands": free, **numbers(CALL, "max_output_length timeout_ms")})
    picture = {
        key: anything(CALL, Kind.IDENTIFIER) for key in ["action", "background", "output_format", "quality", "size"]
    }
    return {
        "function_call": {"arguments": said, **numbers(CALL, "async")},
        "custom_tool_call": {"input": said, **numbers(CALL, "async")},
        "local_shell_call": {
            "action": Record(CALL, {**shell, "working_directory": said, **numbers(CALL, "timeout_ms")}),
        },
        "shell_call": {"action": commands, "environment": anything(DEFINITION)},
        "apply_patch_call": {"operation": Record(CALL, {"type": patched, "path": said, "diff": said})},
        "computer_call": {"action": free, "actions": free, "pending_safety_checks": Items(CALL, check)},
        "file_search_call": {
            "queries": free,
            "results": Items(FILE, Record(FILE, {**found, "attributes": anything(FILE), **numbers(FILE, "score")})),
        },
        "web_search_call": {"action": free, "results": anything(FILE)},
        "code_interpreter_call": {"code": said, "outputs": Items(RESULT, Record(RESULT, ran))},
        "mcp_call": {"arguments": said, "output": text, "error": anything(RESULT)},
        "mcp_approval_request": {"arguments": said},
        "image_generation_call": {
            "result": Leaf(ASSISTANT, Kind.BINARY),
            "revised_prompt": Leaf(CALL),
            "error": anything(RESULT),
            "svg_usage": anything(CALL, Kind.IDENTIFIER),
            **picture,
        },
        "tool_search_call": {"arguments": free, "execution": Word(CALL, "server", "client")},
        "program": {"code": said, "fingerprint": Leaf(CALL, Kind.SEALED)},
    }


def _results() -> dict[str, Mapping[str, Shape]]:
    text = Leaf(RESULT)
    outcome = Record(RESULT, {"type": Word(RESULT, "exit", "timeout"), **numbers(RESULT, "exit_code")})
    printed = Record(RESULT, {"stdout": text, "stderr": text, "outcome": outcome, "created_by": name_of(RESULT)})
    checks = Items(RESULT, anything(RESULT))
    return {
        "function_call_output": {"output": content(RESULT)},
        "custom_tool_call_output": {"output": content(RESULT)},
        "local_shell_call_output": {"output": text},
        "shell_call_output": {"output": Items(RESULT, printed), **numbers(RESULT, "max_output_length")},
        "apply_patch_call_output": {"output": text},
        "computer_call_output": {"output": part(RESULT), "acknowledged_safety_checks": checks},
        "program_output": {"result": text},
    }


def _others() -> dict[str, Record]:
    thought = Items(ASSISTANT, part(ASSISTANT))
    sealed = Leaf(ASSISTANT, Kind.SEALED)
    listed: dict[str, Shape] = {"name": name_of(DEFINITION), "description": Leaf(DEFINITION)}
    schemas: dict[str, Shape] = {"input_schema": anything(DEFINITION), "annotations": anything(DEFINITION)}
    offered = Items(DEFINITION, Record(DEFINITION, {**listed, **schemas}))
    side = Word(DEFINITION, "server", "client")
    role = anything(DEFINITION, Kind.IDENTIFIER)
    reasoning: dict[str, Shape] = {"summary": thought, "content": thought, "encrypted_content": sealed}
    return {
        "reasoning": _item(ASSISTANT, "reasoning", reasoning),
        "compaction": _item(ASSISTANT, "compaction", {"encrypted_content": sealed}),
        "compaction_trigger": _item(USER, "compaction_trigger", {}),
        "configuration_update": _item(
            USER, "configuration_update", {"reasoning": anything(USER), "text": anything(USER)}
        ),
        "item_reference": _item(USER, "item_reference", {}),
        "mcp_approval_response": _item(
            USER, "mcp_approval_response", {"reason": Leaf(USER), **numbers(USER, "approve")}
        ),
        "mcp_list_tools": _item(DEFINITION, "mcp_list_tools", {"tools": offered, "error": Leaf(DEFINITION)}),
        "additional_tools": _item(DEFINITION, "additional_tools", {"tools": TOOLS, "role": role}),
        "tool_search_output": _item(DEFINITION, "tool_search_output", {"tools": TOOLS, "execution": side}),
    }


def _items() -> Item:
    options = {kind: _item(CALL, kind, fields) for kind, fields in _calls().items()}
    options |= {kind: _item(RESULT, kind, fields) for kind, fields in _results().items()}
    return Item({**options, **_others()}, _messages())


ITEM = _items()


def settings() -> dict[str, Shape]:
    """Return the fields that a request has and an answer repeats."""
    voice, name = USER, name_of(USER)
    form: dict[str, Shape] = {"type": Word(SYSTEM, "text", "json_object", "json_schema"), "name": name_of(SYSTEM)}
    schema: dict[str, Shape] = {"description": Leaf(SYSTEM), "schema": anything(SYSTEM), **numbers(SYSTEM, "strict")}
    said = Record(
        SYSTEM, {"format": Record(SYSTEM, {**form, **schema}), "verbosity": Word(SYSTEM, "low", "medium", "high")}
    )
    prompt: dict[str, Shape] = {"id": name, "version": name, "variables": Map(voice, content(voice))}
    return {
        **numbers(voice, "background max_output_tokens max_tool_calls parallel_tool_calls store temperature"),
        **numbers(voice, "top_logprobs top_p"),
        "access_programs": anything(voice, Kind.IDENTIFIER),
        "context_management": anything(voice, Kind.IDENTIFIER),
        "conversation": anything(voice, Kind.IDENTIFIER),
        "image": anything(voice, Kind.IDENTIFIER),
        "instructions": _instructions(),
        "metadata": Map(voice, Leaf(voice)),
        "model": Leaf(voice, Kind.IDENTIFIER),
        "moderation": anything(voice, Kind.IDENTIFIER),
        "previous_response_id": name,
        "prompt": Record(voice, prompt),
        "prompt_cache_key": name,
        "prompt_cache_options": anything(voice, Kind.IDENTIFIER),
        "prompt_cache_retention": Word(voice, "in_memory", "24h"),
        "reasoning": anything(voice, Kind.IDENTIFIER),
        "safety_identifier": name,
        "service_tier": Word(voice, "auto", "default", "flex", "scale", "priority", "fast"),
        "text": said,
        "tool_choice": anything(DEFINITION, Kind.IDENTIFIER),
        "tools": TOOLS,
        "truncation": Word(voice, "auto", "disabled"),
        "user": name,
    }


def _instructions() -> Shape:
    either = content(SYSTEM)
    either.items = Items(SYSTEM, ITEM)
    return either
