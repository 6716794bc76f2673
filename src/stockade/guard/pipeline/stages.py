"""The stages of an exchange, in the one order in which they run. `stockade stages` prints this tuple.

The order is written here and nowhere else; it is never an effect of plug-ins or routes (DESIGN section 1). Each stage
reads what earlier ones wrote on the `Exchange`, yields commands, and raises a `StockadeError` to end the exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from stockade.guard.pipeline import admission, answer, authentication, budget, recordings, request
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.judge import Steps


class Stage(NamedTuple):
    """One stage: its name and the generator function that runs it."""

    name: str
    run: Callable[[Gate, Exchange], Steps]

    @property
    def purpose(self) -> str:
        """Return the first line of what the stage says of itself."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]


STAGES: tuple[Stage, ...] = (
    Stage("receive", admission.receive),
    Stage("authenticate", authentication.authenticate_caller),
    Stage("admit", admission.admit),
    Stage("parse", request.parse),
    Stage("authorise", request.authorise),
    Stage("reserve", budget.reserve),
    Stage("inspect", request.inspect_request),
    Stage("decide", request.decide_request),
    Stage("transform", request.transform),
    Stage("keep_request", recordings.keep_request),
    Stage("record_intent", request.record_intent),
    Stage("upstream", answer.call_upstream),
    Stage("answer", answer.answer),
)
"""Every exchange runs through these; the first that raises ends it."""

ENDING: tuple[Stage, ...] = (
    Stage("settle", answer.settle),
    Stage("record_outcome", answer.record_outcome),
    Stage("keep_exchange", recordings.keep_exchange),
)
"""These run for every exchange, however it ended."""
