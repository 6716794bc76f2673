"""Questions: the engine answers as the reference does, for whatever a rule may say and whatever it may be told."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stockade.core.errors import ConfigError
from stockade.core.facts import Action
from stockade.govern.policy.facts import question_of
from stockade.guard.policy.engine import EVALUATION, PolicyEngine
from stockade.guard.policy.questions import Question
from stockade.guard.policy.rules import PolicySource
from stockade.stores.policy_files import load_policy, packs, schema
from tests.guard.policy.reference import answer
from tests.guard.policy.written import facts, policies, questions

SCHEMA = schema()
SLOW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=20
)
ACTIONS = (Action.PROMPT, Action.COMPLETE, Action.CALL_TOOL)


def loaded(text: str) -> PolicyEngine | None:
    """Return the engine, None for a rule that strict validation refuses (always false, an entity that cannot be)."""
    try:
        return PolicyEngine.load([PolicySource("p", text)], SCHEMA)
    except ConfigError:
        return None


def compare(engine: PolicyEngine, question: Question) -> None:
    verdict = engine.answer(question)
    assert EVALUATION not in verdict.failed
    said = (verdict.effect, verdict.rules, verdict.failed, verdict.shadow, verdict.shadow_rules, verdict.shadow_failed)
    assert said == answer(list(engine.rules.values()), question)


@pytest.mark.parametrize("action", ACTIONS)
@SLOW
@given(data=st.data())
def test_engine_and_reference_agree_on_rules_by_chance(action: Action, data: st.DataObject) -> None:
    engine = loaded(data.draw(policies(action)))
    assume(engine is not None)
    assert engine is not None
    for question in data.draw(st.lists(questions(action), min_size=1, max_size=3)):
        compare(engine, question)


PACKS = {name: load_policy([name]) for name in packs()}


@pytest.mark.parametrize("pack", packs())
@pytest.mark.parametrize("action", [each for each in Action if each is not Action.APPROVE])
@settings(deadline=None, max_examples=5)
@given(data=st.data())
def test_engine_and_reference_agree_on_the_packs(pack: str, action: Action, data: st.DataObject) -> None:
    compare(PACKS[pack], question_of(action, data.draw(facts(action))))
