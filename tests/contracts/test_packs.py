"""Every pack answers as its cases say; each of its rules is tried on what it is about and beside it."""

import pytest

from stockade.core.decisions import Effect
from stockade.core.facts import Action
from stockade.govern.policy.cases import SUFFIX, read_cases, run_cases
from stockade.govern.policy.facts import question_of
from stockade.guard.policy.engine import PolicyEngine
from stockade.stores.policy_files import PACKS, load_policy, packs

each_pack = pytest.mark.parametrize("pack", packs())


def own_rules(engine: PolicyEngine, pack: str) -> set[str]:
    return {rule.id for rule in engine.rules.values() if rule.place.name == f"{pack}.cedar"}


def test_the_packs_are_those_that_are_told_of() -> None:
    assert packs() == ("baseline", "coding-agent", "shadow", "strict")


@each_pack
def test_the_cases_of_a_pack_hold(pack: str) -> None:
    tried = list(run_cases(load_policy([pack]), read_cases(PACKS / (pack + SUFFIX)).cases))
    assert tried
    assert [each.fault for each in tried if each.fault] == []


@each_pack
def test_every_rule_decides_somewhere_and_not_beside_it(pack: str) -> None:
    engine = load_policy([pack])
    cases = read_cases(PACKS / (pack + SUFFIX)).cases
    hit = {rule for case in cases for rule in case.rules}
    missed = {rule for case in cases if case.unless for rule in case.rules}
    everywhere = {"allow-tool", "allow-code", "shadow-only"}
    assert own_rules(engine, pack) - hit == set()
    assert own_rules(engine, pack) - missed - everywhere == set()


@each_pack
def test_every_rule_says_why_in_a_sentence(pack: str) -> None:
    for rule in load_policy([pack]).rules.values():
        assert rule.reason.endswith(".")
        assert rule.reason[0].isupper()


def test_shadow_stops_and_changes_nothing() -> None:
    engine = load_policy(["shadow"])
    in_force = {rule.effect for rule in engine.rules.values() if not rule.shadow}
    assert in_force <= {None, Effect.FLAG}
    assert set(engine.rules) - {"shadow-only"} == set(load_policy([]).rules)


def test_the_baseline_permits_whatever_it_does_not_name() -> None:
    facts = {"category": "of-tomorrow"}
    assert load_policy([]).answer(question_of(Action.PROMPT, facts)).effect is Effect.ALLOW
