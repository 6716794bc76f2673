"""The dialect OpenAI Chat Completions: requests, whole answers and errors. Streams are read in `stream.py`.

Owns the routes and what a body says of itself. Never knows a detector, a policy or a socket.
Source: `openai.types.chat` of the Python package openai 3.54 (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from stockade.core.errors import StockadeError
from stockade.core.measures import Level, Measure
from stockade.core.segments import Segment
from stockade.guard.dialects import body as bodies
from stockade.guard.dialects.dialect import (
    BODILESS,
    MODEL_PLACE,
    Operation,
    ParsedAnswer,
    ParsedRequest,
    Reply,
    Route,
    ToolCall,
)
from stockade.guard.dialects.models import MODEL_ID_MUST, is_model_id, models_asked
from stockade.guard.dialects.openai_chat.answer_grammar import ANSWER, CHUNK, MODELS, facts_of
from stockade.guard.dialects.openai_chat.request_grammar import REQUEST
from stockade.guard.dialects.openai_chat.stream import CALLED, ChatStream
from stockade.guard.dialects.openai_limits import limit_headers
from stockade.guard.dialects.openai_replies import error_event, error_reply
from stockade.guard.dialects.openai_shapes import tool_name
from stockade.guard.dialects.query import query_segments
from stockade.guard.dialects.shape import allow_list, wrong_type
from stockade.guard.dialects.tools import vendor_tools
from stockade.guard.dialects.values import count, most_tokens, rows, table, text

_SPELT = (("message", "content"), ("message", "refusal"))


class ChatDialect:
    """OpenAI Chat Completions."""

    name = "openai_chat"
    vendor = "openai"
    routes = (
        Route("POST", "/v1/chat/completions", Operation.GENERATE),
        Route("GET", "/v1/models", Operation.MODELS),
        Route("GET", f"/v1/models/{MODEL_PLACE}", Operation.MODEL),
    )

    def parse_request(self, _route: Route, body: bytes, query: str) -> ParsedRequest:
        """Read a request body. The session is the prompt cache key; `user` names a person, not a session."""
        asked = query_segments(query, ())
        value, segments = bodies.read_request(body, REQUEST)
        model, messages, stream = value.get("model"), value.get("messages"), value.get("stream")
        if not is_model_id(model):
            raise wrong_type(("model",), MODEL_ID_MUST)
        if not isinstance(messages, list):
            raise wrong_type(("messages",), "a list of messages")
        if stream is not None and not isinstance(stream, bool):
            raise wrong_type(("stream",), "true or false")
        opened = (*bodies.opened(segments), *asked)
        most = most_tokens(value, "max_completion_tokens", "max_tokens")
        return ParsedRequest(
            model,
            bool(stream),
            opened,
            text(value.get("prompt_cache_key")),
            models_asked(value),
            vendor_tools(value),
            most * max(1, count(value.get("n")) or 1) if most is not None else None,
        )

    def apply_request(self, body: bytes, request: ParsedRequest, texts: Mapping[int, str]) -> bytes:
        """Return `body` with some strings replaced."""
        return bodies.apply(body, request.segments, texts)

    def parse_answer(self, route: Route, body: bytes) -> ParsedAnswer:
        """Read a whole answer, a list of models, or a vendor's error body."""
        value, segments = bodies.read_answer(body, MODELS if route.operation in BODILESS else ANSWER)
        opened = tuple(bodies.opened_answer(segments))
        return ParsedAnswer(opened, facts_of(value), tuple(_calls(value, opened)))

    def apply_answer(self, body: bytes, answer: ParsedAnswer, texts: Mapping[int, str]) -> bytes:
        """Return the answer with some strings replaced.

        A choice whose text is edited loses its log probabilities: their tokens and bytes spell the original.
        """
        out = bodies.apply(body, answer.segments, texts)
        said = {answer.segments[number].path for number in texts}
        edited = {path[1] for path in said if path[:1] == ("choices",) and path[2:] in _SPELT}
        if not edited:
            return out
        value = orjson.loads(out)
        spelt = [choice for place in edited if (choice := value["choices"][place]).get("logprobs") is not None]
        for choice in spelt:
            choice["logprobs"] = None
        return orjson.dumps(value) if spelt else out

    def withdraw_calls(self, body: bytes, _answer: ParsedAnswer, calls: Mapping[str, str]) -> bytes:
        """Return the answer with each named tool call replaced by a text with its notice."""
        if not calls:
            return body
        value = orjson.loads(body)
        for place, choice in enumerate(value["choices"]):
            message = table(choice.get("message"))
            listed = rows(message.get("tool_calls"))
            gone = [at for at in range(len(listed)) if f"c{place}.t{at}" in calls]
            notices = [calls[f"c{place}.t{at}"] for at in gone]
            left = [call for at, call in enumerate(listed) if at not in gone]
            if gone:
                message["tool_calls"] = left
            if f"c{place}.f" in calls:
                notices.append(calls[f"c{place}.f"])
                message.pop("function_call")
            if not notices:
                continue
            message["content"] = "\n\n".join(filter(None, [text(message.get("content")), *dict.fromkeys(notices)]))
            if not left:
                message.pop("tool_calls", None)
            if not left and "function_call" not in message and choice.get("finish_reason") in CALLED:
                choice["finish_reason"] = "stop"
        return orjson.dumps(value)

    def open_stream(self) -> ChatStream:
        """Return a reader for one streamed answer."""
        return ChatStream()

    def error(self, error: StockadeError) -> Reply:
        """Return `error` in OpenAI's shape."""
        return error_reply(error)

    def error_event(self, error: StockadeError) -> bytes:
        """Return the event that ends a stream which the gate stops."""
        return error_event(error)

    def limit_headers(self, levels: Mapping[Measure, Level], at_s: float) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers in which OpenAI's clients read limits."""
        return limit_headers(levels, at_s)

    def allow_list(self) -> Iterator[str]:
        """Yield the written allow-list: known keys and fixed words of requests, answers, chunks and model lists."""
        return allow_list({"request": REQUEST, "answer": ANSWER, "chunk": CHUNK, "models": MODELS})


def _calls(value: Mapping[str, object], segments: tuple[Segment, ...]) -> list[ToolCall]:
    """Return the tool calls of all choices, keyed by their places."""
    calls: list[ToolCall] = []
    for place, item in enumerate(rows(value.get("choices"))):
        message = table(table(item).get("message"))
        listed = enumerate(rows(message.get("tool_calls")))
        found: list[tuple[str, tuple[str | int, ...], dict[str, object]]] = [
            (f"c{place}.t{at}", ("tool_calls", at), table(call)) for at, call in listed
        ]
        if isinstance(message.get("function_call"), dict):
            found.append((f"c{place}.f", ("function_call",), table(message.get("function_call"))))
        for key, under, call in found:
            name = tool_name(call)
            path = ("choices", place, "message", *under)
            inside = tuple(n for n, segment in enumerate(segments) if segment.path[: len(path)] == path)
            asked = table(call.get("function") or call)
            calls.append(ToolCall(key, name, inside, text(asked.get("arguments"))))
    return calls
