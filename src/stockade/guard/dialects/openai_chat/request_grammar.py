"""The grammar of Chat Completions requests: who speaks in each string of a body, and which strings are fixed words.

Owns the shape of `POST /v1/chat/completions`. Never decides anything about a text.
Source: the request types of the Python package openai 3.54, `openai.types.chat` (read November 2026).
"""

from __future__ import annotations

from stockade.core.segments import Channel, Kind
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
from stockade.guard.dialects.shape import Either, Free, Items, Leaf, Map, Record, Setting, Shape, Tagged, Voice, Word


def schema(voice: Voice) -> Free:
    """Return the shape of a JSON schema: its keys are the caller's choice, its strings are read by the model."""
    return Free(voice, Kind.TEXT, Kind.IDENTIFIER)


def content(voice: Voice) -> Either:
    """Return the shape of a message's content: a string or a list of parts."""
    file = voice if voice.channel is not Channel.USER else FILE
    breakpoint_ = Record(voice, {"mode": Word(voice, "explicit"), "ttl": Word(voice, "30m", "12h")})

    def part(kind: str, shape: Shape) -> Record:
        return Record(voice, {"type": Word(voice, kind), kind: shape, "prompt_cache_breakpoint": breakpoint_})

    image = Record(voice, {"url": Link(voice), "detail": Word(voice, "auto", "low", "high", "original")})
    audio = Record(voice, {"data": Leaf(voice, Kind.BINARY), "format": Word(voice, "wav", "mp3")})
    document = Record(file, {"file_data": Link(file), "file_id": name_of(file), "filename": Leaf(file)})
    parts = {
        "text": part("text", Leaf(voice)),
        "image_url": part("image_url", Either(voice, record=image, text=Link(voice))),
        "input_audio": part("input_audio", audio),
        "file": part("file", document),
        "refusal": part("refusal", Leaf(voice)),
    }
    return Either(voice, text=Leaf(voice), items=Items(voice, Tagged(voice, "type", parts)))


def tool_call() -> Record:
    """Return the shape of a tool call, whole or a delta: in a delta most of its keys are absent."""
    function = Record(CALL, {"name": name_of(CALL), "arguments": Leaf(CALL, Kind.ARGUMENT)})
    custom = Record(CALL, {"name": name_of(CALL), "input": Leaf(CALL, Kind.ARGUMENT)})
    fields: dict[str, Shape] = {"index": Setting(CALL), "id": name_of(CALL), "type": Word(CALL, "function", "custom")}
    return Record(CALL, {**fields, "function": function, "custom": custom})


def function_call() -> Record:
    """Return the shape of the older single call."""
    return Record(CALL, {"name": name_of(CALL), "arguments": Leaf(CALL, Kind.ARGUMENT)})


def _message() -> Tagged:
    def said(role: str, voice: Voice, **more: Shape) -> Record:
        fields: dict[str, Shape] = {
            "role": Word(voice, role),
            "name": name_of(voice),
            "content": content(voice),
            **more,
        }
        return Record(voice, fields)

    assistant = said(
        "assistant",
        ASSISTANT,
        refusal=Leaf(ASSISTANT),
        reasoning_content=Leaf(ASSISTANT),
        reasoning=Leaf(ASSISTANT),
        audio=Record(ASSISTANT, {"id": name_of(ASSISTANT)}),
        tool_calls=Items(CALL, tool_call()),
        function_call=function_call(),
    )
    return Tagged(
        UNKNOWN,
        "role",
        {
            "system": said("system", SYSTEM),
            "developer": said("developer", DEVELOPER),
            "user": said("user", USER),
            "assistant": assistant,
            "tool": said("tool", RESULT, tool_call_id=name_of(RESULT)),
            "function": said("function", RESULT),
        },
        must="an object",
    )


def _tools() -> Items:
    lark = Record(DEFINITION, {"definition": Leaf(DEFINITION), "syntax": Word(DEFINITION, "lark", "regex")})
    form = Record(DEFINITION, {"type": Word(DEFINITION, "text", "grammar"), "grammar": lark})
    custom = Record(DEFINITION, {"name": name_of(DEFINITION), "description": Leaf(DEFINITION), "format": form})
    kind = Word(DEFINITION, "function", "custom")
    return Items(DEFINITION, Record(DEFINITION, {"type": kind, "function": _function(), "custom": custom}))


def _function() -> Record:
    fields: dict[str, Shape] = {"name": name_of(DEFINITION), "description": Leaf(DEFINITION)}
    return Record(DEFINITION, {**fields, "parameters": schema(DEFINITION), "strict": Setting(DEFINITION)})


def _tool_choice() -> Either:
    named = Record(DEFINITION, {"name": name_of(DEFINITION)})
    kinds = Word(DEFINITION, "function", "custom", "allowed_tools")
    one = Record(DEFINITION, {"type": kinds, "function": named, "custom": named})
    allowed = Record(DEFINITION, {"mode": Word(DEFINITION, "auto", "required"), "tools": Items(DEFINITION, one)})
    choice = Record(DEFINITION, {**one.fields, "allowed_tools": allowed})
    return Either(DEFINITION, text=Word(DEFINITION, "none", "auto", "required"), record=choice)


def _response_format() -> Record:
    fields: dict[str, Shape] = {"name": name_of(SYSTEM), "description": Leaf(SYSTEM), "schema": schema(SYSTEM)}
    kinds = Word(SYSTEM, "text", "json_object", "json_schema")
    return Record(SYSTEM, {"type": kinds, "json_schema": Record(SYSTEM, {**fields, "strict": Setting(SYSTEM)})})


def _web_search() -> Record:
    place = Record(USER, {key: Leaf(USER) for key in ("city", "country", "region", "timezone")})
    location = Record(USER, {"type": Word(USER, "approximate"), "approximate": place})
    return Record(USER, {"search_context_size": Word(USER, "low", "medium", "high"), "user_location": location})


def _moderation() -> Record:
    side = Record(USER, {"mode": Word(USER, "score", "block")})
    return Record(USER, {"model": name_of(USER), "policy": Record(USER, {"input": side, "output": side})})


def _request() -> Record:
    numbers = (
        "frequency_penalty logprobs max_completion_tokens max_tokens n parallel_tool_calls presence_penalty seed store "
        "stream temperature top_logprobs top_p"
    )
    identifier = Leaf(USER, Kind.IDENTIFIER)
    voice = Either(USER, text=identifier, record=Record(USER, {"id": identifier}))
    stop = Either(USER, text=Leaf(USER), items=Items(USER, Leaf(USER)))
    cache = Record(USER, {"mode": Word(USER, "implicit", "explicit"), "ttl": Word(USER, "30m", "12h")})
    function_choice = Record(DEFINITION, {"name": name_of(DEFINITION)})
    return Record(
        USER,
        {
            **{name: Setting(USER) for name in numbers.split()},
            "audio": Record(USER, {"voice": voice, "format": Word(USER, "wav", "aac", "mp3", "flac", "opus", "pcm16")}),
            "function_call": Either(DEFINITION, text=Word(DEFINITION, "none", "auto"), record=function_choice),
            "functions": Items(DEFINITION, _function()),
            "logit_bias": Map(USER, Setting(USER)),
            "messages": Items(USER, _message(), must="a list of messages"),
            "metadata": Map(USER, Leaf(USER)),
            "modalities": Items(USER, Word(USER, "text", "audio")),
            "model": Leaf(USER, Kind.IDENTIFIER, must="a string"),
            "moderation": _moderation(),
            "prediction": Record(USER, {"type": Word(USER, "content"), "content": content(USER)}),
            "prompt_cache_key": identifier,
            "prompt_cache_options": cache,
            "prompt_cache_retention": Word(USER, "in_memory", "24h"),
            "reasoning_effort": Word(USER, "none", "minimal", "low", "medium", "high", "xhigh", "max"),
            "response_format": _response_format(),
            "safety_identifier": identifier,
            "service_tier": Word(USER, "auto", "default", "flex", "scale", "priority", "fast"),
            "stop": stop,
            "stream_options": Record(USER, {"include_usage": Setting(USER), "include_obfuscation": Setting(USER)}),
            "tool_choice": _tool_choice(),
            "tools": _tools(),
            "user": identifier,
            "verbosity": Word(USER, "low", "medium", "high"),
            "web_search_options": _web_search(),
        },
    )


REQUEST = _request()
