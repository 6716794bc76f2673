"""Explaining: the changes that are told do change the answer, and nothing smaller would."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockade.core.facts import Action
from stockade.govern.policy.explaining import explain
from stockade.govern.policy.facts import defaults, question_of
from stockade.stores.policy_files import load_policy, packs
from tests.govern.policy.test_tables import own
from tests.guard.policy.written import facts

PACKS = {name: load_policy([name]) for name in packs()}


def changes(facts: dict[str, object], action: Action = Action.PROMPT) -> dict[str, object]:
    found = explain(PACKS["baseline"], action, {**defaults(action), **facts})
    return {"; ".join(f"{k}={v}" for k, v in change.facts.items()): str(change.effect) for change in found.changes}


def test_the_nearest_number_on_the_other_side_is_told() -> None:
    assert changes({"score": 900})["score=499"] == "flag"
    assert changes({"category": "jailbreak", "score": 990})["score=989"] == "flag"
    assert changes({"category": "jailbreak", "score": 300})["score=990"] == "deny"


def test_the_team_that_would_have_been_let_in_is_told() -> None:
    found = changes({"approved": False, "teams": ("staff",)}, Action.FORWARD)
    assert found == {"approved=True": "allow", "teams=('evaluators',)": "allow"}


def test_two_facts_are_told_where_one_is_not_enough() -> None:
    engine = own(
        '@id("r") @reason("R.") forbid (principal, action == Stockade::Action::"forward", resource)'
        " unless { context.workspace.sensitivity == 1 && principal is Stockade::Person };"
    )
    told = {**defaults(Action.FORWARD), "workspace": "w", "asserted_by": "key", "sensitivity": 3}
    (change,) = explain(engine, Action.FORWARD, told).changes
    assert change.facts == {"principal_kind": "person", "sensitivity": 1}


def test_no_change_is_told_that_cannot_be() -> None:
    place = {"workspace": "w", "asserted_by": "key", "data_class": "restricted"}
    told = {**defaults(Action.CALL_TOOL), **place, "tool": "Read"}
    found = explain(PACKS["coding-agent"], Action.CALL_TOOL, told)
    assert {"tool", "server"} in [set(change.facts) for change in found.changes]
    assert {"server"} not in [set(change.facts) for change in found.changes]  # it is told by the tool's name


def test_a_rule_that_is_not_analysed_leaves_the_answer_alone() -> None:
    engine = own(
        '@id("r") @reason("R.") forbid (principal, action == Stockade::Action::"forward", resource)'
        ' when { ip("127.0.0.1").isLoopback() && resource.listed };'
    )
    found = explain(engine, Action.FORWARD, defaults(Action.FORWARD))
    assert (found.verdict.rules, found.changes) == (("r",), ())
    assert "not analysed" in found.why_not


@pytest.mark.parametrize("pack", packs())
@pytest.mark.parametrize("action", [Action.FORWARD, Action.PROMPT, Action.COMPLETE, Action.CALL_TOOL])
@settings(deadline=None, max_examples=5)
@given(data=st.data())
def test_every_change_that_is_told_changes_the_answer(pack: str, action: Action, data: st.DataObject) -> None:
    engine, told = PACKS[pack], data.draw(facts(action))
    found = explain(engine, action, told)
    assert found.why_not == ""
    for change in found.changes:
        answer = engine.answer(question_of(action, {**told, **change.facts}))
        assert answer.effect is change.effect is not found.verdict.effect
