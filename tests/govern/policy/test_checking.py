"""Checking: rules that never fire, never decide or fail are named, and the packs have none."""

import pytest

from stockade.govern.policy.checking import What, check
from stockade.stores.policy_files import load_policy, packs
from tests.govern.policy.test_tables import own


def rule(when: str, effect: str = "deny", name: str = "r", action: str = "prompt", mode: str = "") -> str:
    return (
        f'@id("{name}") @effect("{effect}") {mode} @reason("R.") '
        f'forbid (principal, action == Stockade::Action::"{action}", resource) when {{ {when} }};\n'
    )


def said(text: str) -> list[tuple[str, What]]:
    return [(remark.rule.id, remark.what) for remark in check(own(text))]


@pytest.mark.parametrize("pack", packs())
def test_the_packs_have_no_fault(pack: str) -> None:
    remarks = check(load_policy([pack]))
    assert [remark for remark in remarks if remark.is_fault] == []
    assert {remark.what for remark in remarks} <= {What.OVERRULED, What.REDUNDANT}


def test_a_rule_that_a_stricter_file_overrules_is_told_and_is_no_fault() -> None:
    told = {remark.rule.id: remark for remark in check(load_policy(["strict"]))}
    assert told["unasked-effect"].what is What.OVERRULED
    assert "strict-unasked-effect" in told["unasked-effect"].words


@pytest.mark.parametrize(
    "when",
    [
        "context.score > 1000",
        'context.category == "harm" && context.channel == "user" && context.category != "harm"',
        'context.origin == "conversation"',  # of an answer alone
        'context.kind == "thinking" && context.editable',
        'context.asserted_by == "none" && context.workspace.sensitivity > 0',
        "resource.approved && !resource.listed",
        'context.rule like "a*" && context.rule == "b"',
        "context.score < 500 && context.score * 2 > 1000",
    ],
)
def test_a_rule_that_no_facts_fulfil_never_fires(when: str) -> None:
    assert said(rule(when)) == [("r", What.NEVER_FIRES)]


def test_a_tool_of_no_server_has_none() -> None:
    when = 'resource == Stockade::Tool::"Bash" && resource.server == "github"'
    assert said(rule(when, action="call_tool")) == [("r", What.NEVER_FIRES)]
    assert said(rule('resource.name == "mcp__github__x" && resource.server == "github"', action="call_tool")) == []


def test_a_rule_under_a_stronger_one_never_decides_and_the_stronger_is_named() -> None:
    text = rule("context.score > 500", "deny", "strong") + rule("context.score > 600", "redact", "weak")
    (remark,) = check(own(text))
    assert (remark.rule.id, remark.what) == ("weak", What.NEVER_DECIDES)
    assert remark.words.endswith(": strong")


def test_a_rule_under_several_names_them_all() -> None:
    text = rule("context.editable", "deny", "one") + rule("!context.editable", "withhold", "two")
    (remark,) = check(own(text + rule("context.score > 600", "redact", "weak")))
    assert remark.words.endswith(": one, two") or remark.words.endswith(": two, one")


def test_a_rule_whose_effect_others_have_too_is_redundant() -> None:
    text = rule("context.score > 500", "deny", "wide") + rule("context.score > 600", "deny", "narrow")
    assert said(text) == [("narrow", What.REDUNDANT)]


def test_a_rule_in_shadow_is_looked_at_as_if_it_were_in_force() -> None:
    shadow = '@mode("shadow")'
    assert said(rule("context.score > 500", "deny", mode=shadow)) == []
    assert said(rule("context.score > 1000", "deny", mode=shadow)) == [("r", What.NEVER_FIRES)]


def test_a_rule_that_fails_on_some_facts_is_shown_on_them() -> None:
    remarks = check(own(rule("context.score * 9223372036854775807 > context.severity", "flag")))
    assert remarks[0].what is What.FAILS
    assert "{action: prompt" in remarks[0].words


def test_what_was_not_looked_at_whole_is_never_called_never() -> None:
    text = rule('context.rule == context.detector && context.rule like "a*"') + rule("context.score > 500", name="s")
    (remark,) = check(own(text))
    assert (remark.rule.id, remark.what, remark.is_fault) == ("r", What.NOT_ANALYSED, False)
    assert "compared with each other" in remark.words


def test_what_is_not_analysed_is_said() -> None:
    assert said(rule('ip("127.0.0.1").isLoopback() && context.editable')) == [("r", What.NOT_ANALYSED)]
