"""Halting: whether an exchange that is open may go on after an operator has stopped something or closed a key."""

from __future__ import annotations

from stockade.core.errors import StoppedError
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.quota.stops import stopped


def halted(gate: Gate, exchange: Exchange) -> StoppedError | None:
    """Return why this exchange must end under the gate as it is now, None where it may go on."""
    principal, request, call = exchange.principal, exchange.request, exchange.call
    if principal is None:
        return None
    closed = gate.keyring.closed(principal.id)
    if closed:
        return StoppedError(f"This key has been {closed}.", hint="Ask your administrator.")
    stop = gate.stops.of_caller(principal)
    if stop is None and request is not None and call is not None:
        models = request.models or (request.model,)
        stop = gate.stops.of_call(call.workspace.id, models, request.session)
    return stopped(stop) if stop is not None else None
