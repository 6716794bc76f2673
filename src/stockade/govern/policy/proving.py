"""Proving: whether a statement holds of a policy on all facts that rules can tell apart, or facts on which it does not.

Never says "proved" of what was not looked at whole: a rule that cannot be analysed, patterns that combine in too many
ways, or an engine that answers otherwise than the tables leave a statement open, and the reason is told.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from stockade.core.decisions import Verdict
from stockade.core.errors import ConfigError
from stockade.govern.policy.facts import question_of
from stockade.govern.policy.outcomes import Outcomes, applies, unknown_operator
from stockade.govern.policy.statements import CONDITION, Statement
from stockade.govern.policy.tables import FAILED, TRUE, TooManyError
from stockade.guard.policy.engine import PolicyEngine


class Result(StrEnum):
    """What came of a statement."""

    OPEN = "open"  # it could not be decided, `why` says for what
    PROVED = "proved"
    REFUTED = "refuted"  # `facts` are a counterexample


class Proof(NamedTuple):
    """The result for one statement.

    `cells` counts the combinations that were looked at, `about` those that the statement is about, `agreed` those on
    which the engine was asked too. `assumed` are the facts that are taken never to stand together.
    """

    statement: Statement
    result: Result
    cells: int = 0
    about: int = 0
    agreed: int = 0
    facts: dict[str, Any] | None = None
    verdict: Verdict | None = None
    why: str = ""
    assumed: tuple[str, ...] = ()


def prove(engine: PolicyEngine, statement: Statement) -> Proof:
    """Look for facts on which a statement does not hold. Fails: ConfigError for one that is about nothing."""
    concerned = [rule for rule in engine.rules.values() if applies(rule, statement.action)]
    for rule in concerned:
        if operator := unknown_operator(rule):
            return Proof(statement, Result.OPEN, why=f"rule {rule.id} uses {operator}, which is not analysed")
    try:
        outcomes = Outcomes(concerned, statement.action, {CONDITION: statement.condition})
    except TooManyError:
        return Proof(statement, Result.OPEN, why="its rules tell too many combinations of facts apart")
    condition = outcomes.answers(CONDITION)
    if (condition[outcomes.possible] == FAILED).any():
        raise ConfigError(f"The condition fails on some facts: {statement.text}", hint="Compare smaller numbers.")
    about = (condition == TRUE) & outcomes.possible
    if not about.any() and outcomes.tables.cut:
        return Proof(statement, Result.OPEN, why=outcomes.tables.cut)
    if not about.any():
        raise ConfigError(
            f"This statement is about no facts at all: {statement.text}", hint="Its conditions exclude each other."
        )
    effect = outcomes.effect()
    wrong = about & ((effect < statement.least) | (effect > statement.most))
    counts = (int(outcomes.possible.sum()), int(about.sum()))
    assumed = tuple(limit.words for limit in outcomes.tables.limits)
    facts = outcomes.facts(wrong)
    if facts is not None:
        alone = np.zeros(wrong.shape, np.bool_)
        alone[outcomes.tables.cell_of(facts)] = True
        outcomes.agree(engine, alone)
        verdict = engine.answer(question_of(statement.action, facts))
        return Proof(statement, Result.REFUTED, *counts, 1, facts, verdict, assumed=assumed)
    agreed = outcomes.agree(engine, about)
    result = Result.OPEN if outcomes.tables.cut else Result.PROVED
    return Proof(statement, result, *counts, agreed, why=outcomes.tables.cut, assumed=assumed)
