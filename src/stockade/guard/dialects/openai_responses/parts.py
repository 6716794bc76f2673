"""The grammar of content parts and tools, which Responses requests, answers and stream events share.

Owns who speaks in them and which strings are fixed words. Never decides anything about a text.
Source: the types of the Python package openai 3.54, `openai.types.responses` (read November 2026).
"""

from __future__ import annotations

from stockade.core.segments import Channel, Kind
from stockade.guard.dialects.openai_shapes import DEFINITION, FILE, USER, Link, name_of
from stockade.guard.dialects.shape import Either, Free, Items, Leaf, Map, Record, Setting, Shape, Tagged, Voice, Word


def anything(voice: Voice, kind: Kind = Kind.TEXT) -> Free:
    """Return the shape of a value whose keys are the caller's choice: a schema, a filter, attributes."""
    return Free(voice, kind, Kind.IDENTIFIER)


def numbers(voice: Voice, names: str) -> dict[str, Shape]:
    """Return the shapes of fields that hold numbers, truth values or nothing."""
    return {name: Setting(voice) for name in names.split()}


def logprobs(voice: Voice) -> Items:
    """Return the shape of log probabilities, whose tokens spell the text."""
    one: dict[str, Shape] = {"token": Leaf(voice), **numbers(voice, "logprob bytes")}
    return Items(voice, Record(voice, {**one, "top_logprobs": Items(voice, Record(voice, one))}))


def annotation(voice: Voice) -> Record:
    """Return the shape of a citation."""
    kinds = Word(voice, "file_citation", "url_citation", "container_file_citation", "file_path")
    fields: dict[str, Shape] = {"type": kinds, "filename": Leaf(voice), "url": Leaf(voice), "title": Leaf(voice)}
    ids: dict[str, Shape] = {"file_id": name_of(voice), "container_id": name_of(voice)}
    return Record(voice, {**fields, **ids, **numbers(voice, "index start_index end_index")})


def part(voice: Voice) -> Tagged:
    """Return the shape of one content part, of a message, a tool's output, or reasoning."""
    file = voice if voice.channel is not Channel.USER else FILE
    mark = Record(voice, {"mode": Word(voice, "explicit"), "ttl": Word(voice, "30m", "12h")})
    detail = Word(voice, "auto", "low", "high", "original")
    audio = Record(voice, {"data": Leaf(voice, Kind.BINARY), "format": Word(voice, "wav", "mp3")})

    def one(kind: str, **fields: Shape) -> Record:
        return Record(voice, {"type": Word(voice, kind), "prompt_cache_breakpoint": mark, **fields})

    picture: dict[str, Shape] = {"image_url": Link(voice), "file_id": name_of(voice), "detail": detail}
    paper: dict[str, Shape] = {"file_data": Link(file), "file_url": Leaf(file), "filename": Leaf(file)}
    thinking = Leaf(voice, Kind.THINKING)
    notes = Items(voice, annotation(voice))
    options = {
        "input_text": one("input_text", text=Leaf(voice)),
        "output_text": one("output_text", text=Leaf(voice), annotations=notes, logprobs=logprobs(voice)),
        "text": one("text", text=Leaf(voice)),
        "refusal": one("refusal", refusal=Leaf(voice)),
        "summary_text": one("summary_text", text=thinking),
        "reasoning_text": one("reasoning_text", text=thinking),
        "input_image": one("input_image", **picture),
        "computer_screenshot": one("computer_screenshot", **picture),
        "input_file": one("input_file", **paper, file_id=name_of(file), detail=detail),
        "input_audio": one("input_audio", input_audio=audio),
    }
    return Tagged(voice, "type", options)


def content(voice: Voice) -> Either:
    """Return the shape of a string or a list of parts."""
    return Either(voice, text=Leaf(voice), items=Items(voice, part(voice)), record=part(voice))


def _tool() -> Record:
    """Return one record for all kinds of tools: no key of one kind means anything else in another."""
    voice, name, prose = DEFINITION, name_of(DEFINITION), Leaf(DEFINITION)
    kinds = (
        "function file_search computer computer_use_preview web_search web_search_2025_08_26 web_search_preview "
        "web_search_preview_2025_03_11 mcp code_interpreter programmatic_tool_calling image_generation local_shell "
        "shell custom namespace tool_search apply_patch"
    )
    names = (
        "name server_label connector_id tunnel_id model vector_store_ids allowed_tools require_approval container size"
    )
    words = (
        "allowed_callers environment search_content_types search_context_size execution action background complexity "
        "input_fidelity moderation output_format quality"
    )
    form: dict[str, Shape] = {"type": Word(voice, "text", "grammar"), "syntax": Word(voice, "lark", "regex")}
    tool = Record(
        voice,
        {
            "type": Word(voice, *kinds.split()),
            **{key: anything(voice, Kind.IDENTIFIER) for key in (*names.split(), *words.split())},
            **numbers(voice, "strict async defer_loading external_web_access max_num_results display_height"),
            **numbers(voice, "display_width output_compression partial_images frame_count frame_duration_ms"),
            "description": prose,
            "parameters": anything(voice),
            "output_schema": anything(voice),
            "format": Record(voice, {**form, "definition": prose}),
            "server_url": prose,
            "server_description": prose,
            "authorization": prose,
            "headers": Map(voice, prose),
            "filters": anything(voice),
            "ranking_options": anything(voice, Kind.IDENTIFIER),
            "user_location": anything(USER),
            "input_image_mask": Record(voice, {"file_id": name, "image_url": Link(voice)}),
            "svg": anything(voice, Kind.IDENTIFIER),
        },
    )
    tool.fields["tools"] = Items(voice, tool)
    return tool


TOOL = _tool()
TOOLS = Items(DEFINITION, TOOL)
