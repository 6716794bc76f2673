"""Which limits a request falls under, what it may take and what it did take; one limit of each kind."""

from __future__ import annotations

import pytest

from stockade.core.errors import PriceUnknownError
from stockade.core.exchange import Usage
from stockade.core.facts import CallFacts
from stockade.core.measures import Measure
from stockade.core.principal import Workspace
from stockade.guard.quota.budgets import NOTHING, Ahead, Budgets, Estimates, Spent
from stockade.guard.quota.limit import Limit, Scope
from stockade.guard.quota.prices import Price, PriceList, PriceRow

CALL = CallFacts(
    "acme", "k1", "claude-a", "anthropic_messages", listed=True, teams=("blue", "red"), workspace=Workspace("shop")
)
AHEAD = Ahead(1000, 200, tools=True)
SPENT = Spent("claude-a", 1, 1, 3, Usage(10, 20, 300, 4000), 77)
PRICES = PriceList([PriceRow(("claude-*",), Price(3_000_000, 15_000_000, 300_000, 3_750_000))])


def limit(scope: Scope, measure: Measure = Measure.REQUESTS, **more: object) -> Limit:
    return Limit(f"{scope}-{measure}", scope, measure, 100, window_s=60, **more)  # type: ignore[arg-type]


def subjects(*limits: Limit, models: tuple[str, ...] = ("claude-a",), session: str = "") -> list[str]:
    return [each.counter.key.split(":", 4)[4] for each in Budgets(limits).plan(CALL, models, session)]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope.ALL, [""]),
        (Scope.TENANT, ["acme"]),
        (Scope.TEAM, ["blue", "red"]),
        (Scope.PRINCIPAL, ["k1"]),
        (Scope.MODEL, ["claude-a"]),
        (Scope.WORKSPACE, ["shop"]),
    ],
)
def test_each_scope_counts_its_own_subjects(scope: Scope, expected: list[str]) -> None:
    assert subjects(limit(scope)) == expected


def test_a_pattern_picks_the_subjects_and_models_narrow_a_limit() -> None:
    assert subjects(limit(Scope.TEAM, match="re*")) == ["red"]
    assert subjects(limit(Scope.TEAM, match="green")) == []
    assert subjects(limit(Scope.ALL, models=("gpt-*",))) == []
    assert subjects(limit(Scope.MODEL, match="claude-*"), models=("claude-a", "gpt-b", "claude-c")) == [
        "claude-a",
        "claude-c",
    ]


def test_sessions_are_the_callers_own_and_kept_by_digest() -> None:
    [named] = subjects(limit(Scope.SESSION), session="my secret session")
    [unnamed] = subjects(limit(Scope.SESSION))
    assert named.startswith("k1/")
    assert "secret" not in named
    assert unnamed.startswith("k1/")
    assert named != unnamed


@pytest.mark.parametrize(
    ("measure", "at_most", "used"),
    [
        (Measure.REQUESTS, 1, 1),
        (Measure.TURNS, 1, 1),
        (Measure.TOOL_CALLS, 1, 3),
        (Measure.INPUT_TOKENS, 1000, 10),
        (Measure.CACHE_READ_TOKENS, 1000, 300),
        (Measure.CACHE_WRITE_TOKENS, 1000, 4000),
        (Measure.OUTPUT_TOKENS, 200, 20),
        (Measure.TOKENS, 1200, 4330),
        (Measure.COST_MICRO_USD, (1000 * 3_750_000 + 200 * 15_000_000) // 1_000_000, 77),
    ],
)
def test_what_each_measure_holds_and_charges(measure: Measure, at_most: int, used: int) -> None:
    budgets = Budgets([limit(Scope.ALL, measure)], PRICES)
    plan = budgets.plan(CALL, ["claude-a"], "")
    assert [take.amount for take in budgets.takes(plan, ["claude-a"], AHEAD)] == [at_most]
    assert budgets.used(plan, SPENT) == (used,)
    assert budgets.used(plan, NOTHING) == (0,)


def test_a_place_is_held_and_nothing_charged() -> None:
    budgets = Budgets([Limit("c", Scope.ALL, Measure.CONCURRENCY, 2)])
    plan = budgets.plan(CALL, ["claude-a"], "")
    assert [take.amount for take in budgets.takes(plan, ["claude-a"], AHEAD)] == [1]
    assert budgets.used(plan, SPENT) == (0,)


def test_only_the_model_that_answered_is_charged_and_each_that_may_is_held() -> None:
    models = ["claude-a", "claude-b"]
    budgets = Budgets([limit(Scope.MODEL), limit(Scope.ALL, models=("claude-a",))])
    plan = budgets.plan(CALL, models, "")
    assert [take.amount for take in budgets.takes(plan, models, AHEAD)] == [1, 1, 1]
    assert budgets.used(plan, SPENT._replace(model="claude-b")) == (0, 1, 0)


def test_the_dearest_of_the_named_models_is_held() -> None:
    prices = PriceList([PriceRow(("cheap",), Price(1, 1, 1, 1)), PriceRow(("dear",), Price(10**6, 10**6, 0, 0))])
    budgets = Budgets([limit(Scope.ALL, Measure.COST_MICRO_USD)], prices)
    plan = budgets.plan(CALL, ["cheap", "dear"], "")
    assert budgets.takes(plan, ["cheap", "dear"], AHEAD)[0].amount == 1200


def test_without_a_price_no_money_is_held_and_the_request_is_refused() -> None:
    budgets = Budgets([limit(Scope.ALL, Measure.COST_MICRO_USD)], PRICES)
    with pytest.raises(PriceUnknownError, match="all-cost_micro_usd"):
        budgets.takes(budgets.plan(CALL, ["other"], ""), ["other"], AHEAD)
    assert Budgets([limit(Scope.ALL)]).plan(CALL, ["other"], "")


def test_two_limits_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        Budgets([limit(Scope.ALL), limit(Scope.ALL)])


def test_estimates_round_up() -> None:
    assert [Estimates(2.0).tokens(size) for size in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert Estimates(1.5).tokens(100) == 67
