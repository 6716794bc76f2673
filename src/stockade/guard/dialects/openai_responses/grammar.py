"""The grammar of Responses bodies: requests, whole answers, stream events; and what an answer says of itself.

Owns the root shapes and the reading of facts. Never decides anything about a text.
Source: the types of the Python package openai 3.54, `openai.types.responses` (read November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping

from stockade.core.exchange import AnswerFacts, Usage
from stockade.core.segments import Kind
from stockade.guard.dialects.openai_responses.items import ITEM, settings
from stockade.guard.dialects.openai_responses.parts import annotation, anything, logprobs, numbers, part
from stockade.guard.dialects.openai_shapes import ASSISTANT, CALL, RESULT, USER, name_of
from stockade.guard.dialects.shape import Either, Items, Leaf, Record, Shape, Word
from stockade.guard.dialects.values import count, rows, table, text

ENDED = frozenset({"response.cancelled", "response.completed", "response.failed", "response.incomplete", "error"})
"""Events after which nothing of the answer comes."""

_INCLUDABLE = (
    "code_interpreter_call.outputs computer_call_output.output.image_url file_search_call.results "
    "message.input_image.image_url message.output_text.logprobs reasoning.encrypted_content "
    "web_search_call.action.sources web_search_call.results"
)
_STATUSES = ("cancelled", "completed", "failed", "in_progress", "incomplete", "queued")
_LIFE = "created in_progress queued completed incomplete failed cancelled"
_PROGRESS = (
    "code_interpreter_call.in_progress code_interpreter_call.interpreting code_interpreter_call.completed "
    "file_search_call.in_progress file_search_call.searching file_search_call.completed web_search_call.in_progress "
    "web_search_call.searching web_search_call.completed image_generation_call.in_progress "
    "image_generation_call.generating image_generation_call.completed mcp_call.in_progress mcp_call.completed "
    "mcp_call.failed mcp_list_tools.in_progress mcp_list_tools.completed mcp_list_tools.failed compaction.compacting "
    "audio.done audio.transcript.done"
)


def _request() -> Record:
    stream = Record(USER, numbers(USER, "include_obfuscation"))
    heard = Either(USER, text=Leaf(USER), items=Items(USER, ITEM), must="a string or a list of items")
    more: dict[str, Shape] = {"include": Items(USER, Word(USER, *_INCLUDABLE.split())), "input": heard}
    return Record(USER, {**settings(), **more, **numbers(USER, "stream"), "stream_options": stream})


def _error() -> Record:
    names: dict[str, Shape] = {key: name_of(ASSISTANT) for key in ("code", "param", "type")}
    return Record(ASSISTANT, {**names, "message": Leaf(ASSISTANT), "misalignment": anything(ASSISTANT)})


def _answer() -> Record:
    reason = Record(ASSISTANT, {"reason": Word(ASSISTANT, "max_output_tokens", "content_filter")})
    return Record(
        ASSISTANT,
        {
            **settings(),
            **numbers(ASSISTANT, "created_at completed_at"),
            "id": name_of(ASSISTANT),
            "object": Word(ASSISTANT, "response"),
            "status": Word(ASSISTANT, *_STATUSES),
            "error": _error(),
            "incomplete_details": reason,
            "output": Items(ASSISTANT, ITEM),
            **{
                key: anything(ASSISTANT, Kind.IDENTIFIER) for key in ("usage", "tool_usage", "prompt_cache_diagnostics")
            },
            "input_transformations": anything(ASSISTANT),
        },
    )


REQUEST = _request()
ANSWER = _answer()


def _event(kind: str, fields: Mapping[str, Shape]) -> Record:
    places = (
        "sequence_number output_index content_index summary_index command_index annotation_index partial_image_index"
    )
    common: dict[str, Shape] = {"item_id": name_of(ASSISTANT), "obfuscation": name_of(ASSISTANT)}
    return Record(ASSISTANT, {"type": Word(ASSISTANT, kind), **common, **numbers(ASSISTANT, places), **fields})


def _events() -> dict[str, Record]:
    said, thought, argument = Leaf(ASSISTANT), Leaf(ASSISTANT, Kind.THINKING), Leaf(CALL, Kind.ARGUMENT)
    binary, printed = Leaf(ASSISTANT, Kind.BINARY), anything(RESULT)
    spelt: dict[str, Shape] = {"logprobs": logprobs(ASSISTANT)}
    picture = {key: anything(ASSISTANT, Kind.IDENTIFIER) for key in ["background", "output_format", "quality", "size"]}
    events: dict[str, Mapping[str, Shape]] = {
        **{name: {"response": ANSWER} for name in _LIFE.split()},
        **{name: {} for name in _PROGRESS.split()},
        **{f"output_item.{end}": {"item": ITEM} for end in ("added", "done")},
        **{f"content_part.{end}": {"part": part(ASSISTANT)} for end in ("added", "done")},
        **{
            f"reasoning_summary_part.{end}": {"part": part(ASSISTANT), "status": Word(ASSISTANT, "incomplete")}
            for end in ("added", "done")
        },
        "output_text.delta": {"delta": said, **spelt},
        "output_text.done": {"text": said, **spelt},
        "output_text.annotation.added": {"annotation": annotation(ASSISTANT)},
        "refusal.delta": {"delta": said},
        "refusal.done": {"refusal": said},
        "reasoning_text.delta": {"delta": thought},
        "reasoning_text.done": {"text": thought},
        "reasoning_summary_text.delta": {"delta": thought},
        "reasoning_summary_text.done": {"text": thought},
        "function_call_arguments.delta": {"delta": argument},
        "function_call_arguments.done": {"arguments": argument, "name": name_of(CALL)},
        "mcp_call_arguments.delta": {"delta": argument},
        "mcp_call_arguments.done": {"arguments": argument},
        "custom_tool_call_input.delta": {"delta": argument},
        "custom_tool_call_input.done": {"input": argument},
        "code_interpreter_call_code.delta": {"delta": Leaf(CALL)},
        "code_interpreter_call_code.done": {"code": Leaf(CALL)},
        "shell_call_command.added": {"command": Leaf(CALL)},
        "shell_call_command.delta": {"delta": Leaf(CALL)},
        "shell_call_command.done": {"command": Leaf(CALL)},
        "shell_call_output_content.delta": {"delta": printed},
        "shell_call_output_content.done": {"output": printed},
        "image_generation_call.partial_image": {"partial_image_b64": binary, **picture},
        "audio.delta": {"delta": binary},
        "audio.transcript.delta": {"delta": said},
    }
    named = {f"response.{name}": _event(f"response.{name}", fields) for name, fields in events.items()}
    failed: dict[str, Shape] = {key: name_of(ASSISTANT) for key in ("code", "param")}
    return {**named, "error": _event("error", {**failed, "message": said, "error": _error()})}


EVENTS = _events()
UNKNOWN_EVENT = Record(ASSISTANT, {"error": _error()})


def facts_of(response: Mapping[str, object]) -> AnswerFacts:
    """Return what a response object says of itself; one that is still being made has no stop reason."""
    status = text(response.get("status"))
    reason = text(table(response.get("incomplete_details")).get("reason"))
    refused = any(
        table(said).get("type") == "refusal"
        for item in rows(response.get("output"))
        for said in rows(table(item).get("content"))
    )
    category = "content_filter" if reason == "content_filter" else text(table(response.get("error")).get("code"))
    return AnswerFacts(
        text(response.get("model")),
        text(response.get("id")),
        "" if status in ("queued", "in_progress") else reason or status,
        category or ("refusal" if refused else ""),
        _usage_of(table(response.get("usage"))),
    )


def _usage_of(usage: Mapping[str, object]) -> Usage:
    details = table(usage.get("input_tokens_details"))
    given, cached, written = (
        count(usage.get("input_tokens")),
        count(details.get("cached_tokens")),
        count(details.get("cache_write_tokens")),
    )
    return Usage(
        # `input_tokens` counts cached tokens as well; what they cost is told apart.
        None if given is None else max(0, given - (cached or 0) - (written or 0)),
        count(usage.get("output_tokens")),
        cached,
        written,
        count(table(usage.get("output_tokens_details")).get("reasoning_tokens")),
    )
