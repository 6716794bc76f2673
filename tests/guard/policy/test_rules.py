"""Rules: what a rule must say, and that every fault names its file and line."""

import cedarpy
import pytest

from stockade.core.decisions import Effect
from stockade.core.errors import ConfigError
from stockade.guard.policy.rules import WRITABLE_EFFECTS, PolicySource, read_rules

SCHEMA = cedarpy.Schema.from_str(
    """
    namespace Stockade {
      entity Tenant;
      entity Key in [Tenant];
      entity Model;
      type Facts = {
        "category": String, "channel": String, "kind": String, "origin": String, "score": Long, "opt"?: Long
      };
      action "forward" appliesTo { principal: Key, resource: Model, context: {} };
      action "prompt", "complete" appliesTo { principal: Key, resource: Model, context: Facts };
    }
    """
)
HEAD = '@id("r") @reason("Because.") '
BOTH = '[Stockade::Action::"prompt", Stockade::Action::"forward"]'
SCOPE = '(principal, action == Stockade::Action::"prompt", resource)'


def read(text: str, *more: PolicySource):
    return read_rules([PolicySource("own.cedar", text), *more], SCHEMA)


def fault(text: str, *more: PolicySource) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, *more)
    assert caught.value.hint
    return caught.value.public


def test_rules_are_read_in_order_with_their_effects() -> None:
    text = f"""
    // a comment; with "quotes
    @id("a") @reason(" Why; not. ") permit {SCOPE};
    @id("b") @effect("flag") @reason("B.") forbid {SCOPE} when {{ context.category == "credential" }}; // end
    @id("c") @reason("C.") forbid {SCOPE};
    """
    assert [(rule.id, rule.effect, rule.reason) for rule in read(text)] == [
        ("a", None, "Why; not."),
        ("b", Effect.FLAG, "B."),
        ("c", Effect.DENY, "C."),
    ]


def test_a_rule_that_holds_may_ask_for_several_people() -> None:
    assert [rule.approvals for rule in read(f'{HEAD}@effect("hold") forbid {SCOPE};')] == [1]
    assert [rule.approvals for rule in read(f'{HEAD}@effect("hold") @approvals("3") forbid {SCOPE};')] == [3]


@pytest.mark.parametrize("effect", sorted(WRITABLE_EFFECTS))
def test_every_writable_effect_is_read(effect: Effect) -> None:
    assert [rule.effect for rule in read(f'{HEAD}@effect("{effect}") forbid {SCOPE};')] == [effect]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{HEAD}forbid {SCOPE} wen {{ true }};", "cannot be read"),
        (f"{HEAD}forbid {SCOPE}", "cannot be read"),
        (f'{HEAD}forbid {SCOPE} when {{ context.kind == "text }};', "cannot be read"),
        (f'@reason("Because.") forbid {SCOPE};', "needs an @id"),
        (f'@id("No Id") @reason("Because.") forbid {SCOPE};', "needs an @id"),
        (f'@id("r") forbid {SCOPE};', 'rule "r" needs a @reason'),
        (f'@id("r") @reason("  ") forbid {SCOPE};', 'rule "r" needs a @reason'),
        (f'{HEAD}@effect("destroy") forbid {SCOPE};', "unknown @effect"),
        (f'{HEAD}@effect("allow") forbid {SCOPE};', "unknown @effect"),
        (
            f'{HEAD}@effect("hold") forbid {SCOPE.replace("prompt", "complete")};',
            "must name what can be asked for again",
        ),
        (f'{HEAD}@effect("hold") forbid (principal, action, resource);', "must name what can be asked for again"),
        (f'{HEAD}@effect("hold") @approvals("0") forbid {SCOPE};', "a number of people from 1 to 5"),
        (f'{HEAD}@effect("hold") @approvals("two") forbid {SCOPE};', "a number of people from 1 to 5"),
        (f'{HEAD}@effect("deny") @approvals("2") forbid {SCOPE};', "so nobody can approve"),
        (f'{HEAD}@effect("flag") permit {SCOPE};', "permits, so it cannot have an @effect"),
        (f'{HEAD}@effekt("flag") forbid {SCOPE};', "unknown annotation @effekt"),
        (f'{HEAD}@effect("redact") forbid (principal, action, resource);', "must name the action"),
        (
            f'{HEAD}@effect("redact") forbid (principal, action == Stockade::Action::"forward", resource);',
            "must name the action",
        ),
        (
            f'{HEAD}@effect("redact") forbid (principal, action in {BOTH}, resource);',
            "must name the action",
        ),
        (f"{HEAD}forbid (principal == ?principal, action, resource);", "a template cannot be used"),
        (f'{HEAD}forbid {SCOPE} when {{ context.categori == "credential" }};', "categori"),
        (f"{HEAD}forbid {SCOPE} when {{ context.category == 3 }};", 'rule "r"'),
        (f"{HEAD}forbid {SCOPE} when {{ context.opt > 3 }};", "optional attribute `opt`"),
        (f'{HEAD}forbid (principal, action == Stockade::Action::"promt", resource);', "promt"),
        (f'{HEAD}forbid {SCOPE} when {{ context.category == "credentials" }};', 'category is never "credentials"'),
        (f'{HEAD}forbid {SCOPE} when {{ "nwe" != context.origin }};', 'origin is never "nwe"'),
        (f'{HEAD}forbid {SCOPE} when {{ ["user", "tool"].contains(context.channel) }};', 'channel is never "tool"'),
        (f'{HEAD}forbid {SCOPE} when {{ true && !(context.kind == "txt") }};', 'kind is never "txt"'),
    ],
)
def test_a_fault_names_file_line_and_what_is_wrong(text: str, what: str) -> None:
    before = f'@id("ok") @reason("R.") permit {SCOPE};\n\n// the next one is wrong\n'
    message = fault(before + text)
    assert message.startswith("own.cedar, line 4: ")
    assert what in message


def test_an_action_list_of_both_findings_may_change_text() -> None:
    actions = '[Stockade::Action::"prompt", Stockade::Action::"complete"]'
    assert read(f'{HEAD}@effect("redact") forbid (principal, action in {actions}, resource);')


def test_a_double_id_names_both_places() -> None:
    message = fault(f"\n{HEAD}permit {SCOPE};", PolicySource("second.cedar", f"{HEAD}permit {SCOPE};"))
    assert message.startswith("second.cedar, line 1: ")
    assert "own.cedar, line 2" in message


@pytest.mark.parametrize("text", ["", "  \n", "// only a comment\n", "// one\n\n  // two"])
def test_a_file_without_rules_has_none(text: str) -> None:
    assert read(text) == []
