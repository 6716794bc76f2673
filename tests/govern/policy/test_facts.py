"""Facts written flat: the way to a question and back loses nothing, and what is printed is a case."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.facts import Action, CallFacts, CodeFacts, FindingFacts, ToolFacts
from stockade.govern.policy.facts import NUMBERS, WORDS, defaults, facts_of, question_of, told
from stockade.stores.policy_files import schema
from tests.guard.policy.written import facts

ACTIONS = tuple(Action)


@pytest.mark.parametrize("action", ACTIONS)
@given(data=st.data())
def test_a_question_written_flat_is_the_question(action: Action, data: st.DataObject) -> None:
    said = data.draw(facts(action))
    question = question_of(action, said)
    assert facts_of(question) == said
    assert question_of(action, facts_of(question)) == question


@pytest.mark.parametrize("action", ACTIONS)
@given(data=st.data())
def test_what_is_printed_reads_back_as_yaml(action: Action, data: st.DataObject) -> None:
    said = data.draw(facts(action))
    line = told(action, said)
    read = yaml.safe_load(line)
    assert "\n" not in line
    assert read.pop("action") == action
    read = {name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}
    assert defaults(action) | read == said


@pytest.mark.parametrize("text", ["", "yes", "1", "a b", 'a"b', "a\\b", "a\nb", "null", "-", "{x}", "é", "a: b", "#"])
def test_any_text_is_printed_so_that_it_reads_back(text: str) -> None:
    assert yaml.safe_load(told(Action.CALL_TOOL, {"server": text})).get("server", "") == text


def test_nothing_that_policy_is_told_has_no_flat_name() -> None:
    names = {name for action in ACTIONS for name in defaults(action)}
    elsewhere = {"kind": "principal_kind", "name": "tool"}
    assert {elsewhere.get(name, name) for name in CallFacts._fields} <= names
    for fields in (FindingFacts._fields, CodeFacts._fields):
        assert set(fields) <= names
    assert {elsewhere.get(name, name) for name in ToolFacts._fields} <= names


def test_words_and_numbers_are_those_of_the_schema() -> None:
    text = schema()
    for name in (*WORDS, *NUMBERS):
        assert f'"{name}"' in text or name == "principal_kind"
    for name in {each for action in ACTIONS for each in defaults(action)} - {
        "tenant", "principal", "principal_kind", "teams", "model", "workspace", "tool", "asserted_by",
    }:  # fmt: skip
        assert f'"{name}":' in text
