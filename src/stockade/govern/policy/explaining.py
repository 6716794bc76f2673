"""Explaining: what decided a question, and the smallest changes of its facts that would have changed the answer.

The changes are looked for among all facts that the policy can tell apart: one fact first, two where one is not enough.
Each is put to the engine before it is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any, NamedTuple

from stockade.core.decisions import Effect, Verdict
from stockade.core.facts import Action
from stockade.govern.policy.expressions import Unknown
from stockade.govern.policy.facts import Facts, question_of
from stockade.govern.policy.outcomes import Outcomes
from stockade.govern.policy.tables import Axis, TooManyError
from stockade.guard.policy.engine import PolicyEngine

CHANGES_MAX = 12
"""Changes that are told at most, those of one fact first."""


class Change(NamedTuple):
    """Facts that would have to be otherwise, and what the answer would be then."""

    facts: dict[str, Any]
    effect: Effect
    rules: tuple[str, ...]


class Explanation(NamedTuple):
    """What policy answers to a question, and what would change it. `why_not` says why no change was looked for."""

    verdict: Verdict
    changes: tuple[Change, ...]
    why_not: str = ""


def explain(engine: PolicyEngine, action: Action, facts: Facts) -> Explanation:
    """Return the answer to a question and the smallest changes that would change it."""
    verdict = engine.answer(question_of(action, facts))
    try:
        outcomes = Outcomes(list(engine.rules.values()), action, samples=[facts])
        cell = outcomes.tables.cell_of(facts)
    except Unknown as unknown:
        return Explanation(verdict, (), f"a rule uses {unknown.args[0]}, which is not analysed")
    except (TooManyError, LookupError):
        return Explanation(verdict, (), "the rules tell too many combinations of facts apart")
    found: list[Change] = []
    told: set[tuple[frozenset[str], Effect]] = set()
    for changed in _nearest(outcomes, cell, facts):
        answer = engine.answer(question_of(action, {**facts, **changed}))
        key = (frozenset(changed), answer.effect)
        if answer.effect is verdict.effect or key in told:
            continue
        told.add(key)
        found.append(Change(changed, answer.effect, answer.rules + answer.failed))
        if len(found) == CHANGES_MAX:
            break
    return Explanation(verdict, tuple(found))


def _nearest(outcomes: Outcomes, cell: tuple[int, ...], facts: Facts) -> Iterator[dict[str, Any]]:
    """Yield changes of facts that change the effect: of one fact, or of two where no one fact does."""
    effect, possible, axes = outcomes.effect(), outcomes.possible, outcomes.tables.axes
    found = False
    for size in (1, 2):
        for numbers in combinations(range(len(axes)), size):
            others = [[place for place in range(len(axes[n].values)) if place != cell[n]] for n in numbers]
            for places in product(*others):
                moved = list(cell)
                for number, place in zip(numbers, places, strict=True):
                    moved[number] = place
                if possible[tuple(moved)] and effect[tuple(moved)] != effect[cell]:
                    found = True
                    yield {
                        axes[number].name: _closest(axes[number], place, facts[axes[number].name])
                        for number, place in zip(numbers, places, strict=True)
                    }
        if found:
            return


def _closest(axis: Axis, place: int, value: Any) -> Any:
    """Return the value of a place that is nearest to what it was: of a number the next, of anything else the first."""
    if isinstance(value, int) and not isinstance(value, bool):
        return min(axis.members[place], key=lambda each: abs(each - value))
    return axis.values[place]
