import pytest

from stockade.core.errors import ConfigError
from stockade.testing.vendor.script import Fault, Script
from stockade.testing.vendor.script_reader import DEMO, load, parse


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rulez: []", "script.rulez: unknown key. did you mean rules?"),
        ("rules: [{answer: {txt: a}}]", "script.rules[0].answer.txt: unknown key. did you mean text?"),
        ("rules: [{when: {turns: 1}, answer: a}]", "script.rules[0].when.turns: unknown key"),
        ("rules: [{when: {turn: yes}, answer: a}]", "script.rules[0].when.turn: a value of type int"),
        ("rules: [{when: {dialect: openai}, answer: a}]", "script.rules[0].when.dialect"),
        ("rules: [{when: {matches: '('}, answer: a}]", "script.rules[0].when.matches: not a pattern"),
        ("rules: [{when: {}}]", "script.rules[0]: a rule needs an answer"),
        ("rules: [{answer: {text: a, error: {status: 500}}}]", "error stands alone"),
        ("rules: [{answer: {error: {}}}]", "a needed key is missing"),
        ("rules: [{answer: a, fail: {after_events: 1}}]", "script.rules[0].fail: say how"),
        ("rules: [{answer: a, fail: {how: burn}}]", "script.rules[0].fail.how"),
        ("rules: [{answer: a, chunks: 0}]", "script.rules[0].chunks"),
        ("rules: [{answer: a, delay_s: -1}]", "script.rules[0].delay_s"),
        ("rules: [{answer: a, bench: true, when: {turn: 1}}]", "a bench rule may ask for a dialect only"),
        ("rules: [{answer: a, bench: true, delay_s: 1}]", "a bench rule has no delay and no fault"),
        ("rules: [{answer: {raw: {body_base64: '!'}}}]", "not base64"),
        ("rules: {}", "script.rules: a list is wanted"),
        ("[]", "script: keys and values"),
        ("rules: [", "script, line 1: not YAML"),
    ],
)
def test_what_is_not_understood_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert said.replace(". did", " did") in caught.value.message


def test_an_empty_script_echoes() -> None:
    assert parse("") == Script()


def test_a_rule_is_read_whole() -> None:
    (rule,) = parse("rules: [{answer: {html: x}, chunks: [1, 2], fail: {after_events: 2, how: mid_character}}]").rules
    assert rule.answer.raw is not None
    assert (rule.answer.raw.status, rule.answer.raw.content_type) == (502, "text/html")
    assert (rule.chunks, rule.fault, rule.after_events) == ((1, 2), Fault.MID_CHARACTER, 2)


def test_the_demo_script_can_be_used() -> None:
    assert "{{last_user}}" in load(DEMO).default.answer.text
