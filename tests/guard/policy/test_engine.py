"""The engine: strongest wins, default deny, every failure denies, and the memory of answers changes nothing."""

from collections.abc import Sequence
from importlib.resources import files

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import STRENGTH, Effect, Verdict
from stockade.core.errors import ConfigError
from stockade.core.facts import Action, CallFacts, FindingFacts, Origin
from stockade.core.findings import Category
from stockade.core.segments import Channel, Kind
from stockade.guard.policy import engine as engine_module
from stockade.guard.policy.engine import EVALUATION, NO_PERMIT, PolicyEngine
from stockade.guard.policy.rules import PolicySource

SCHEMA = (files("stockade") / "policies" / "schema.cedarschema").read_text(encoding="utf-8")
BASELINE = PolicySource("baseline.cedar", (files("stockade") / "policies" / "baseline.cedar").read_text("utf-8"))
CALL = CallFacts("tenant", "key", "claude-x", "anthropic_messages", True)
FACTS = FindingFacts("secrets.formats", "aws_access_key_id", "credential", 3, 900, "user", "text", True, False, "new")
PROMPT, COMPLETE, FORWARD = Action.PROMPT, Action.COMPLETE, Action.FORWARD


def rule(rule_id: str, effect: str, when: str = "true", action: str = "prompt") -> str:
    return (
        f'@id("{rule_id}") @effect("{effect}") @reason("Reason of {rule_id}.") '
        f'forbid (principal, action == Stockade::Action::"{action}", resource) when {{ {when} }};\n'
    )


PERMIT = '@id("permit") @reason("Permitted.") permit (principal, action, resource);\n'
OVERFLOW = "context.score * 9223372036854775807 > context.severity"


def loaded(*texts: str) -> PolicyEngine:
    return PolicyEngine.load([PolicySource(f"{n}.cedar", text) for n, text in enumerate(texts)], SCHEMA)


def verdict(*texts: str, facts: FindingFacts = FACTS, action: Action = PROMPT) -> Verdict:
    return loaded(*texts).decide(action, CALL, [facts]).verdicts[0]


def test_what_is_permitted_and_not_forbidden_is_allowed() -> None:
    assert verdict(PERMIT) == Verdict(Effect.ALLOW, ("permit",), (), "Permitted.")


def test_what_no_rule_permits_is_denied() -> None:
    only_forward = PERMIT.replace("action,", 'action == Stockade::Action::"forward",')
    assert verdict(only_forward) == Verdict(Effect.DENY, (NO_PERMIT,), (), "No rule permits this.")
    assert loaded(only_forward).authorise(CALL).effect is Effect.ALLOW


def test_a_rule_that_only_flags_does_not_stand_in_for_a_permit() -> None:
    assert verdict(rule("flagged", "flag")).rules == (NO_PERMIT,)


def test_the_strongest_effect_wins_and_its_rules_are_named() -> None:
    texts = [rule("a", "flag"), rule("b", "redact"), rule("c", "pseudonymise"), rule("d", "redact"), PERMIT]
    assert verdict(*texts) == Verdict(Effect.REDACT, ("b", "d"), (), "Reason of b.")


def test_a_forbid_without_an_effect_denies() -> None:
    text = PERMIT + '@id("no") @reason("No.") forbid (principal, action, resource);'
    assert verdict(text) == Verdict(Effect.DENY, ("no",), (), "No.")


def test_a_rule_whose_evaluation_fails_denies_and_is_named() -> None:
    result = verdict(PERMIT, rule("broken", "flag", OVERFLOW), rule("fine", "flag"))
    assert (result.effect, result.rules, result.failed) == (Effect.DENY, (), ("broken",))


def test_cedar_alone_would_have_let_it_pass() -> None:
    # The trap that the test above guards against; when this fails, Cedar has changed its mind.
    text = PERMIT + rule("broken", "flag", OVERFLOW)
    request = {
        "principal": 'Stockade::Key::"key"',
        "action": 'Stockade::Action::"prompt"',
        "resource": 'Stockade::Model::"m"',
        "context": {**FACTS._asdict(), "dialect": "d"},
    }
    assert cedarpy.is_authorized(request, text, []).allowed


def test_facts_that_do_not_fit_the_schema_deny() -> None:
    result = verdict(PERMIT, facts=FACTS._replace(score="many"))  # type: ignore[arg-type]
    assert (result.effect, result.failed) == (Effect.DENY, (EVALUATION,))


@pytest.mark.parametrize("field", ["tenant", "principal", "model", "dialect"])
def test_text_that_cedar_cannot_take_denies(field: str) -> None:
    result = loaded(PERMIT).authorise(CALL._replace(**{field: "\ud800"}))
    assert (result.effect, result.failed) == (Effect.DENY, (EVALUATION,))


@pytest.mark.parametrize("name", ['"', "a\nb", "\\", "Stockade::Key", "{}", "é", "x" * 256])
def test_any_name_is_taken_as_it_is(name: str) -> None:
    engine = loaded(PERMIT, rule("mine", "deny", "!resource.listed", "forward"))
    call = CallFacts(name, name, name, name, True)
    assert engine.authorise(call).rules == ("permit",)
    assert engine.authorise(call._replace(listed=False)).rules == ("mine",)


def test_an_exception_from_cedar_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret words")

    engine = loaded(PERMIT)
    monkeypatch.setattr(engine_module.cedarpy, "is_authorized", broken)
    assert engine.authorise(CALL).failed == (EVALUATION,)
    assert "secret" not in repr(engine.authorise(CALL))


def test_rules_may_name_keys_tenants_and_models() -> None:
    text = PERMIT + (
        '@id("tenant") @reason("T.") forbid (principal in Stockade::Tenant::"other", action, resource);'
        '@id("model") @reason("M.") forbid (principal, action, resource == Stockade::Model::"gpt-x");'
        '@id("key") @reason("K.") forbid (principal == Stockade::Key::"k2", action, resource);'
    )
    engine = loaded(text)
    assert engine.authorise(CALL).rules == ("permit",)
    assert engine.authorise(CALL._replace(tenant="other")).rules == ("tenant",)
    assert engine.authorise(CALL._replace(model="gpt-x", principal="k2")).rules == ("model", "key")


def test_a_decision_has_its_verdicts_in_order_and_the_strongest_effect() -> None:
    engine = loaded(
        PERMIT, rule("flag-user", "flag", 'context.channel == "user"'), rule("cut", "redact", "context.score > 950")
    )
    facts = [FACTS._replace(channel="system"), FACTS, FACTS._replace(score=990)]
    decision = engine.decide(PROMPT, CALL, facts)
    assert [v.effect for v in decision.verdicts] == [Effect.ALLOW, Effect.FLAG, Effect.REDACT]
    assert (decision.effect, decision.policy) == (Effect.REDACT, engine.digest)
    assert engine.decide(PROMPT, CALL, []).effect is Effect.ALLOW


def test_the_digest_names_schema_and_sources_whatever_their_order() -> None:
    one, two = PolicySource("one", PERMIT), PolicySource("two", rule("a", "flag"))
    digest = PolicyEngine.load([one, two], SCHEMA).digest
    assert digest.startswith("sha256:")
    assert PolicyEngine.load([two, one], SCHEMA).digest == digest
    others = [
        PolicyEngine.load([one], SCHEMA).digest,
        PolicyEngine.load([one, two], SCHEMA + "\n").digest,
        PolicyEngine.load([one, two._replace(text=two.text + "//")], SCHEMA).digest,
        PolicyEngine.load([one, two._replace(name="three")], SCHEMA).digest,
    ]
    assert len({digest, *others}) == 5


@pytest.mark.parametrize(
    ("sources", "schema", "what"),
    [
        ([PolicySource("a", PERMIT), PolicySource("a", rule("x", "flag"))], SCHEMA, "named a"),
        ([PolicySource("a", PERMIT)], "namespace {", "schema cannot be read"),
        ([], SCHEMA, "no policy rule"),
        ([PolicySource("a.cedar", PERMIT + "\npermit(")], SCHEMA, "a.cedar, line 3"),
    ],
)
def test_what_cannot_be_loaded_is_a_configuration_error(sources: list[PolicySource], schema: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PolicyEngine.load(sources, schema)
    assert what in caught.value.public


def test_an_answer_is_found_once_and_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = cedarpy.is_authorized

    def counting(request, *rest):
        asked.append(request["resource"]["id"])
        return real(request, *rest)

    monkeypatch.setattr(engine_module.cedarpy, "is_authorized", counting)
    monkeypatch.setattr(engine_module, "MEMO_ENTRIES_MAX", 2)
    engine = loaded(PERMIT)
    for model in ["a", "b", "a", "c", "a", "b"]:
        assert engine.authorise(CALL._replace(model=model)).effect is Effect.ALLOW
    assert asked == ["a", "b", "c", "b"]
    assert len(engine._memo) == 2


def test_answers_of_other_keys_and_actions_are_not_mixed_up() -> None:
    engine = loaded(PERMIT, rule("p", "flag"), rule("c", "redact", "true", "complete"))
    assert [engine.decide(action, CALL, [FACTS]).effect for action in (PROMPT, COMPLETE, PROMPT)] == [
        Effect.FLAG,
        Effect.REDACT,
        Effect.FLAG,
    ]


# ---- the reference: the words of the engine's contract in twenty lines, over rules whose conditions are known ----

CONDITIONS = {
    "true": lambda f: True,
    'context.category == "credential"': lambda f: f.category == "credential",
    "context.score >= 500": lambda f: f.score >= 500,
    "!context.editable": lambda f: not f.editable,
    'context.origin == "vendor"': lambda f: f.origin == "vendor",
    OVERFLOW: lambda f: None if f.score > 1 else f.score == 1 and f.severity < 9223372036854775807,
}
ORDER = ["allow", "flag", "pseudonymise", "redact", "withhold", "hold", "deny"]

facts_of = st.builds(
    FindingFacts,
    detector=st.just("d"),
    rule=st.sampled_from(["x", "y"]),
    category=st.sampled_from(sorted(Category)).map(str),
    severity=st.integers(1, 4),
    score=st.sampled_from([0, 1, 499, 500, 1000]),
    channel=st.sampled_from(sorted(Channel)).map(str),
    kind=st.sampled_from(sorted(Kind)).map(str),
    editable=st.booleans(),
    encoded=st.booleans(),
    origin=st.sampled_from(sorted(Origin)).map(str),
)
written = st.tuples(
    st.sampled_from(["permit", "flag", "pseudonymise", "redact", "withhold", "deny"]), st.sampled_from(list(CONDITIONS))
)


def reference(rules: Sequence[tuple[str, str]], facts: FindingFacts) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    results = [(f"r{n}", effect, CONDITIONS[when](facts)) for n, (effect, when) in enumerate(rules)]
    failed = tuple(name for name, _, result in results if result is None)
    if failed:
        return "deny", (), failed
    fired = [(name, "allow" if effect == "permit" else effect) for name, effect, result in results if result]
    permitted = any(effect == "allow" for _, effect in fired)
    effect = max((effect for _, effect in fired), key=ORDER.index, default="allow")
    if not permitted and effect != "deny":
        return "deny", (NO_PERMIT,), ()
    return effect, tuple(name for name, its in fired if its == effect), ()


def test_the_order_of_the_reference_is_the_order_of_the_core() -> None:
    assert sorted(ORDER, key=lambda word: STRENGTH[Effect(word)]) == ORDER


@given(st.lists(written, min_size=1, max_size=6), st.lists(facts_of, min_size=1, max_size=4))
def test_engine_and_reference_agree(rules: list[tuple[str, str]], facts: list[FindingFacts]) -> None:
    text = "".join(
        rule(f"r{n}", effect, when)
        if effect != "permit"
        else rule(f"r{n}", "x", when).replace('@effect("x") ', "").replace("forbid", "permit")
        for n, (effect, when) in enumerate(rules)
    )
    decision = loaded(text).decide(PROMPT, CALL, facts)
    assert [(v.effect.value, v.rules, v.failed) for v in decision.verdicts] == [reference(rules, f) for f in facts]


ENGINE = PolicyEngine.load([BASELINE], SCHEMA)


@given(st.sampled_from([PROMPT, COMPLETE]), facts_of, st.booleans())
def test_cedar_itself_forbids_exactly_what_the_engine_does_not_allow(
    action: Action, facts: FindingFacts, listed: bool
) -> None:
    call = CALL._replace(listed=listed)
    request = {
        "principal": 'Stockade::Key::"key"',
        "action": f'Stockade::Action::"{action}"',
        "resource": 'Stockade::Model::"claude-x"',
        "context": {**facts._asdict(), "dialect": CALL.dialect},
    }
    entities = [{"uid": {"type": "Stockade::Model", "id": "claude-x"}, "attrs": {"listed": listed}, "parents": []}]
    allowed = cedarpy.is_authorized(request, BASELINE.text, entities).allowed
    assert (ENGINE.decide(action, call, [facts]).effect is Effect.ALLOW) == allowed
