"""Outcomes: the effect that a policy has on every combination of facts, and the rules that make it.

The same words as the engine's, over arrays: a rule in force that fails denies, the strongest effect wins, without a
permit it is a deny, a rule in shadow changes nothing. Whatever is concluded from an array is put to the engine itself
(`agree`): the gate goes by the engine, so an analysis that differs from it is worth nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockade.core.decisions import STRENGTH, Effect
from stockade.core.errors import GuardFailedError
from stockade.core.facts import Action
from stockade.govern.policy.expressions import Node, Unknown, condition, parts
from stockade.govern.policy.facts import Facts, question_of
from stockade.govern.policy.tables import FAILED, TRUE, Array, Tables
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import Rule

AGREED = 200
"""Combinations on which the engine is asked too; each costs some 0.2 ms."""

BY_STRENGTH = sorted(Effect, key=STRENGTH.__getitem__)
Mask = NDArray[np.bool_]


def applies(rule: Rule, action: Action) -> bool:
    """Say whether a rule is about an action at all."""
    scope: Any = rule.body["action"]
    if scope["op"] == "All":
        return True
    named = scope.get("entities") or [scope.get("entity")]
    return any(each["id"] == action for each in named)


def unknown_operator(rule: Rule) -> str:
    """Return the operator of a rule that this room does not know, or ""."""
    try:
        for _ in parts(condition(rule.body)):
            pass
    except Unknown as unknown:
        return str(unknown.args[0])
    return ""


class Outcomes:
    """What the rules of one or more policies do about one action."""

    def __init__(
        self,
        rules: Collection[Rule],
        action: Action,
        beside: Mapping[str, Node] | None = None,
        samples: Sequence[Facts] = (),
    ) -> None:
        """Work out the tables of the rules that are about `action`, and of expressions `beside` them.

        The texts of `samples` have their places, so that `Tables.cell_of` finds them.

        Fails: TooManyError; Unknown for an operator that this room does not know.
        """
        self.action = action
        self.rules = {rule.id: rule for rule in rules if applies(rule, action)}
        expressions = {rule.id: condition(rule.body) for rule in self.rules.values()}
        self.tables = Tables(action, expressions | dict(beside or {}), samples)

    def answers(self, name: str) -> Array:
        """Return the answers of one rule or of an expression beside them, over all facts."""
        return self.tables.whole(self.tables.answers[name])

    @property
    def possible(self) -> Mask:
        """Return where facts can stand together at all."""
        return self.tables.whole(self.tables.possible)

    def effect(self, without: Collection[str] = (), promoted: Collection[str] = ()) -> Array:
        """Return the strength of the effect on all facts, without some rules, with some taken out of shadow."""
        shape = (1,) * len(self.tables.axes)
        failed, permitted = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        strongest = np.zeros(shape, np.int8)
        for rule in self.rules.values():
            if rule.id in without or (rule.shadow and rule.id not in promoted):
                continue
            answers = self.tables.answers[rule.id]
            failed = failed | (answers == FAILED)
            if rule.effect is None:
                permitted = permitted | (answers == TRUE)
            else:
                strength = np.where(answers == TRUE, STRENGTH[rule.effect], 0).astype(np.int8)
                strongest = np.maximum(strongest, strength)
        denied = failed | ~permitted
        deny = np.int8(STRENGTH[Effect.DENY])
        return self.tables.whole(np.where(denied, deny, strongest).astype(np.int8))

    def cells(self, mask: Mask) -> Iterator[tuple[int, ...]]:
        """Yield the cells of a mask, those with the most ordinary facts first."""
        found = np.argwhere(mask)
        strange = (found != 0).sum(axis=1) if found.size else np.zeros(len(found))
        for cell in found[np.argsort(strange, kind="stable")]:
            yield tuple(int(place) for place in cell)

    def facts(self, mask: Mask) -> dict[str, Any] | None:
        """Return the most ordinary facts of a mask, None where it is empty."""
        for cell in self.cells(mask):
            return self.tables.facts_at(cell)
        return None

    def agree(self, engine: PolicyEngine, mask: Mask, count: int = AGREED) -> int:
        """Ask the engine on some of the cells; return on how many. Fails: GuardFailedError where it differs.

        Chance is seeded: the same policy is asked the same.
        """
        effects = self.effect()
        cells = list(self.cells(mask))
        chosen = cells if len(cells) <= count else Random(len(cells)).sample(cells, count)  # noqa: S311 - no secret
        for cell in chosen:
            facts = self.tables.facts_at(cell)
            said = engine.answer(question_of(self.action, facts)).effect
            if said is not BY_STRENGTH[effects[cell]]:
                raise GuardFailedError(
                    "The analysis and the engine differ, so nothing is concluded.",
                    hint="This is a fault of Stockade; please report it with the policy.",
                )
        return len(chosen)
