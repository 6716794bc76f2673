"""Errors in Anthropic's shape, with the status that its clients handle best.

Owns the table from the gate's errors to statuses and types. Never quotes content: only public messages pass.
Source: FIELD section 1 (Claude Code 2.1.330 measured: 403 is one request and shows our text; 400 and 422 are six;
401 backs off; 404 and 413 lose our text; 429 with `x-should-retry: false` is one request); the PyPI package anthropic
2.12, `_exceptions.py`: each status becomes the exception type of the same name.
"""

from __future__ import annotations

import math

import orjson

from stockade.core.errors import (
    GuardFailedError,
    InvalidRequestError,
    LimitsUnreachableError,
    ModelNotListedError,
    NotFoundError,
    PriceUnknownError,
    RateLimitedError,
    RefusedError,
    StockadeError,
    StoppedError,
    StorageError,
    TooLargeError,
    UnauthenticatedError,
    UpstreamError,
    UpstreamTimeoutError,
)
from stockade.guard.dialects.dialect import Reply
from stockade.guard.dialects.sse import frame

# Status, type, and whether a client may send the same again by itself: a guard that failed on a body will fail again.
_TABLE: dict[type[StockadeError], tuple[int, str, bool]] = {
    GuardFailedError: (503, "api_error", False),
    LimitsUnreachableError: (503, "api_error", False),
    InvalidRequestError: (400, "invalid_request_error", False),
    ModelNotListedError: (403, "permission_error", False),
    PriceUnknownError: (403, "permission_error", False),
    NotFoundError: (404, "not_found_error", False),
    RateLimitedError: (429, "rate_limit_error", False),
    RefusedError: (403, "permission_error", False),
    StockadeError: (500, "api_error", False),
    StoppedError: (403, "permission_error", False),
    StorageError: (503, "api_error", True),
    TooLargeError: (413, "request_too_large", False),
    UnauthenticatedError: (401, "authentication_error", False),
    UpstreamError: (502, "api_error", True),
    UpstreamTimeoutError: (504, "timeout_error", True),
}


def error_reply(error: StockadeError) -> Reply:
    """Return the HTTP reply for an error."""
    status, _, again = _row(error)
    again = error.is_brief if isinstance(error, RateLimitedError) else again
    headers = [(b"content-type", b"application/json"), (b"x-should-retry", b"true" if again else b"false")]
    if isinstance(error, RateLimitedError):
        headers.append((b"retry-after", str(max(1, math.ceil(error.retry_after_s))).encode()))
        headers.append((b"x-stockade-limit", error.limit.encode()))
    return Reply(status, _body(error), tuple(headers))


def error_event(error: StockadeError) -> bytes:
    """Return the event that ends a stream which the gate stops."""
    return frame("error", _body(error))


def _row(error: StockadeError) -> tuple[int, str, bool]:
    return next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)


def _body(error: StockadeError) -> bytes:
    body: dict[str, object] = {"type": "error", "error": {"type": _row(error)[1], "message": error.message}}
    if isinstance(error, RefusedError):
        body["request_id"] = error.refusal
    return orjson.dumps(body)
