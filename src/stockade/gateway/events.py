"""The gate's log: one JSON line an event, on stderr. An event name, key-values, digests and lengths; never content.

Ordinary exchanges are not logged, they stand in the ledger; what an operator must know is: refusals, failures, faults.
"""

from __future__ import annotations

import sys
from typing import IO, Any

import orjson

from stockade.core.errors import StockadeError
from stockade.guard.pipeline.exchange import Exchange

_PASSED = frozenset({"completed", "client_gone"})


class EventLog:
    """Writes events as lines."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Write to `stream`, stderr when none is given."""
        self._stream = stream

    def write(self, event: str, **fields: Any) -> None:
        """Write one event."""
        stream = self._stream or sys.stderr
        stream.write(orjson.dumps({"event": event, **fields}).decode() + "\n")
        stream.flush()

    def failure(self, event: str, error: StockadeError, **fields: Any) -> None:
        """Write an error of the gate itself: its sentences name files and rules, never what a client sent."""
        self.write(event, code=error.code, message=error.public, hint=error.hint, **fields)

    def exchange(self, exchange: Exchange) -> None:
        """Write how an exchange ended, when somebody should know."""
        if exchange.ended in _PASSED and not exchange.fault:
            return
        # The error's sentence may repeat what the caller sent (a model's name), so only its code is written.
        self.write(
            "exchange",
            id=exchange.id,
            key=exchange.principal.key if exchange.principal else None,
            ended=exchange.ended,
            status=exchange.status,
            code=exchange.error.code if exchange.error else None,
            refusal=getattr(exchange.error, "refusal", None),
            fault=exchange.fault or None,
        )
