"""The gate's log: one JSON line an event, on stderr. An event name, key-values, digests and lengths; never content.

Ordinary exchanges are not logged, they stand in the ledger; what an operator must know is: refusals, failures, faults.
Whoever was not let in (no key, no place left) is told of once, then counted: knocking must not fill a disk.
"""

from __future__ import annotations

import sys
from typing import IO, Any

import orjson

from stockade.core.errors import StockadeError
from stockade.guard.pipeline.admission import turned_away
from stockade.guard.pipeline.exchange import Exchange
from stockade.guard.policy.engine import Counts

KEYS_COUNTED_MAX = 1000
"""Keys that are counted apart between two reports; the rest are counted together, under the name `others`."""

_PASSED = frozenset({"completed", "client_gone"})


class EventLog:
    """Writes events as lines."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Write to `stream`, stderr when none is given."""
        self._stream = stream
        self._turned_away: dict[str, dict[str, int]] = {}
        self._rules = Counts({}, {})
        self._told: set[str] = set()

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
        if turned_away(exchange) and not exchange.fault and not self._is_first(exchange):
            return
        # The error's sentence may repeat what the caller sent (a model's name), so only its code is written.
        self.write(
            "exchange",
            id=exchange.id,
            principal=exchange.principal.id if exchange.principal else None,
            ended=exchange.ended,
            status=exchange.status,
            code=exchange.error.code if exchange.error else None,
            refusal=getattr(exchange.error, "refusal", None),
            fault=exchange.fault or None,
        )

    def turned_away(self) -> dict[str, dict[str, int]]:
        """Return how many were not let in since the last call: by key ("" for none), then by error code."""
        counted, self._turned_away = self._turned_away, {}
        return counted

    def count_rules(self, counts: Counts) -> dict[str, int]:
        """Add what policy counted; return the rules that failed for the first time since the last report."""
        for rule, times in counts.shadow.items():
            self._rules.shadow[rule] = self._rules.shadow.get(rule, 0) + times
        first = {rule: times for rule, times in counts.failed.items() if rule not in self._told}
        self._told |= first.keys()
        for rule in counts.failed.keys() - first.keys():
            self._rules.failed[rule] = self._rules.failed.get(rule, 0) + counts.failed[rule]
        return first

    def rules(self) -> Counts:
        """Return how often rules in shadow fired and rules failed, as far as it was not told, since the last call."""
        counts, self._rules = self._rules, Counts({}, {})
        self._told.clear()
        return counts

    def _is_first(self, exchange: Exchange) -> bool:
        """Count an exchange that was not let in; say whether it is the first of its kind since the last report."""
        key = exchange.principal.id if exchange.principal else ""
        if key not in self._turned_away and len(self._turned_away) >= KEYS_COUNTED_MAX:
            key = "others"
        codes = self._turned_away.setdefault(key, {})
        code = exchange.error.code if exchange.error else "none"
        codes[code] = codes.get(code, 0) + 1
        return codes[code] == 1
