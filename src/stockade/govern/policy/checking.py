"""Checking: what is wrong with rules that load: those that never fire, that never decide, that fail on some facts.

Exact within the space of facts (`space.py`); what could not be looked at is said, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from stockade.core.decisions import STRENGTH, Effect
from stockade.core.facts import Action
from stockade.govern.policy.expressions import condition
from stockade.govern.policy.facts import told
from stockade.govern.policy.outcomes import Mask, Outcomes, applies, unknown_operator
from stockade.govern.policy.space import space_of
from stockade.govern.policy.tables import FAILED, TRUE, TooManyError
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import Rule


class What(StrEnum):
    """What is said of a rule."""

    FAILS = "fails"  # its evaluation fails on some facts, and then everything is denied
    NEVER_DECIDES = "never-decides"  # wherever it fires a stronger effect is taken
    NEVER_FIRES = "never-fires"
    NOT_ANALYSED = "not-analysed"
    OVERRULED = "overruled"  # as never-decides, by rules of a file that builds on its own
    REDUNDANT = "redundant"  # without it every effect would be the same


FAULTS = frozenset({What.FAILS, What.NEVER_DECIDES, What.NEVER_FIRES})
"""What is a mistake; the rest is to be known."""


class Remark(NamedTuple):
    """One thing to say about a rule."""

    rule: Rule
    what: What
    words: str

    @property
    def is_fault(self) -> bool:
        """Say whether somebody should mend it."""
        return self.what in FAULTS


class _Seen(NamedTuple):
    """A rule about one action: where it fires, where it decides, where it makes a difference, where it fails."""

    fires: bool
    decides: bool
    matters: bool
    over: tuple[str, ...]
    fails_on: dict[str, Any] | None


def check(engine: PolicyEngine) -> list[Remark]:
    """Return what is to be said of the rules, in the order of the files. Fails: GuardFailedError (see `Outcomes`)."""
    remarks: list[Remark] = []
    seen: dict[str, list[tuple[Action, _Seen]]] = {}
    left_out = {rule.id: name for rule in engine.rules.values() if (name := unknown_operator(rule))}
    for rule_id, operator in left_out.items():
        remarks.append(Remark(engine.rules[rule_id], What.NOT_ANALYSED, f"it uses {operator}, which is not analysed"))
    known = [rule for rule in engine.rules.values() if rule.id not in left_out]
    for action in Action:
        here = [rule for rule in known if applies(rule, action)]
        if not here:
            continue
        try:
            outcomes = Outcomes(here, action)
        except TooManyError:
            words = f"the rules about {action} tell too many combinations of facts apart"
            remarks.extend(Remark(rule, What.NOT_ANALYSED, words) for rule in here)
            continue
        if not any(applies(engine.rules[rule_id], action) for rule_id in left_out):
            outcomes.agree(engine, outcomes.possible)
        for rule in here:
            looked = _look(outcomes, rule)
            if outcomes.tables.cut:  # what was not looked at whole is never called never
                looked = looked._replace(fires=True, decides=True, matters=True)
                if cut := space_of([condition(rule.body)], action).cut:
                    remarks.append(Remark(rule, What.NOT_ANALYSED, f"in part: {cut}"))
            seen.setdefault(rule.id, []).append((action, looked))
    for rule_id, each in seen.items():
        remarks.extend(_remarks(engine.rules, engine.rules[rule_id], each))
    order = {rule_id: number for number, rule_id in enumerate(engine.rules)}
    return sorted(remarks, key=lambda remark: order[remark.rule.id])


def _look(outcomes: Outcomes, rule: Rule) -> _Seen:
    """Return what a rule does about one action. One in shadow is looked at as if it were in force."""
    answers, possible = outcomes.answers(rule.id), outcomes.possible
    fires = (answers == TRUE) & possible
    fails = (answers == FAILED) & possible
    effect = outcomes.effect(promoted=[rule.id])
    own = STRENGTH[rule.effect or Effect.ALLOW]
    decides = fires & (effect == own)
    matters = fires & (outcomes.effect(without=[rule.id]) != effect)
    # A permit decides nothing where something stronger does; what it is for is that there is one at all.
    over = () if rule.effect is None or not fires.any() or decides.any() else tuple(_stronger(outcomes, rule, fires))
    return _Seen(bool(fires.any()), bool(decides.any()), bool(matters.any()), over, outcomes.facts(fails))


def _stronger(outcomes: Outcomes, rule: Rule, fires: Mask) -> Iterator[str]:
    """Yield rules that are taken instead, until nothing is left of where the rule fires."""
    left = fires
    own = STRENGTH[rule.effect or Effect.ALLOW]
    while left.any():
        covers = {
            other.id: left & (outcomes.answers(other.id) == TRUE)
            for other in outcomes.rules.values()
            if other.effect is not None and not other.shadow and STRENGTH[other.effect] > own
        }
        best = max(covers, key=lambda name: int(covers[name].sum()), default="")
        if not best or not covers[best].any():
            return
        yield best
        left = left & np.logical_not(covers[best])


def _remarks(rules: Mapping[str, Rule], rule: Rule, seen: Sequence[tuple[Action, _Seen]]) -> Iterator[Remark]:
    for action, each in seen:
        if each.fails_on is not None:
            yield Remark(rule, What.FAILS, f"its evaluation fails on {told(action, each.fails_on)}, which denies")
    looks = [each for _, each in seen]
    if not any(each.fires for each in looks):
        yield Remark(rule, What.NEVER_FIRES, "no facts fulfil its conditions")
    elif rule.effect is not None and not any(each.decides for each in looks):
        over = list(dict.fromkeys(name for each in looks for name in each.over))
        elsewhere = bool(over) and all(rules[name].place.name != rule.place.name for name in over)
        what = What.OVERRULED if elsewhere else What.NEVER_DECIDES
        yield Remark(rule, what, f"wherever it fires a stronger rule decides: {', '.join(over) or 'no permit'}")
    elif not any(each.matters for each in looks):
        yield Remark(rule, What.REDUNDANT, "without it every effect would be the same")
