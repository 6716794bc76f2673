"""Tables: on every combination of facts the analysis says what the engine says, for rules by chance too."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stockade.core.decisions import STRENGTH, Effect
from stockade.core.facts import Action
from stockade.govern.policy import tables
from stockade.govern.policy.facts import question_of
from stockade.govern.policy.outcomes import Outcomes, unknown_operator
from stockade.govern.policy.tables import TooManyError
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import PolicySource
from stockade.stores.policy_files import load_policy, packs, schema
from tests.guard.policy.test_questions import ACTIONS, SLOW, loaded
from tests.guard.policy.written import facts, policies

PERMIT = '@id("permit") @reason("P.") permit (principal, action, resource);\n'


def own(text: str) -> PolicyEngine:
    return PolicyEngine.load([PolicySource("own.cedar", PERMIT + text)], schema())


@pytest.mark.parametrize("action", ACTIONS)
@SLOW
@given(data=st.data())
def test_facts_by_chance_have_their_cell_and_the_cell_the_engines_effect(action: Action, data: st.DataObject) -> None:
    engine = loaded(data.draw(policies(action)))
    assume(engine is not None)
    assert engine is not None
    told = data.draw(facts(action))
    try:
        outcomes = Outcomes(list(engine.rules.values()), action, samples=[told])
    except TooManyError:
        assume(False)
    effect = engine.answer(question_of(action, told)).effect
    assert outcomes.effect()[outcomes.tables.cell_of(told)] == STRENGTH[effect]


@pytest.mark.parametrize("action", ACTIONS)
@SLOW
@given(data=st.data())
def test_whatever_the_engine_can_say_some_cell_says(action: Action, data: st.DataObject) -> None:
    """The cells leave nothing out: an answer that facts by chance get is the answer of a cell."""
    engine = loaded(data.draw(policies(action)))
    assume(engine is not None)
    assert engine is not None
    try:
        outcomes = Outcomes(list(engine.rules.values()), action)
    except TooManyError:
        assume(False)
    assume(not outcomes.tables.cut)
    verdict = engine.answer(question_of(action, data.draw(facts(action))))
    assert STRENGTH[verdict.effect] in set(np.unique(outcomes.effect()).tolist())


@pytest.mark.parametrize("pack", packs())
@pytest.mark.parametrize("action", [each for each in Action if each is not Action.APPROVE])
def test_the_engine_agrees_on_every_pack(pack: str, action: Action) -> None:
    engine = load_policy([pack])
    outcomes = Outcomes(list(engine.rules.values()), action)
    assert outcomes.agree(engine, outcomes.possible) >= 1
    assert outcomes.tables.cut == ""


def test_a_cell_stands_for_facts_that_can_stand_together() -> None:
    engine = own('@id("r") @reason("R.") forbid (principal, action == Stockade::Action::"forward", resource)'
                 ' when { context.workspace.data_class == "restricted" };')  # fmt: skip
    outcomes = Outcomes(list(engine.rules.values()), Action.FORWARD)
    told = outcomes.facts(outcomes.possible & (outcomes.effect() == STRENGTH[Effect.DENY]))
    assert told is not None
    assert told["data_class"] == "restricted"
    assert told["workspace"] != "none"
    assert told["asserted_by"] != "none"


def test_a_number_has_a_place_on_either_side_of_every_boundary() -> None:
    engine = own('@id("r") @reason("R.") forbid (principal, action == Stockade::Action::"prompt", resource)'
                 " when { context.score >= 500 && context.score < 900 };")  # fmt: skip
    (axis,) = Outcomes(list(engine.rules.values()), Action.PROMPT).tables.axes
    assert [(members[0], members[-1], len(members)) for members in axis.members] == [(900, 1000, 601), (500, 899, 400)]


def test_teams_are_taken_in_every_combination() -> None:
    when = " && ".join(f'principal in Stockade::Team::"{name}"' for name in "abc")
    engine = own(f'@id("r") @reason("R.") forbid (principal, action, resource) when {{ {when} }};')
    outcomes = Outcomes(list(engine.rules.values()), Action.FORWARD)
    found = outcomes.facts(outcomes.effect() == STRENGTH[Effect.DENY])
    assert found is not None
    assert found["teams"] == ("a", "b", "c")


def test_what_is_not_analysed_is_named() -> None:
    engine = own('@id("r") @reason("R.") forbid (principal, action == Stockade::Action::"write_code", resource)'
                 ' when { context.path == "a" && ip("127.0.0.1").isLoopback() };')  # fmt: skip
    assert unknown_operator(engine.rules["r"]) in ("isLoopback", "ip")
    assert unknown_operator(engine.rules["permit"]) == ""


def test_more_combinations_than_can_be_held_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = list(load_policy([]).rules.values())
    monkeypatch.setattr(tables, "CELLS_MAX", 2015)
    with pytest.raises(TooManyError):
        Outcomes(rules, Action.PROMPT)
    monkeypatch.setattr(tables, "CELLS_MAX", 10_020)  # a tenth for one expression: a score has 1,001 values
    assert Outcomes(rules, Action.PROMPT).tables.shape
