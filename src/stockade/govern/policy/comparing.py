"""Comparing: on which facts two policies answer differently, by effect and by the rules that make it.

Over recorded or sample questions it counts what would have become of them; over all facts that either policy can tell
apart it leaves nothing out. Never says that two policies are the same of facts that it did not look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from stockade.core.decisions import STRENGTH, Effect, Verdict
from stockade.core.facts import Action
from stockade.govern.policy.facts import Facts, question_of
from stockade.govern.policy.outcomes import Outcomes, applies
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import Rule

LISTED_MAX = 20_000
"""Combinations that differ and are asked about one by one; past that the rest is counted without its rules."""


class Side(NamedTuple):
    """What one policy answers: the effect and the rules that decide."""

    effect: Effect
    rules: tuple[str, ...]


class Flip(NamedTuple):
    """A way in which the answers differ, with the facts on which it was seen first (`exchange`, where recorded)."""

    action: Action
    before: Side
    after: Side
    facts: Facts
    exchange: str

    @property
    def is_looser(self) -> bool:
        """Say whether the second policy does less."""
        return STRENGTH[self.after.effect] < STRENGTH[self.before.effect]


class Difference(NamedTuple):
    """How many questions were looked at, the flips with how often each was seen, and what was not looked at."""

    asked: int
    flips: tuple[tuple[Flip, int], ...]
    cut: str = ""

    @property
    def differing(self) -> int:
        """Return how many questions are answered differently."""
        return sum(count for _, count in self.flips)


Sample = tuple[Action, Facts, str]
"""An action, facts, and the exchange that they were recorded in ("" for none)."""


def compare(before: PolicyEngine, after: PolicyEngine, samples: Iterable[Sample]) -> Difference:
    """Return how the answers to some questions differ."""
    seen: dict[tuple[Action, Side, Side], tuple[Flip, int]] = {}
    asked = 0
    for action, facts, exchange in samples:
        asked += 1
        question = question_of(action, facts)
        one, other = _side(before.answer(question)), _side(after.answer(question))
        if one.effect is not other.effect:
            key = (action, one, other)
            flip, count = seen.get(key, (Flip(action, one, other, facts, exchange), 0))
            seen[key] = (flip, count + 1)
    return Difference(asked, _ordered(seen.values()))


def compare_all(before: PolicyEngine, after: PolicyEngine) -> Difference:
    """Return how the answers differ on all facts. Fails: Unknown, TooManyError where that cannot be said."""
    asked, cuts = 0, []
    samples: list[Sample] = []
    for action in Action:
        first = _named("a", before, action)
        second = _named("b", after, action)
        outcomes = Outcomes([*first, *second], action)
        one = outcomes.effect(without=[rule.id for rule in second])
        other = outcomes.effect(without=[rule.id for rule in first])
        differ = (one != other) & outcomes.possible
        asked += int(outcomes.possible.sum())
        cells = list(outcomes.cells(differ))
        samples += [(action, outcomes.tables.facts_at(cell), "") for cell in cells[:LISTED_MAX]]
        if len(cells) > LISTED_MAX:
            cuts.append(f"{len(cells) - LISTED_MAX} more combinations of {action} differ")
        if outcomes.tables.cut:
            cuts.append(outcomes.tables.cut)
    found = compare(before, after, samples)
    return Difference(asked, found.flips, "; ".join(cuts))


def _named(side: str, engine: PolicyEngine, action: Action) -> list[Rule]:
    """Return the rules of one policy under names that the other's do not have."""
    return [rule._replace(id=f"{side}/{rule.id}") for rule in engine.rules.values() if applies(rule, action)]


def _side(verdict: Verdict) -> Side:
    return Side(verdict.effect, verdict.rules + verdict.failed)


def _ordered(flips: Iterable[tuple[Flip, int]]) -> tuple[tuple[Flip, int], ...]:
    """Return what is looser first, then what is seen most."""
    return tuple(sorted(flips, key=lambda each: (not each[0].is_looser, -each[1], each[0].action)))


def counts(difference: Difference) -> dict[str, Any]:
    """Return the sums by rule: which rule is behind how many that are newly stopped or changed, and newly let go."""
    sums: dict[str, np.ndarray[Any, Any]] = {}
    for flip, count in difference.flips:
        for rule in (flip.before if flip.is_looser else flip.after).rules:
            pair = sums.setdefault(rule, np.zeros(2, np.int64))
            pair[0 if flip.is_looser else 1] += count
    return {rule: {"looser": int(pair[0]), "stricter": int(pair[1])} for rule, pair in sorted(sums.items())}
