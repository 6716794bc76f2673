"""How a stopped Responses stream ends. Never quotes content.

Source: codex-rs/codex-api/src/sse/responses.rs and `openai._streaming` of the Python package openai 3.54 (read November
2026).
"""

from __future__ import annotations

import orjson

from stockade.core.errors import RateLimitedError, StockadeError
from stockade.guard.dialects import sse
from stockade.guard.dialects.openai_replies import ASKED, error_table

_LATE = 2**31 - 2


def error_events(error: StockadeError) -> bytes:
    """Return the events that end a stopped stream.

    Codex reads `response.failed` alone and sends the request again unless the code in it is `invalid_prompt`; the SDKs
    raise on a top-level `error` whatever the event; others know the event `error`. The number stands past every real
    sequence number, which is not known here, so that numbers go on rising.
    """
    told = error_table(error)
    if isinstance(error, ASKED):
        code = "invalid_prompt"
    else:
        code = "rate_limit_exceeded" if isinstance(error, RateLimitedError) else "server_error"
    response = {
        "id": "resp_stockade",
        "object": "response",
        "created_at": 0,
        "status": "failed",
        "error": {"code": code, "message": error.message},
        "incomplete_details": None,
        "model": "",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    failed = {"type": "response.failed", "sequence_number": _LATE, "response": response, "error": told}
    stopped = {**told, "type": "error", "sequence_number": _LATE + 1, "error": told}
    return sse.frame("response.failed", orjson.dumps(failed)) + sse.frame("error", orjson.dumps(stopped))
