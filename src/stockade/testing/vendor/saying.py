"""An answer made ready for a wire format: variables filled, ids given, texts cut as a stream sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import orjson

from stockade.testing.vendor.reading import Reading
from stockade.testing.vendor.script import Answer, Failure, Refusal, Rule, Thinking, Tokens

MESSAGES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
"""Error types by status. Source: the error page of the Anthropic API, read November 2026."""


class Call(NamedTuple):
    """A tool call as it is sent."""

    id: str
    name: str
    arguments: str
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """Everything a wire format needs to write one answer. `number` makes its ids unique and repeatable."""

    number: int
    model: str
    text: str
    pieces: tuple[str, ...]
    thinking: Thinking | None
    calls: tuple[Call, ...]
    refusal: Refusal | None
    stop_reason: str
    usage: Tokens
    usage_in_stream: bool
    chunks: int | str | tuple[int, ...] | tuple[str, ...]

    def cut(self, text: str) -> tuple[str, ...]:
        """Cut any other text of the answer as the rule says; a list of texts applies to the main text only."""
        chunks = self.chunks
        return (text,) if isinstance(chunks, tuple) and isinstance(chunks[0], str) else cut(text, chunks)


def prepare(rule: Rule, reading: Reading, match: str, number: int) -> Saying:
    """Return the answer of `rule` to the request that was read."""
    answer: Answer = rule.answer
    prefix = "toolu" if reading.dialect == "anthropic" else "call"
    calls = tuple(
        Call(call.id or f"{prefix}_{number:08d}{n:02d}", call.name, reading.fill_call(call, match), call.custom)
        for n, call in enumerate(answer.tool_calls)
    )
    text = reading.fill(answer.text, match)
    if isinstance(rule.chunks, tuple) and isinstance(rule.chunks[0], str):
        pieces = tuple(reading.fill(str(piece), match) for piece in rule.chunks)
        text = "".join(pieces)
    else:
        pieces = cut(text, rule.chunks)
    thinking = answer.thinking
    if thinking is not None:
        thinking = Thinking(reading.fill(thinking.text, match), thinking.signature)
    refusal = answer.refusal
    return Saying(
        number=number,
        model=answer.model or reading.model or "demo",
        text=text,
        pieces=pieces,
        thinking=thinking,
        calls=calls,
        refusal=refusal,
        stop_reason=answer.stop_reason,
        usage=answer.usage,
        usage_in_stream=reading.usage_in_stream,
        chunks=rule.chunks,
    )


def cut(text: str, chunks: int | str | tuple[int, ...] | tuple[str, ...]) -> tuple[str, ...]:
    """Cut a text into pieces that join to it again; no piece is empty."""
    if chunks == "words":
        words = text.split(" ")
        return tuple(filter(None, [*(word + " " for word in words[:-1]), words[-1]]))
    lengths = [chunks] if isinstance(chunks, int) else [int(length) for length in chunks]
    pieces: list[str] = []
    done = 0
    while done < len(text):
        length = lengths[min(len(pieces), len(lengths) - 1)]
        pieces.append(text[done : done + length])
        done += length
    return tuple(pieces)


def error_body(dialect: str, failure: Failure, number: int) -> bytes:
    """Return an error in the vendor's shape."""
    kind = failure.type or MESSAGES.get(failure.status, "api_error")
    if dialect == "anthropic":
        error: dict[str, object] = {"type": kind, "message": failure.message}
        return orjson.dumps({"type": "error", "error": error, "request_id": f"req_{number:08d}"})
    error = {"message": failure.message, "type": kind, "param": None, "code": failure.code or None}
    return orjson.dumps({"error": error})


def sse(event: str, value: object) -> bytes:
    """Return one server-sent event; without a name only its data."""
    data = value if isinstance(value, bytes) else orjson.dumps(value)
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n" if event else b"data: " + data + b"\n\n"
