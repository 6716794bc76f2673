"""The exchanges that are open in this process, so that an operator's stop reaches those that run already.

Owns the list. What a stop means is the guard's to say (`guard/pipeline/halting.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from stockade.core.errors import StockadeError
from stockade.guard.pipeline.exchange import Exchange


class Halting(Protocol):
    """An open exchange that can be ended from outside."""

    exchange: Exchange

    def halt(self, error: StockadeError) -> None:
        """End the exchange with `error` at its next step; one that is ending already goes on."""


class OpenExchanges:
    """Open exchanges, in the order in which they began."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        """Begin with none."""
        self._open: dict[int, Halting] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def add(self, conversation: Halting) -> None:
        """Remember one."""
        self._open[id(conversation)] = conversation

    def remove(self, conversation: Halting) -> None:
        """Forget one."""
        del self._open[id(conversation)]

    def halt(self, met: Callable[[Exchange], StockadeError | None]) -> int:
        """End every exchange for which `met` returns an error; return how many that are."""
        ended = 0
        for conversation in list(self._open.values()):
            if (error := met(conversation.exchange)) is not None:
                conversation.halt(error)
                ended += 1
        return ended
