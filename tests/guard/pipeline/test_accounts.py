"""Accounts: what the ledger is told agrees with what was received, sent and said."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from stockade.core.findings import DetectorRun, RunStatus
from stockade.guard.pipeline.accounts import guard_event
from stockade.guard.pipeline.exchange import Exchange
from stockade.testing.playbook import KEY, Answer
from tests.guard.pipeline.talks import answer, ask, each_dialect, each_way, say
from tests.properties.gates import OTHER_SECRET, SECRET, inspector, playbook

OF_ANSWERS = {"exfiltration.links", "prompt_leak.canary"}
"""Detectors that are asked about answers alone, beside the one that compares."""


def digest(body: bytes) -> dict[str, Any]:
    return {"digest": "sha256:" + sha256(body).hexdigest(), "bytes": len(body)}


@each_dialect
@each_way
def test_the_digests_are_those_of_the_bytes(dialect: str, streamed: bool) -> None:
    book = playbook()
    sent = ask(dialect, f"it is {SECRET}", stream=streamed)
    given = answer(dialect, say(f"The token is {OTHER_SECRET} or so."), streamed=streamed)
    played = book.play(sent, given)
    intent, outcome = played.records
    assert played.forwarded is not None
    assert intent["received"] == digest(sent.body)
    assert intent["forwarded"] == digest(played.forwarded)
    assert intent["received"] != intent["forwarded"]
    assert outcome["answer"] == {"received": digest(b"".join(given.pieces)), "sent": digest(played.body)}
    assert outcome["answer"]["received"] != outcome["answer"]["sent"]
    assert intent["id"] == outcome["id"]


@each_dialect
def test_the_digest_of_a_stopped_stream_is_that_of_what_was_sent(dialect: str) -> None:
    """The error event that ends it included."""
    deny = (
        '@id("own") @effect("deny") @reason("Ours.") forbid (principal, '
        'action == Stockade::Action::"complete", resource) when { context.category == "credential" };'
    )
    given = answer(dialect, say(f"The token is {OTHER_SECRET} or so.", chunk="words"), streamed=True)
    played = playbook(deny).play(ask(dialect, "hello", stream=True), given)
    assert b"Stopped by Stockade" in played.body
    assert played.records[-1]["answer"]["sent"] == digest(played.body)


@each_dialect
def test_an_intent_says_who_asks_whom_under_which_policy(dialect: str) -> None:
    book = playbook()
    played = book.play(ask(dialect, "hello", stream=True), answer(dialect, say("Fine."), streamed=True))
    intent = played.records[0]
    assert (intent["tenant"], intent["principal"]) == ("play", KEY.record.id)
    assert (intent["dialect"], intent["model"], intent["stream"]) == (dialect, "m-1", True)
    assert intent["route"] == f"POST {played.exchange.path}"
    assert intent["policy"] == book.gate.policy.digest
    assert intent["segments"]["count"] == len(played.exchange.segments)
    asked = [each for each in inspector().versions if each[0] not in OF_ANSWERS]
    assert [(guard["detector"], guard["version"]) for guard in intent["guards"]] == asked
    answered = {guard["detector"] for guard in played.records[-1]["guards"]}
    assert answered == {name for name, _ in inspector().versions} | {"prompt_leak.system"}
    assert {guard["segments"] for guard in intent["guards"]} == {len(played.exchange.segments)}
    assert {guard["status"] for guard in intent["guards"]} == {"ran"}


@each_dialect
def test_a_request_that_was_not_sent_brings_its_findings_in_the_outcome(dialect: str) -> None:
    deny = (
        '@id("own") @effect("deny") @reason("Ours.") forbid (principal, '
        'action == Stockade::Action::"prompt", resource) when { context.category == "credential" };'
    )
    played = playbook(deny).play(ask(dialect, f"it is {SECRET}"), answer(dialect, say("Fine."), streamed=False))
    (outcome,) = played.records
    assert outcome["findings"][0]["category"] == "credential"
    assert "own" in outcome["rules"]
    assert "answer" not in outcome


@each_dialect
def test_a_vendor_s_refusal_to_answer_is_recorded_with_its_status(dialect: str) -> None:
    error = b'{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}'
    if dialect != "anthropic_messages":
        error = b'{"error":{"type":"rate_limit_error","message":"slow down","code":null,"param":null}}'
    played = playbook().play(ask(dialect, "hello"), Answer((error,), 429))
    assert played.body == error
    outcome = played.records[-1]
    assert (outcome["status"], outcome["ended"]) == (429, "completed")


def test_a_guard_s_event_names_the_guard_and_the_exchange() -> None:
    exchange = Exchange("ex-1", 1.0, "POST", "/", "", ())
    run = DetectorRun("a.b", "1", RunStatus.TIMED_OUT, 3, "not done within 5 s")
    told = guard_event(exchange, run, 1_700_000_000.5)
    assert b'"guard_timed_out"' in told
    assert b'"ex-1"' in told
    assert b'"a.b"' in told
    assert b"2023-11-14T22:13:20.500Z" in told


@each_dialect
def test_a_refusal_tells_all_that_policy_was_told_of_the_call(dialect: str) -> None:
    deny = (
        '@id("own") @effect("deny") @reason("Ours.") forbid (principal, '
        'action == Stockade::Action::"forward", resource);'
    )
    played = playbook(deny).play(ask(dialect, "hello"), answer(dialect, say("Fine."), streamed=False))
    (outcome,) = played.records
    assert outcome["forward"] == {"effect": "deny", "rules": ["own"]}
    assert (outcome["model"], outcome["model_listed"], outcome["workspace"]["id"]) == ("m-1", True, "none")


@each_dialect
def test_what_a_rule_in_shadow_would_have_done_stands_in_the_record(dialect: str) -> None:
    tried = (
        '@id("own") @mode("shadow") @reason("Ours.") forbid (principal, action == Stockade::Action::"{}", resource){};'
    )
    rules = tried.format("prompt", ' when { context.category == "credential" }')
    played = playbook(rules).play(ask(dialect, f"it is {SECRET}"), answer(dialect, say("Fine."), streamed=False))
    intent, outcome = played.records
    assert (intent["effect"], intent["shadow"], intent["shadow_rules"]) == ("pseudonymise", "deny", ["own"])
    assert (intent["findings"][0]["shadow"], intent["findings"][0]["shadow_rules"]) == ("deny", ["own"])
    assert "shadow" not in outcome
    assert SECRET.encode() not in (played.forwarded or b"")
    played = playbook(tried.format("forward", "")).play(ask(dialect, "hi"), answer(dialect, say("A."), streamed=False))
    assert (played.records[0]["forward"]["shadow"], played.records[0]["shadow"]) == ("deny", "deny")
