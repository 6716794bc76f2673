"""The dialect Anthropic Messages: its routes, and the parts put together (the protocol Dialect)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stockade.core.errors import StockadeError
from stockade.core.measures import Level, Measure
from stockade.guard.dialects import body as bodies
from stockade.guard.dialects.anthropic_messages import answer as answers
from stockade.guard.dialects.anthropic_messages.errors import error_event, error_reply
from stockade.guard.dialects.anthropic_messages.limits import limit_headers
from stockade.guard.dialects.anthropic_messages.request import REQUEST, parse_request
from stockade.guard.dialects.anthropic_messages.stream import EVENT, MessagesStream
from stockade.guard.dialects.dialect import (
    MODEL_PLACE,
    Operation,
    ParsedAnswer,
    ParsedRequest,
    Reply,
    Route,
    StreamReader,
)
from stockade.guard.dialects.shape import allow_list


class AnthropicMessages:
    """Anthropic Messages, version 2023-06-01 with its betas up to the PyPI package anthropic 2.12."""

    name = "anthropic_messages"
    vendor = "anthropic"
    routes = (
        Route("POST", "/v1/messages", Operation.GENERATE),
        Route("POST", "/v1/messages/count_tokens", Operation.COUNT),
        Route("GET", "/v1/models", Operation.MODELS),
        Route("GET", f"/v1/models/{MODEL_PLACE}", Operation.MODEL),
    )

    def parse_request(self, _route: Route, body: bytes, query: str) -> ParsedRequest:
        """Read a request body. Fails: InvalidRequestError, TooLargeError."""
        return parse_request(body, query)

    def apply_request(self, body: bytes, request: ParsedRequest, texts: Mapping[int, str]) -> bytes:
        """Return `body` with some segments' strings replaced."""
        return bodies.apply(body, request.segments, texts)

    def parse_answer(self, route: Route, body: bytes) -> ParsedAnswer:  # noqa: ARG002  the shapes of all routes are one
        """Read a whole answer, or a vendor's error body. Fails: UpstreamError."""
        return answers.parse_answer(body)

    def apply_answer(self, body: bytes, answer: ParsedAnswer, texts: Mapping[int, str]) -> bytes:
        """Return the answer with some segments' strings replaced."""
        return bodies.apply(body, answer.segments, texts)

    def withdraw_calls(self, body: bytes, answer: ParsedAnswer, calls: Mapping[str, str]) -> bytes:
        """Return the answer with each named tool call replaced by a text with its notice."""
        assert calls.keys() <= {call.key for call in answer.calls}, "a call that the answer does not hold"
        return answers.withdraw_calls(body, calls)

    def open_stream(self) -> StreamReader:
        """Return a reader for one streamed answer."""
        return MessagesStream()

    def error(self, error: StockadeError) -> Reply:
        """Return `error` in Anthropic's shape."""
        return error_reply(error)

    def error_event(self, error: StockadeError) -> bytes:
        """Return the event that ends a stopped stream."""
        return error_event(error)

    def limit_headers(self, levels: Mapping[Measure, Level], at_s: float) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers in which Anthropic's clients read limits."""
        return limit_headers(levels, at_s)

    def allow_list(self) -> Iterator[str]:
        """Yield the written allow-list: known keys and fixed words of requests, answers and stream events."""
        return allow_list({"request": REQUEST, "answer": answers.MESSAGE, "event": EVENT})


DIALECT = AnthropicMessages()
