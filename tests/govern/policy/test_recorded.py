"""Recorded: the ledger gives back the very questions that policy was asked, and the same answers."""

from pathlib import Path
from typing import Any

import pytest

from stockade.core.facts import Action
from stockade.govern.policy.facts import facts_of, question_of
from stockade.govern.policy.recorded import Asked, questions
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.questions import Question
from stockade.stores.ledger_reader import Entry
from tests.guard.pipeline.talks import answer, ask, each_dialect, say
from tests.properties.gates import OTHER_SECRET, SECRET, playbook

CALLED = (Action.FORWARD, Action.PROMPT, Action.COMPLETE, Action.CALL_TOOL)


def entries(records: list[dict[str, Any]]) -> list[Entry]:
    return [Entry(Path("log"), number, fields) for number, fields in enumerate(records)]


@each_dialect
def test_what_was_asked_is_what_is_read_back(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []
    real = PolicyEngine.answer

    def listening(engine: PolicyEngine, question: Question) -> Any:
        asked.append(question)
        return real(engine, question)

    monkeypatch.setattr(PolicyEngine, "answer", listening)
    book = playbook()
    given = answer(dialect, say(f"The token is {OTHER_SECRET} or so."), streamed=False)
    played = book.play(ask(dialect, f"it is {SECRET} and maria@firma-beispiel.de"), given)
    read = list(questions(entries(played.records)))
    assert {each.action for each in read} >= {Action.FORWARD, Action.PROMPT, Action.COMPLETE}
    wanted = [facts_of(question) for question in asked]
    for each in read:
        assert each.whole
        assert each.facts in wanted
        verdict = real(book.gate.policy, question_of(each.action, each.facts))
        assert (each.effect, each.rules) == (verdict.effect, verdict.rules)
        assert each.policy == book.gate.policy.digest
    assert len(read) == len([question for question in asked if question.action in CALLED])


@each_dialect
def test_a_refused_call_is_read_back_from_its_outcome(dialect: str) -> None:
    deny = '@id("own") @reason("Ours.") forbid (principal, action == Stockade::Action::"forward", resource);'
    played = playbook(deny).play(ask(dialect, "hello"), answer(dialect, say("Fine."), streamed=False))
    (one,) = questions(entries(played.records))
    assert (one.action, one.effect, one.rules) == (Action.FORWARD, "deny", ("own",))


def test_an_answer_whose_intent_is_not_there_has_no_facts() -> None:
    outcome = {"kind": "outcome", "id": "ex", "at": "", "intent": True, "findings": [{"score": 1}], "calls": []}
    assert list(questions(entries([outcome]))) == []


def test_a_name_that_stands_as_a_digest_is_said() -> None:
    def named(model: str) -> Asked:
        fields = {"kind": "outcome", "id": "ex", "at": "", "intent": False, "forward": {"effect": "deny", "rules": []}}
        fields |= {"tenant": "t", "principal": "k", "principal_kind": "key", "teams": [], "roles": [], "model": model}
        fields |= {"model_listed": False, "model_approved": False, "dialect": "d", "asserted_by": "none"}
        place = {"id": "none", "environment": "unknown", "sensitivity": 0, "data_class": "unknown"}
        (one,) = questions(entries([{**fields, "workspace": place}]))
        return one

    assert [named(model).whole for model in ("claude-x", "unlisted", "digest:00")] == [True, False, False]
