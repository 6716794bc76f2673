"""Replies of the gate in OpenAI's shape.

Owns statuses and bodies of errors. Never quotes content.
Source: `openai._exceptions` of the Python package openai 3.54. Codex sends a request again up to five times after a 403
and not after a 400, so what policy decides is a 400 (FIELD section 1, measured November 2026).
"""

from __future__ import annotations

from math import ceil

import orjson

from stockade.core.errors import (
    InvalidRequestError,
    ModelNotListedError,
    NotFoundError,
    NoWebSocketError,
    PriceUnknownError,
    RateLimitedError,
    RefusedError,
    StockadeError,
    StoppedError,
    TooLargeError,
    UnauthenticatedError,
)
from stockade.guard.dialects.dialect import Reply

DECIDED = (ModelNotListedError, PriceUnknownError, RefusedError, StoppedError)
ASKED = (InvalidRequestError, NotFoundError, TooLargeError, *DECIDED)


def error_table(error: StockadeError) -> dict[str, str | None]:
    """Return the error object that every OpenAI client reads."""
    if isinstance(error, ASKED):
        kind = "invalid_request_error"
    elif isinstance(error, UnauthenticatedError):
        kind = "authentication_error"
    else:
        kind = "rate_limit_error" if isinstance(error, RateLimitedError) else "server_error"
    return {"message": error.message, "type": kind, "param": None, "code": error.code}


def error_reply(error: StockadeError) -> Reply:
    """Return the whole reply; a limit says when to come back, and whether it is worth waiting for."""
    status = 400 if isinstance(error, DECIDED) else error.status
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)
    if isinstance(error, RateLimitedError):
        wait = str(max(1, ceil(error.retry_after_s))).encode()
        again = b"true" if error.is_brief else b"false"
        headers = (*headers, (b"retry-after", wait), (b"x-should-retry", again))
        headers = (*headers, (b"x-stockade-limit", error.limit.encode()))
    if isinstance(error, NoWebSocketError):
        headers = (*headers, (b"upgrade", b"HTTP/1.1"))  # RFC 9110 section 15.5.22: a 426 names what is spoken
    return Reply(status, orjson.dumps({"error": error_table(error)}), headers)


def error_event(error: StockadeError) -> bytes:
    """Return the last event of a stopped stream: no [DONE] follows, so that no client takes it for complete."""
    return b"data: " + orjson.dumps({"error": error_table(error)}) + b"\n\n"
