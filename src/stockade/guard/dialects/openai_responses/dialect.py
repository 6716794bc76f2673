"""The dialect OpenAI Responses: requests, whole answers and errors. Streams are read in `stream.py`.

Owns the route and what a body says of itself. Stored responses (GET, DELETE, input items, compaction) are not served:
their text would come from the vendor's store, not from an exchange that the gate has judged.
Never knows a detector, a policy or a socket.
Source: `openai.types.responses` of the Python package openai 3.54 (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from stockade.core.errors import StockadeError
from stockade.core.measures import Level, Measure
from stockade.guard.dialects import body as bodies
from stockade.guard.dialects.dialect import Operation, ParsedAnswer, ParsedRequest, Reply, Route, ToolCall
from stockade.guard.dialects.models import MODEL_ID_MUST, is_model_id, models_asked
from stockade.guard.dialects.openai_limits import limit_headers
from stockade.guard.dialects.openai_replies import error_reply
from stockade.guard.dialects.openai_responses.calls import message_for, tool_name, unspell
from stockade.guard.dialects.openai_responses.grammar import ANSWER, EVENTS, REQUEST, facts_of
from stockade.guard.dialects.openai_responses.items import CLIENT_CALLS
from stockade.guard.dialects.openai_responses.replies import error_events
from stockade.guard.dialects.openai_responses.stream import ResponsesStream
from stockade.guard.dialects.query import query_segments
from stockade.guard.dialects.shape import allow_list, wrong_type
from stockade.guard.dialects.tools import vendor_tools
from stockade.guard.dialects.values import most_tokens, rows, table, text


class ResponsesDialect:
    """OpenAI Responses."""

    name = "openai_responses"
    vendor = "openai"
    routes = (Route("POST", "/v1/responses", Operation.GENERATE),)

    def parse_request(self, _route: Route, body: bytes, query: str) -> ParsedRequest:
        """Read a request body. The session is the prompt cache key: Codex puts its conversation id there."""
        value, segments = bodies.read_request(body, REQUEST)
        model, stream = value.get("model"), value.get("stream")
        if not is_model_id(model):
            raise wrong_type(("model",), MODEL_ID_MUST)
        if stream is not None and not isinstance(stream, bool):
            raise wrong_type(("stream",), "true or false")
        opened = (*bodies.opened(segments), *query_segments(query, ()))
        return ParsedRequest(
            model,
            bool(stream),
            opened,
            text(value.get("prompt_cache_key")),
            models_asked(value),
            vendor_tools(value),
            most_tokens(value, "max_output_tokens"),
        )

    def apply_request(self, body: bytes, request: ParsedRequest, texts: Mapping[int, str]) -> bytes:
        """Return `body` with some strings replaced."""
        return bodies.apply(body, request.segments, texts)

    def parse_answer(self, _route: Route, body: bytes) -> ParsedAnswer:
        """Read a whole answer, or a vendor's error body."""
        value, segments = bodies.read_answer(body, ANSWER)
        opened = tuple(bodies.opened_answer(segments))
        calls: list[ToolCall] = []
        for at, item in enumerate(rows(value.get("output"))):
            call = table(item)
            if text(call.get("type")) in CLIENT_CALLS:
                inside = tuple(n for n, segment in enumerate(opened) if segment.path[:2] == ("output", at))
                calls.append(ToolCall(f"o{at}", tool_name(call), inside, text(call.get("arguments"))))
        return ParsedAnswer(opened, facts_of(value), tuple(calls))

    def apply_answer(self, body: bytes, answer: ParsedAnswer, texts: Mapping[int, str]) -> bytes:
        """Return the answer with some strings replaced; an edited text loses its log probabilities."""
        out = bodies.apply(body, answer.segments, texts)
        # Paths that lead into tool arguments leave the body; nothing in there has log probabilities.
        edited = [answer.segments[number] for number in texts]
        value = orjson.loads(out)
        return orjson.dumps(value) if unspell(value, [s.path for s in edited if s.inner is None]) else out

    def withdraw_calls(self, body: bytes, _answer: ParsedAnswer, calls: Mapping[str, str]) -> bytes:
        """Return the answer with each named tool call replaced by a message with its notice."""
        if not calls:
            return body
        value = orjson.loads(body)
        value["output"] = [
            message_for(table(item), calls[f"o{at}"]) if f"o{at}" in calls else item
            for at, item in enumerate(value["output"])
        ]
        return orjson.dumps(value)

    def open_stream(self) -> ResponsesStream:
        """Return a reader for one streamed answer."""
        return ResponsesStream()

    def error(self, error: StockadeError) -> Reply:
        """Return `error` in OpenAI's shape."""
        return error_reply(error)

    def error_event(self, error: StockadeError) -> bytes:
        """Return the events that end a stream which the gate stops."""
        return error_events(error)

    def limit_headers(self, levels: Mapping[Measure, Level], at_s: float) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers in which OpenAI's clients read limits."""
        return limit_headers(levels, at_s)

    def allow_list(self) -> Iterator[str]:
        """Yield the written allow-list: known keys and fixed words of requests, answers and stream events."""
        return allow_list({"request": REQUEST, "answer": ANSWER, **EVENTS})
