"""Budgets in the life of a request: held before the vendor is called, charged by what came of it.

Owns what is assumed where the vendor has not said (docs/decisions on unsaid usage): always the dearer reading. Never
lets a request through that a limit does not hold, and never keeps what was held for one that the vendor did not hear.
"""

from __future__ import annotations

from stockade.core.errors import RateLimitedError, UpstreamError
from stockade.core.exchange import Usage
from stockade.core.limits import INLINE_BYTES_MAX
from stockade.core.measures import Level, Measure
from stockade.core.segments import Channel, Kind
from stockade.guard.dialects.dialect import Operation
from stockade.guard.pipeline.commands import Headers, Reserve, Settle, Spend
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.judge import Steps
from stockade.guard.quota.budgets import NOTHING, Ahead, Spent
from stockade.guard.quota.counters import Reservation, Settlement
from stockade.guard.quota.usage import UsageEntry, UsageSums

_MEDIA_CHARS_MIN = 4096
"""In a body of fewer bytes media are measured as text: that is dearer and does no harm."""

_MEDIA_BYTES_PER_TOKEN = 64
"""Images and documents: base64 of 1.5 MB is some 3,000 to 20,000 tokens at the vendors (pages read November 2026)."""


def reserve(gate: Gate, exchange: Exchange) -> Steps:
    """Hold what the request may use at most in every limit that names its caller, model, workspace or session."""
    request, call, route = exchange.request, exchange.call, exchange.route
    assert request is not None
    assert call is not None
    assert route is not None
    if route.operation is not Operation.GENERATE:
        return
    models = request.models or (request.model,)
    plan = gate.budgets.plan(call, models, request.session)
    if plan:
        exchange.plan = plan
        takes = gate.budgets.takes(plan, models, ahead(gate, exchange))
        exchange.budget = yield Reserve(exchange.id + ".budget", takes)


def charge(gate: Gate, exchange: Exchange) -> Steps:
    """Charge budgets before the end of an answer leaves: whoever has a whole answer has been charged for it.

    Else a gate that dies between the two would give away what it had answered.
    """
    if exchange.budget is not None and exchange.spent is None:
        exchange.spent = _spent(gate, exchange, whole=True)
        settlements = [Settlement(exchange.budget, gate.budgets.used(exchange.plan, exchange.spent))]
        # What is left to send is little: the place is given back in the same call, unless it bounds what is in memory.
        if exchange.reservation is not None and (exchange.streaming or exchange.sent_bytes < INLINE_BYTES_MAX):
            settlements.append(_given_back(exchange.reservation))
            exchange.place_free = True
        yield Settle(tuple(settlements))


def settle(gate: Gate, exchange: Exchange) -> Steps:
    """Give the place back, charge the limits, add to the caller's usage."""
    spent = exchange.spent or _spent(gate, exchange, whole=exchange.ended == "completed")
    settlements = []
    if exchange.reservation is not None and not exchange.place_free:
        settlements.append(_given_back(exchange.reservation))
    if exchange.budget is not None and exchange.spent is None:
        settlements.append(Settlement(exchange.budget, gate.budgets.used(exchange.plan, spent)))
    if settlements:
        yield Settle(tuple(settlements))
    if spent.requests:
        yield Spend(_entry(exchange, spent))


def ahead(gate: Gate, exchange: Exchange) -> Ahead:
    """Return what a request may come to at most."""
    assert exchange.request is not None
    estimates, size, media, tools = gate.estimates, len(exchange.body), 0, False
    if size > _MEDIA_CHARS_MIN:
        media = sum([len(each.text) for each in exchange.segments if each.kind is Kind.BINARY])
    if any(each.limit.measure is Measure.TOOL_CALLS for each in exchange.plan):
        tools = any(each.channel is Channel.TOOL_DEFINITION for each in exchange.segments)
    input_tokens = estimates.tokens(size - media) + media // _MEDIA_BYTES_PER_TOKEN
    return Ahead(input_tokens, exchange.request.output_tokens_max or estimates.output_tokens, tools)


def limit_headers(exchange: Exchange) -> Headers:
    """Return how the caller's limits stood when it was let in or turned away, as its vendor's clients read it."""
    assert exchange.voice is not None
    levels = [level for held in (exchange.reservation, exchange.budget) if held is not None for level in held.levels]
    if isinstance(exchange.error, RateLimitedError) and exchange.error.level is not None:
        levels.append(exchange.error.level)
    tightest: dict[Measure, Level] = {}
    for level in levels:
        known = tightest.get(level.measure)
        if known is None or level.remaining < known.remaining:
            tightest[level.measure] = level
    return exchange.voice.limit_headers(tightest, exchange.started_s)


def _given_back(reservation: Reservation) -> Settlement:
    return Settlement(reservation, (0,) * len(reservation.takes))


def _spent(gate: Gate, exchange: Exchange, *, whole: bool) -> Spent:
    """Return what an exchange came to, as far as the vendor said, and else what it may have come to."""
    request, error = exchange.request, exchange.error
    head = exchange.head
    if request is None or not exchange.called_upstream or (head is not None and head.status >= 400):
        return NOTHING
    models = request.models or (request.model,)
    served = exchange.facts.served_model
    model = served if served in models else models[0]
    if head is None:
        if isinstance(error, UpstreamError) and not error.heard:
            return NOTHING
        # The vendor heard the request and nobody heard its answer: it may have come to all that was held.
        most = ahead(gate, exchange)
        usage = Usage(most.input_tokens, most.output_tokens, 0, 0)
    else:
        usage = _usage(gate, exchange, whole=whole)
    cost = gate.budgets.prices.cost(model, usage)
    exchange.cost_micro_usd = cost
    calls = max(0, exchange.tool_calls - exchange.withdrawn)
    return Spent(model, 1, int(head is not None), calls, usage, cost or 0)


def _usage(gate: Gate, exchange: Exchange, *, whole: bool) -> Usage:
    """Return the usage of an answer without anything unsaid.

    Input that the vendor did not count is what was held. Of a stream that broke off the vendor has counted the
    beginning, so its texts are measured too; a whole answer that nobody read to its end is as long as was held.
    """
    said = exchange.facts.usage
    cut = exchange.streaming and not whole
    fresh, output = said.input, said.output
    if fresh is None or output is None or cut:
        most = ahead(gate, exchange)
        fresh = most.input_tokens if fresh is None else fresh
        read = exchange.received_chars if exchange.streaming else exchange.received_bytes
        measured = gate.estimates.tokens(read) if read or exchange.streaming else most.output_tokens
        output = max(output or 0, min(measured, most.output_tokens))
    return Usage(fresh, output, said.cache_read or 0, said.cache_write or 0)


def _entry(exchange: Exchange, spent: Spent) -> UsageEntry:
    call, usage = exchange.call, spent.usage
    assert call is not None
    sums = UsageSums(
        spent.requests,
        usage.input or 0,
        usage.output or 0,
        usage.cache_read or 0,
        usage.cache_write or 0,
        spent.tool_calls,
        spent.cost_micro_usd,
        int(exchange.cost_micro_usd is None),
    )
    return UsageEntry(call.tenant, call.principal, call.teams, spent.model, call.workspace.id, sums)
