"""Bodies of the control plane: small JSON objects, with known keys alone."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request

from stockade.core.errors import InvalidRequestError, TooLargeError

BODY_BYTES_MAX = 64 * 1024
"""Largest body that the control plane reads."""


async def json_object(request: Request, known: frozenset[str]) -> dict[str, Any]:
    """Return the object in the body. Fails: TooLargeError, InvalidRequestError for an unknown key."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidRequestError("The body must be JSON.", hint="Send content-type: application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise TooLargeError(f"The body is larger than {BODY_BYTES_MAX} bytes.")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError("The body is no JSON.") from error
    if not isinstance(told, dict) or not told.keys() <= known:
        raise InvalidRequestError("The body must be an object of: " + ", ".join(sorted(known)) + ".")
    return told


def text(told: dict[str, Any], name: str, default: str | None = None) -> str:
    """Return a text of the body. Fails: InvalidRequestError."""
    found = told.get(name, default)
    if not isinstance(found, str):
        raise InvalidRequestError(f"`{name}` must be a text.")
    return found
