"""The grammar of Chat Completions answers: whole ones, stream chunks, the model list, and the vendor's error bodies.

Owns the shapes and the reading of facts (served model, stop reason, usage). Never decides anything about a text.
Source: `openai.types.chat.chat_completion` and `chat_completion_chunk` of the Python package openai 3.54.
"""

from __future__ import annotations

from collections.abc import Mapping

from stockade.core.exchange import AnswerFacts, Usage
from stockade.core.segments import Kind
from stockade.guard.dialects.openai_chat.request_grammar import function_call, tool_call
from stockade.guard.dialects.openai_shapes import ASSISTANT, name_of
from stockade.guard.dialects.shape import Items, Leaf, Map, Record, Setting, Shape, Word
from stockade.guard.dialects.values import count, rows, table, text

FINISHED = ("stop", "length", "tool_calls", "content_filter", "function_call")


def _logprobs() -> Record:
    one: dict[str, Shape] = {"token": Leaf(ASSISTANT), "logprob": Setting(ASSISTANT), "bytes": Setting(ASSISTANT)}
    token = Record(ASSISTANT, {**one, "top_logprobs": Items(ASSISTANT, Record(ASSISTANT, one))})
    return Record(ASSISTANT, {"content": Items(ASSISTANT, token), "refusal": Items(ASSISTANT, token)})


def _message() -> Record:
    citation: dict[str, Shape] = {"url": Leaf(ASSISTANT), "title": Leaf(ASSISTANT), "start_index": Setting(ASSISTANT)}
    cited = Record(ASSISTANT, {**citation, "end_index": Setting(ASSISTANT)})
    annotation = Record(ASSISTANT, {"type": Word(ASSISTANT, "url_citation"), "url_citation": cited})
    audio: dict[str, Shape] = {
        "id": name_of(ASSISTANT),
        "data": Leaf(ASSISTANT, Kind.BINARY),
        "transcript": Leaf(ASSISTANT),
    }
    return Record(
        ASSISTANT,
        {
            "role": Word(ASSISTANT, "assistant"),
            "content": Leaf(ASSISTANT),
            "refusal": Leaf(ASSISTANT),
            # DeepSeek, vLLM and routers tell the reasoning so. No signature covers it: an edit breaks nothing.
            "reasoning_content": Leaf(ASSISTANT),
            "reasoning": Leaf(ASSISTANT),
            "annotations": Items(ASSISTANT, annotation),
            "audio": Record(ASSISTANT, {**audio, "expires_at": Setting(ASSISTANT)}),
            "tool_calls": Items(ASSISTANT, tool_call()),
            "function_call": function_call(),
        },
    )


def _moderation() -> Record:
    words = Map(ASSISTANT, Items(ASSISTANT, name_of(ASSISTANT)))
    result: dict[str, Shape] = {
        "type": Word(ASSISTANT, "moderation_result"),
        "model": name_of(ASSISTANT),
        "flagged": Setting(ASSISTANT),
        "categories": Map(ASSISTANT, Setting(ASSISTANT)),
        "category_scores": Map(ASSISTANT, Setting(ASSISTANT)),
        "category_applied_input_types": words,
    }
    side: dict[str, Shape] = {
        "type": Word(ASSISTANT, "moderation_results", "error"),
        "model": name_of(ASSISTANT),
        "results": Items(ASSISTANT, Record(ASSISTANT, result)),
        "code": name_of(ASSISTANT),
        "message": Leaf(ASSISTANT),
    }
    return Record(ASSISTANT, {"input": Record(ASSISTANT, side), "output": Record(ASSISTANT, side)})


def _error() -> Record:
    fields: dict[str, Shape] = {key: name_of(ASSISTANT) for key in ("type", "param", "code")}
    return Record(ASSISTANT, {**fields, "message": Leaf(ASSISTANT)})


def _usage() -> Record:
    counts = ("audio_tokens", "cached_tokens", "cache_write_tokens", "image_tokens", "text_tokens")
    spent = ("accepted_prediction_tokens", "reasoning_tokens", "rejected_prediction_tokens")
    details = Record(ASSISTANT, {key: Setting(ASSISTANT) for key in (*counts, *spent)})
    totals: dict[str, Shape] = {
        key: Setting(ASSISTANT) for key in ("prompt_tokens", "completion_tokens", "total_tokens")
    }
    return Record(ASSISTANT, {**totals, "prompt_tokens_details": details, "completion_tokens_details": details})


def _answer(kind: str, body: str) -> Record:
    choice: dict[str, Shape] = {
        "index": Setting(ASSISTANT),
        body: _message(),
        "finish_reason": Word(ASSISTANT, *FINISHED),
        "logprobs": _logprobs(),
    }
    return Record(
        ASSISTANT,
        {
            "id": name_of(ASSISTANT),
            "object": Word(ASSISTANT, kind),
            "created": Setting(ASSISTANT),
            "model": name_of(ASSISTANT),
            "choices": Items(ASSISTANT, Record(ASSISTANT, choice)),
            "usage": _usage(),
            "service_tier": Word(ASSISTANT, "auto", "default", "flex", "scale", "priority", "fast"),
            "system_fingerprint": name_of(ASSISTANT),
            "metadata": Map(ASSISTANT, Leaf(ASSISTANT)),
            "moderation": _moderation(),
            "obfuscation": name_of(ASSISTANT),
            "error": _error(),
        },
    )


def _models() -> Record:
    model: dict[str, Shape] = {
        "id": name_of(ASSISTANT),
        "object": Word(ASSISTANT, "model"),
        "created": Setting(ASSISTANT),
    }
    item = Record(ASSISTANT, {**model, "owned_by": name_of(ASSISTANT)})
    fields: dict[str, Shape] = {"data": Items(ASSISTANT, item), "error": _error(), "owned_by": name_of(ASSISTANT)}
    return Record(ASSISTANT, {**model, **fields, "object": Word(ASSISTANT, "list", "model")})


ANSWER = _answer("chat.completion", "message")
CHUNK = _answer("chat.completion.chunk", "delta")
MODELS = _models()


def facts_of(value: Mapping[str, object]) -> AnswerFacts:
    """Return what a whole answer or a chunk says of itself; with several choices the first one's end counts."""
    stop = refusal = ""
    for item in rows(value.get("choices")):
        choice = table(item)
        stop = stop or text(choice.get("finish_reason"))
        said = table(choice.get("message") or choice.get("delta"))
        refusal = refusal or ("refusal" if text(said.get("refusal")) else "")
    category = "content_filter" if stop == "content_filter" else refusal
    return AnswerFacts(text(value.get("model")), text(value.get("id")), stop, category, _usage_of(value))


def _usage_of(value: Mapping[str, object]) -> Usage:
    usage = table(value.get("usage"))
    prompt, cached, written = (
        count(usage.get("prompt_tokens")),
        count(table(usage.get("prompt_tokens_details")).get("cached_tokens")),
        count(table(usage.get("prompt_tokens_details")).get("cache_write_tokens")),
    )
    return Usage(
        # `prompt_tokens` counts cached tokens as well; what they cost is told apart.
        None if prompt is None else max(0, prompt - (cached or 0) - (written or 0)),
        count(usage.get("completion_tokens")),
        cached,
        written,
        count(table(usage.get("completion_tokens_details")).get("reasoning_tokens")),
    )
