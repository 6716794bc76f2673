"""Rules in shadow: they never change the effect, and what they would have done is said and counted."""

import pytest

from stockade.core.decisions import Effect, Verdict
from stockade.core.errors import ConfigError
from stockade.guard.policy.engine import EVALUATION, PolicyEngine
from stockade.guard.policy.rules import PolicySource
from tests.guard.policy.test_engine import CALL, FACTS, OVERFLOW, PERMIT, PROMPT, SCHEMA, loaded, rule, verdict


def tried(rule_id: str, effect: str, when: str = "true", action: str = "prompt") -> str:
    return '@mode("shadow") ' + rule(rule_id, effect, when, action)


def test_what_it_would_have_done_stands_beside_what_was_done() -> None:
    assert verdict(PERMIT, rule("f", "flag"), tried("s", "deny")) == Verdict(
        Effect.FLAG, ("f",), (), "Reason of f.", Effect.DENY, ("s",)
    )


def test_a_weaker_one_would_have_changed_nothing_and_is_named_all_the_same() -> None:
    result = verdict(PERMIT, rule("r", "redact"), tried("s", "flag"))
    assert (result.effect, result.shadow, result.shadow_rules) == (Effect.REDACT, Effect.REDACT, ("s",))


def test_where_none_fires_nothing_is_said() -> None:
    assert verdict(PERMIT, tried("s", "deny", "context.score > 950")).shadow is None


def test_it_stands_in_for_no_permit() -> None:
    result = verdict(tried("s", "flag"))
    assert (result.effect, result.rules, result.shadow) == (Effect.DENY, ("no-permit",), Effect.DENY)


def test_one_that_fails_denies_nothing_and_says_that_it_would_have() -> None:
    result = verdict(PERMIT, tried("s", "flag", OVERFLOW), tried("t", "flag"))
    assert (result.effect, result.failed) == (Effect.ALLOW, ())
    assert (result.shadow, result.shadow_rules, result.shadow_failed) == (Effect.DENY, ("t",), ("s",))


def test_one_that_fails_hides_no_failure_of_a_rule_in_force() -> None:
    result = verdict(PERMIT, tried("s", "flag", OVERFLOW), rule("e", "flag", OVERFLOW))
    assert (result.effect, result.failed) == (Effect.DENY, ("e",))


def test_an_error_that_names_no_rule_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = loaded(PERMIT, tried("s", "flag", OVERFLOW))
    monkeypatch.setattr(PolicyEngine, "_failed_rule", lambda self, error: EVALUATION)
    assert engine.decide(PROMPT, CALL, [FACTS]).verdicts[0].failed == (EVALUATION,)


def test_the_rule_that_an_error_names_first_is_the_one_that_failed() -> None:
    engine = loaded(PERMIT, tried("s", "flag"), rule("e", "flag"))
    said = 'error while evaluating policy `e`: the value was "policy `s`"'
    assert engine._failed_rule(said) == "e"
    assert engine._failed_rule("policy `unknown`: x") == EVALUATION


def test_firings_and_failures_are_counted_also_where_the_answer_is_remembered() -> None:
    engine = loaded(PERMIT, tried("s", "deny"), tried("t", "flag", OVERFLOW))
    for _ in range(3):
        engine.decide(PROMPT, CALL, [FACTS])
    counts = engine.take_counts()
    assert (counts.shadow, counts.failed) == ({"s": 3}, {"t": 3})
    assert engine.take_counts() == ({}, {})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (PERMIT.replace("@id", '@mode("shadow") @id'), "a permit in shadow"),
        (tried("s", "deny").replace('"shadow"', '"shade"'), "unknown @mode"),
    ],
)
def test_a_mode_that_cannot_be_meant_is_refused(text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        loaded(text)


def test_the_version_of_a_rule_is_its_text_whatever_its_mode() -> None:
    versions = [
        loaded(PERMIT, text).rules["s"].version
        for text in (tried("s", "deny"), rule("s", "deny"), tried("s", "deny").replace("shadow", "enforce"))
    ]
    assert len(set(versions)) == 1
    assert loaded(PERMIT, rule("s", "deny", "1 > 2")).rules["s"].version != versions[0]


def test_a_file_in_shadow_spares_permits_flags_and_what_is_taken_out() -> None:
    text = PERMIT + rule("f", "flag") + rule("d", "deny") + rule("r", "redact")
    engine = PolicyEngine.load([PolicySource("a", text, in_shadow=True, enforced=("r",))], SCHEMA)
    assert [rule_id for rule_id, each in engine.rules.items() if each.shadow] == ["d"]
