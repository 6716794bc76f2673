"""Content blocks of Anthropic Messages, in requests and answers alike.

Owns which strings of a block are fixed words, which are content, and whose voice speaks in them. A block type that is
not here is unknown content.
Source: types of the PyPI package anthropic 2.12 (`ContentBlockParam`, `BetaContentBlockParam`), read November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

from stockade.core.segments import Channel, Kind, Path, Segment
from stockade.guard.dialects.schema import json_schema
from stockade.guard.dialects.shape import Either, Free, Items, Leaf, Map, Record, Setting, Shape, Tagged, Voice, Word

CALLERS = ("code_execution_20250825", "code_execution_20260120", "code_execution_20260521", "direct")
TOOL_TYPES = (
    "advisor_20260301", "bash_20241022", "bash_20250124", "browser_toolset_20260801", "code_execution_20250522",
    "code_execution_20250825", "code_execution_20260120", "code_execution_20260521", "computer_20241022",
    "computer_20250124", "computer_20251124", "computer_toolset_20260801", "custom", "mcp_toolset", "memory_20250818",
    "text_editor_20241022", "text_editor_20250124", "text_editor_20250429", "text_editor_20250728",
    "tool_search_tool_bm25", "tool_search_tool_bm25_20251119", "tool_search_tool_regex",
    "tool_search_tool_regex_20251119", "web_fetch_20250910", "web_fetch_20260209", "web_fetch_20260309",
    "web_fetch_20260318", "web_search_20250305", "web_search_20260209", "web_search_20260318",
)  # fmt: skip
_CLOSED_MEDIA = ("application/pdf", "audio/", "image/", "video/")
BLOCK_MUST = "an object with a type"
CONTENT_MUST = "a string or a list of content blocks"


class _Encoded(Record):
    """A source in base64: closed for pictures and PDFs; whatever else it says it is may be text, and is opened."""

    __slots__ = ()

    def read_at(self, value: dict[str, object], path: Path, token: int, out: list[Segment]) -> int:
        """Read the object with the kind that its media type tells."""
        first = len(out)
        after = super().read_at(value, path, token, out)
        if not str(value.get("media_type")).startswith(_CLOSED_MEDIA):
            out[first:] = [s._replace(kind=Kind.TEXT) if s.kind is Kind.BINARY else s for s in out[first:]]
        return after


def cache_control(voice: Voice) -> Record:
    """Return the shape of a cache breakpoint."""
    return Record(voice, {"type": Word(voice, "ephemeral"), "ttl": Word(voice, "5m", "1h")})


def typed(voice: Voice, name: str, fields: Mapping[str, Shape]) -> Record:
    """Return a record whose `type` is `name`, with a cache breakpoint."""
    return Record(voice, {"type": Word(voice, name), "cache_control": cache_control(voice), **fields})


def tagged(voice: Voice, options: Mapping[str, Mapping[str, Shape]], must: str = "") -> Tagged:
    """Return a shape chosen by `type`."""
    return Tagged(voice, "type", {name: typed(voice, name, fields) for name, fields in options.items()}, must)


def content_blocks(voice: Voice, strict: bool = False, nested: bool = True) -> Tagged:
    """Return the shape of one content block spoken by `voice`; `strict` refuses what is no object."""
    result = Voice(voice.role, Channel.TOOL_RESULT)
    blocks = tagged(voice, {"text": _text(voice), "image": {"source": _source(voice)}}, BLOCK_MUST if strict else "")
    document = Voice(voice.role, Channel.DOCUMENT)
    blocks.options |= {
        "document": _document(document),
        "search_result": typed(
            document,
            "search_result",
            {
                "source": Leaf(document),
                "title": Leaf(document),
                "citations": Record(document, {"enabled": Setting(document)}),
                "content": Items(document, tagged(document, {"text": _text(document)})),
            },
        ),
        "tool_reference": typed(voice, "tool_reference", {"tool_name": Leaf(voice, Kind.IDENTIFIER)}),
    }
    if nested:
        inner = content_blocks(result, strict, nested=False)
        content = Either(
            result, text=Leaf(result), items=Items(result, inner), record=inner, must=CONTENT_MUST if strict else ""
        )
        blocks.options |= _vendor_blocks(voice) | _calls(Voice(voice.role, Channel.TOOL_CALL)) | _results(result)
        for name in ("tool_result", "mcp_tool_result"):
            blocks.options[name] = typed(
                result,
                name,
                {
                    "tool_use_id": Leaf(result, Kind.IDENTIFIER),
                    "content": content,
                    "is_error": Setting(result),
                    "toolset_name": Leaf(result, Kind.IDENTIFIER),
                },
            )
    return blocks


def tool_definition(voice: Voice) -> Record:
    """Return the shape of a tool, the client's own or one that the vendor runs."""
    setting, text, name = Setting(voice), Leaf(voice), Leaf(voice, Kind.IDENTIFIER)
    config = Record(voice, {"enabled": setting, "defer_loading": setting})
    place = dict.fromkeys(("city", "country", "region", "timezone"), text)
    no_strings = (
        "defer_loading", "display_height_px", "display_number", "display_width_px", "eager_input_streaming",
        "enable_zoom", "max_characters", "max_content_tokens", "max_uses", "strict", "use_cache",
    )  # fmt: skip
    return typed(
        voice,
        "custom",
        {
            **dict.fromkeys(no_strings, setting),
            "type": Word(voice, *TOOL_TYPES),
            "name": name,
            "description": text,
            "input_schema": json_schema(voice),
            "input_examples": Free(voice, Kind.TEXT, Kind.IDENTIFIER),
            "allowed_callers": Items(voice, Word(voice, *CALLERS)),
            "allowed_domains": Items(voice, text),
            "blocked_domains": Items(voice, text),
            "citations": Record(voice, {"enabled": setting}),
            "configs": Map(voice, config),
            "default_config": config,
            "mcp_server_name": name,
            "model": name,
            "response_inclusion": Word(voice, "excluded", "full"),
            "user_location": Record(voice, {"type": Word(voice, "approximate"), **place}),
        },
    )


def citation(role: str) -> Tagged:
    """Return the shape of a citation: it quotes a document."""
    voice = Voice(role, Channel.DOCUMENT)
    setting, text = Setting(voice), Leaf(voice)
    common: dict[str, Shape] = {"cited_text": text, "file_id": Leaf(voice, Kind.IDENTIFIER)}
    of_document: dict[str, Shape] = {**common, "document_index": setting, "document_title": text}
    blocks: dict[str, Shape] = {"start_block_index": setting, "end_block_index": setting}
    sealed = Leaf(voice, Kind.SEALED)
    return tagged(
        voice,
        {
            "char_location": {**of_document, "start_char_index": setting, "end_char_index": setting},
            "page_location": {**of_document, "start_page_number": setting, "end_page_number": setting},
            "content_block_location": {**of_document, **blocks},
            "search_result_location": {
                **common,
                **blocks,
                "search_result_index": setting,
                "source": text,
                "title": text,
            },
            "web_search_result_location": {**common, "encrypted_index": sealed, "title": text, "url": text},
        },
    )


def _text(voice: Voice) -> dict[str, Shape]:
    return {"text": Leaf(voice), "citations": Items(voice, citation(voice.role))}


def _source(voice: Voice, **more: Mapping[str, Shape]) -> Tagged:
    media = Word(voice, "image/gif", "image/jpeg", "image/png", "image/webp", "application/pdf", "text/plain")
    source = tagged(
        voice,
        {
            "url": {"url": Leaf(voice)},
            "file": {"file_id": Leaf(voice, Kind.IDENTIFIER)},
            "text": {"media_type": media, "data": Leaf(voice)},
            **more,
        },
    )
    encoded: dict[str, Shape] = {"type": Word(voice, "base64"), "media_type": media, "data": Leaf(voice, Kind.BINARY)}
    source.options["base64"] = _Encoded(voice, encoded)
    return source


def _document(voice: Voice) -> Record:
    inner = tagged(voice, {"text": _text(voice), "image": {"source": _source(voice)}})
    content = Either(voice, text=Leaf(voice), items=Items(voice, inner))
    return typed(
        voice,
        "document",
        {
            "source": _source(voice, content={"content": content}),
            "title": Leaf(voice),
            "context": Leaf(voice),
            "citations": Record(voice, {"enabled": Setting(voice)}),
        },
    )


def _vendor_blocks(voice: Voice) -> dict[str, Record]:
    """Return blocks that the vendor makes and signs, and those that speak of tools and models."""
    thinking, sealed, name = Leaf(voice, Kind.THINKING), Leaf(voice, Kind.SEALED), Leaf(voice, Kind.IDENTIFIER)
    tools = Voice(voice.role, Channel.TOOL_DEFINITION)
    change: dict[str, Shape] = {"tool": Free(tools, Kind.TEXT, Kind.IDENTIFIER)}
    model = Record(voice, {"model": name})
    changes = tagged(tools, {"tool_addition": change, "tool_removal": change})
    # The vendor refuses a compaction whose content does not fit its signature: read as thinking is, never edited.
    compaction: dict[str, Shape] = {"content": thinking, "encrypted_content": sealed, "signature": sealed}
    return {
        "thinking": typed(voice, "thinking", {"thinking": thinking, "signature": sealed}),
        "redacted_thinking": typed(voice, "redacted_thinking", {"data": sealed}),
        "compaction": typed(voice, "compaction", {**compaction, "tool_changes": Items(tools, changes)}),
        "container_upload": typed(voice, "container_upload", {"file_id": name}),
        "fallback": typed(voice, "fallback", {"from": model, "to": model, "trigger": Free(voice)}),
        "mcp_tool_listing": typed(
            voice, "mcp_tool_listing", {"mcp_server_name": name, "tools": Items(tools, tool_definition(tools))}
        ),
        **changes.options,
    }


def _calls(voice: Voice) -> dict[str, Record]:
    name = Leaf(voice, Kind.IDENTIFIER)
    fields: dict[str, Shape] = {
        "id": name,
        "name": name,
        "input": Free(voice, Kind.ARGUMENT, Kind.IDENTIFIER),
        "caller": Record(voice, {"type": Word(voice, *CALLERS), "tool_id": name}),
        "server_name": name,
        "toolset_name": name,
    }
    return {kind: typed(voice, kind, fields) for kind in ("tool_use", "server_tool_use", "mcp_tool_use")}


def _results(voice: Voice) -> dict[str, Record]:
    """Return the results of tools that the vendor runs."""
    setting, text, name, sealed = Setting(voice), Leaf(voice), Leaf(voice, Kind.IDENTIFIER), Leaf(voice, Kind.SEALED)
    error: dict[str, Shape] = {"error_code": name, "error_message": text}
    inside: dict[str, dict[str, Mapping[str, Shape]]] = {
        "web_search": {
            "web_search_result": {"title": text, "url": text, "page_age": text, "encrypted_content": sealed}
        },
        "web_fetch": {
            "web_fetch_result": {
                "url": text,
                "retrieved_at": text,
                "content": _document(Voice(voice.role, Channel.DOCUMENT)),
            }
        },
        "code_execution": {},
        "bash_code_execution": {},
        "text_editor_code_execution": {
            "text_editor_code_execution_view_result": {
                **dict.fromkeys(("num_lines", "start_line", "total_lines"), setting),
                "content": text,
                "file_type": Word(voice, "image", "pdf", "text"),
            },
            "text_editor_code_execution_create_result": {"is_file_update": setting},
            "text_editor_code_execution_str_replace_result": {
                **dict.fromkeys(("new_lines", "new_start", "old_lines", "old_start"), setting),
                "lines": Items(voice, text),
            },
        },
        "tool_search": {
            "tool_search_tool_search_result": {
                "tool_references": Items(voice, tagged(voice, {"tool_reference": {"tool_name": name}}))
            }
        },
        "advisor": {"advisor_result": {"text": text}, "advisor_redacted_result": {"encrypted_content": sealed}},
    }
    for tool, kinds in (
        ("code_execution", ("code_execution", "encrypted_code_execution")),
        ("bash_code_execution", ("bash_code_execution",)),
    ):
        output = Items(voice, tagged(voice, {f"{tool}_output": {"file_id": name}}))
        ran: dict[str, Shape] = {
            "content": output,
            "stdout": text,
            "stderr": text,
            "encrypted_stdout": sealed,
            "return_code": setting,
        }
        inside[tool] |= {f"{kind}_result": ran for kind in kinds}
    results: dict[str, Record] = {}
    for tool, options in inside.items():
        block = "tool_search_tool_result" if tool == "tool_search" else f"{tool}_tool_result"
        item = tagged(voice, {**options, f"{block}_error": error})
        content = Either(voice, items=Items(voice, item), record=item)
        caller = Record(voice, {"type": Word(voice, *CALLERS), "tool_id": name})
        results[block] = typed(voice, block, {"tool_use_id": name, "content": content, "caller": caller})
    return results
