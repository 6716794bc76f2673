"""Proving: the hole of each broken pack is found and printed as facts; what holds is proved; what is open is not."""

from pathlib import Path
from typing import Any

import pytest

from stockade.core.decisions import Effect
from stockade.core.errors import ConfigError, GuardFailedError
from stockade.core.facts import Action
from stockade.govern.policy import outcomes
from stockade.govern.policy.cases import SUFFIX, read_cases
from stockade.govern.policy.facts import question_of
from stockade.govern.policy.proving import Proof, Result, prove
from stockade.govern.policy.statements import read_statement
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import PolicySource
from stockade.stores.policy_files import PACKS, load_policy, packs, schema
from tests.govern.policy.test_tables import own

BROKEN = Path(__file__).parent / "broken"
APPROVED = 'never forward when { !resource.approved } unless { principal in Stockade::Team::"evaluators" }'
SCOPE = '(principal, action == Stockade::Action::"forward", resource)'


def proof(engine: PolicyEngine, statement: str) -> Proof:
    return prove(engine, read_statement(statement, schema()))


@pytest.mark.parametrize(
    ("fault", "statement", "hole"),
    [
        (
            "evaluators_and_developers",
            APPROVED,
            {"approved": False, "roles": ("developer",), "environment": "test", "teams": ()},
        ),
        (
            "one_thousandth_off",
            'never prompt when { context.category == "credential" && context.score >= 500 }',
            {"category": "credential", "score": 500, "editable": True},
        ),
        (
            "hooks_of_a_submodule",
            'never write_code when { context.path like "*.git/hooks/*" }',
            {"path": "x.git/hooks/"},
        ),
    ],
)
def test_the_hole_of_a_broken_pack_is_found(fault: str, statement: str, hole: dict[str, Any]) -> None:
    engine = load_policy([str(BROKEN / f"{fault}.cedar")])
    found = proof(engine, statement)
    assert found.result is Result.REFUTED
    assert found.facts is not None
    told = {name: found.facts[name] for name in hole}
    assert told == hole or (fault == "hooks_of_a_submodule" and str(told["path"]).endswith(".git/hooks/"))
    answer = engine.answer(question_of(read_statement(statement, schema()).action, found.facts))
    assert answer.effect in (Effect.ALLOW, Effect.FLAG)
    assert found.verdict == answer


@pytest.mark.parametrize("pack", packs())
def test_what_the_packs_say_of_themselves_is_proved(pack: str) -> None:
    engine = load_policy([pack])
    statements = read_cases(PACKS / (pack + SUFFIX)).prove
    assert statements
    for statement in statements:
        found = proof(engine, statement)
        assert (found.result, found.agreed > 0) == (Result.PROVED, True), statement


def test_a_rule_less_is_noticed() -> None:
    """The statements bite: without the rule about approval, that nobody reaches an unapproved model is refuted."""
    text = (PACKS / "baseline.cedar").read_text()
    rule = text[text.index('@id("model-not-approved")') : text.index("// ---- Requests")]
    engine = PolicyEngine.load([PolicySource("b", text.replace(rule, ""))], schema())
    assert proof(engine, APPROVED).result is Result.REFUTED


def test_a_team_with_a_like_name_is_another_team() -> None:
    found = proof(load_policy([]), APPROVED.replace("evaluators", "evaluator"))
    assert found.result is Result.REFUTED
    assert found.facts is not None
    assert found.facts["teams"] == ("evaluators",)


def test_always_and_at_least_are_said_of_the_effect() -> None:
    engine = own(f'@id("f") @effect("flag") @reason("R.") forbid {SCOPE} when {{ !resource.approved }};')
    assert proof(engine, "always forward").result is Result.PROVED
    assert proof(engine, "at least flag forward when { !resource.approved }").result is Result.PROVED
    refuted = proof(engine, "at least flag forward")
    assert refuted.facts is not None
    assert refuted.facts["approved"] is True
    assert proof(engine, "never forward when { !resource.approved }").result is Result.REFUTED


def test_a_rule_in_shadow_proves_nothing() -> None:
    engine = own(f'@id("f") @mode("shadow") @reason("R.") forbid {SCOPE} when {{ !resource.approved }};')
    assert proof(engine, "never forward when { !resource.approved }").result is Result.REFUTED


def test_a_rule_that_fails_denies_and_so_refutes_always() -> None:
    overflow = "context.workspace.sensitivity + 9223372036854775805 > 5"
    engine = own(f'@id("f") @effect("flag") @reason("R.") forbid {SCOPE} when {{ {overflow} }};')
    found = proof(engine, "always forward")
    assert found.facts is not None
    assert found.facts["sensitivity"] == 3
    assert found.verdict is not None
    assert found.verdict.failed == ("f",)


def test_what_cannot_be_analysed_stays_open() -> None:
    engine = own(f'@id("f") @reason("R.") forbid {SCOPE} when {{ ip("127.0.0.1").isLoopback() && !resource.listed }};')
    found = proof(engine, "never forward when { !resource.listed }")
    assert (found.result, "not analysed" in found.why) == (Result.OPEN, True)


@pytest.mark.parametrize(
    ("when", "result"),
    [
        ('context.rule == context.detector && context.rule like "a*"', Result.OPEN),
        ("context.rule == context.category", Result.OPEN),
        ('[context.rule, "x"].contains(context.detector)', Result.OPEN),
        ('context.rule == "a" && context.detector like "*b"', Result.PROVED),
    ],
)
def test_two_texts_that_are_compared_with_each_other_leave_it_open(when: str, result: Result) -> None:
    rule = '@id("f") @reason("R.") forbid (principal, action == Stockade::Action::"prompt", resource)'
    found = proof(own(f"{rule} when {{ {when} }};"), f"never prompt when {{ {when} }}")
    assert found.result is result
    assert ("compared with each other" in found.why) == (result is Result.OPEN)


def test_an_engine_that_answers_otherwise_stops_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(action: Action, facts: dict[str, Any]) -> object:
        return question_of(action, {**facts, "approved": True, "listed": True})

    monkeypatch.setattr(outcomes, "question_of", wrong)
    with pytest.raises(GuardFailedError, match="differ"):
        proof(load_policy([]), "never forward when { !resource.listed }")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("forward never", "This is no statement"),
        ("never fly", 'no action "fly"'),
        ("at least destroy forward", 'no effect "destroy"'),
        ("never forward when { resource.aproved }", "aproved"),
        ('never prompt when { context.category == "credentials" }', 'never "credentials"'),
        ('never forward when { true }; @id("x") @reason("R.") permit (principal, action, resource)', "several"),
        ("never forward when { context.workspace.sensitivity > 4 }", "about no facts"),
        (
            'never forward when { context.asserted_by == "none" && context.workspace.sensitivity == 1 }',
            "about no facts",
        ),
        ("never forward when { context.workspace.sensitivity + 9223372036854775805 > 1 }", "fails on some facts"),
    ],
)
def test_a_statement_that_cannot_be_meant_is_refused(text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        proof(load_policy([]), text)
