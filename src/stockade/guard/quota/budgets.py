"""Budgets: which limits a request falls under, what it may take of each, and what it did take.

Owns the arithmetic from a call to takes, and from an answer to what is charged. One request must fit in every limit
that names it. Counts nothing itself; a store of counts does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from stockade.core.errors import PriceUnknownError
from stockade.core.exchange import Usage
from stockade.core.facts import CallFacts
from stockade.core.measures import Measure
from stockade.guard.quota.counters import Counter, Kind, Take
from stockade.guard.quota.limit import Limit, Scope
from stockade.guard.quota.prices import PriceList

_CALLS_KEPT = 4096


class Planned(NamedTuple):
    """One take with the limit it is for; `model` is the one it counts for, "" for whichever answers."""

    limit: Limit
    counter: Counter
    model: str


class Ahead(NamedTuple):
    """What a request may come to at most: tokens of its input and of its answer; whether tools are offered."""

    input_tokens: int
    output_tokens: int
    tools: bool


class Estimates(NamedTuple):
    """How a request is measured before anybody has counted its tokens.

    `bytes_per_token`: a token of text has at least so many bytes of UTF-8. `output_tokens`: the longest answer to a
    request that sets no bound itself.
    """

    bytes_per_token: float = 2.0
    output_tokens: int = 8192

    def tokens(self, size: int) -> int:
        """Return the most tokens that `size` bytes or characters hold."""
        return -int(-size // self.bytes_per_token)


class Spent(NamedTuple):
    """What an exchange came to. `model` answered; `usage` is whole, without anything unsaid."""

    model: str
    requests: int
    turns: int
    tool_calls: int
    usage: Usage
    cost_micro_usd: int


NOTHING = Spent("", 0, 0, 0, Usage(0, 0, 0, 0), 0)
"""Of an exchange of which the vendor heard nothing, or which it answered with an error."""


class Budgets:
    """All limits and prices of one moment."""

    __slots__ = ("_plans", "limits", "prices")

    def __init__(self, limits: Sequence[Limit] = (), prices: PriceList | None = None) -> None:
        """Take limits and prices over. Fails: ValueError when two limits have one name."""
        if len({limit.name for limit in limits}) < len(limits):
            raise ValueError("two limits have one name")
        self.limits = tuple(limits)
        self.prices = prices or PriceList()
        self._plans: dict[tuple[object, ...], tuple[Planned, ...]] = {}

    def plan(self, call: CallFacts, models: Sequence[str], session: str) -> tuple[Planned, ...]:
        """Return the counters of every limit that this call falls under. `models` are all that it names."""
        if not self.limits:
            return ()
        key = (call.tenant, call.principal, call.teams, call.workspace.id, *models, session)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _CALLS_KEPT:
                self._plans.clear()
            plan = self._plans[key] = tuple(self._planned(call, models, session))
        return plan

    def takes(self, plan: Sequence[Planned], models: Sequence[str], ahead: Ahead) -> tuple[Take, ...]:
        """Return what the request may take at most of each planned counter.

        Fails: PriceUnknownError when a limit counts money and a model has no price.
        """
        return tuple(Take(each.counter, self._at_most(each, models, ahead)) for each in plan)

    def used(self, plan: Sequence[Planned], spent: Spent) -> tuple[int, ...]:
        """Return what of each planned counter was used."""
        return tuple(_amount(each, spent) for each in plan)

    def _planned(self, call: CallFacts, models: Sequence[str], session: str) -> list[Planned]:
        found: list[Planned] = []
        for limit in self.limits:
            concerned = [model for model in models if limit.concerns(model)]
            if not concerned:
                continue
            if limit.scope is Scope.MODEL:
                found.extend(Planned(limit, counter(limit, model), model) for model in concerned if limit.names(model))
            else:
                subjects = dict.fromkeys(_subjects(limit.scope, call, session))
                found.extend(
                    Planned(limit, counter(limit, _kept_as(limit.scope, call, subject)), "")
                    for subject in subjects
                    if limit.names(subject)
                )
        return found

    def _at_most(self, planned: Planned, models: Sequence[str], ahead: Ahead) -> int:
        match planned.limit.measure:
            case Measure.REQUESTS | Measure.TURNS | Measure.CONCURRENCY:
                return 1
            case Measure.TOOL_CALLS:
                return int(ahead.tools)
            case Measure.OUTPUT_TOKENS:
                return ahead.output_tokens
            case Measure.INPUT_TOKENS | Measure.CACHE_READ_TOKENS | Measure.CACHE_WRITE_TOKENS:
                return ahead.input_tokens
            case Measure.TOKENS:
                return ahead.input_tokens + ahead.output_tokens
            case Measure.COST_MICRO_USD:
                named = [planned.model] if planned.model else models
                return max(self._cost_at_most(planned.limit, model, ahead) for model in named)

    def _cost_at_most(self, limit: Limit, model: str, ahead: Ahead) -> int:
        cost = self.prices.at_most(model, ahead.input_tokens, ahead.output_tokens)
        if cost is None:
            raise PriceUnknownError(
                f"No price is known for that model, and the limit {limit.name} counts money.",
                hint="An administrator writes it into the file that `prices:` of stockade.yaml names.",
            )
        return cost


def _subjects(scope: Scope, call: CallFacts, session: str) -> tuple[str, ...]:
    match scope:
        case Scope.TENANT:
            return (call.tenant,)
        case Scope.TEAM:
            return call.teams
        case Scope.PRINCIPAL:
            return (call.principal,)
        case Scope.WORKSPACE:
            return (call.workspace.id,)
        case Scope.SESSION:
            return (session,)  # those who name none share one session a caller: leaving the name out gains nothing
        case _:
            return ("",)


def _kept_as(scope: Scope, call: CallFacts, subject: str) -> str:
    """Return a subject as it names its counter. A client chose the session's name: it counts under its caller alone."""
    if scope is Scope.SESSION:
        return f"{call.principal}/{sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    return subject


def counter(limit: Limit, subject: str) -> Counter:
    """Return the counter of a limit for one subject; its key is `budget:<limit>:<measure>:<time>:<subject>`."""
    if limit.measure is Measure.CONCURRENCY:
        kind, time = Kind.OPEN, "open"
    elif limit.period is not None:
        kind, time = Kind.PERIOD, f"{limit.period}-{limit.zone}"
    else:
        kind, time = Kind.WINDOW, f"{limit.window_s}s"
    return Counter(
        f"budget:{limit.name}:{limit.measure}:{time}:{subject}",
        limit.name,
        limit.measure,
        kind,
        limit.limit,
        window_us=limit.window_s * 1_000_000,
        period=limit.period,
        zone=limit.zone,
    )


def _amount(planned: Planned, spent: Spent) -> int:
    """Return what counts for a limit; for one of a model, or of some models, only what these answered."""
    if planned.model not in ("", spent.model) or not planned.limit.concerns(spent.model):
        return 0
    return _AMOUNTS[planned.limit.measure](spent)


_AMOUNTS: dict[Measure, Callable[[Spent], int]] = {
    Measure.CACHE_READ_TOKENS: lambda spent: spent.usage.cache_read or 0,
    Measure.CACHE_WRITE_TOKENS: lambda spent: spent.usage.cache_write or 0,
    Measure.CONCURRENCY: lambda _spent: 0,
    Measure.COST_MICRO_USD: lambda spent: spent.cost_micro_usd,
    Measure.INPUT_TOKENS: lambda spent: spent.usage.input or 0,
    Measure.OUTPUT_TOKENS: lambda spent: spent.usage.output or 0,
    Measure.REQUESTS: lambda spent: spent.requests,
    Measure.TOKENS: lambda spent: sum(count or 0 for count in spent.usage[:4]),
    Measure.TOOL_CALLS: lambda spent: spent.tool_calls,
    Measure.TURNS: lambda spent: spent.turns,
}
