"""Judging: a guard that did not run, a policy that cannot answer, and what an answer's findings are known from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from stockade.core.decisions import Decision
from stockade.core.facts import Action
from stockade.core.findings import DetectorRun, Inspection, RunStatus, Scope
from stockade.core.segments import Segment
from stockade.guard.pipeline.exchange import Gate
from stockade.guard.policy.engine import PolicyEngine
from stockade.testing.playbook import Playbook
from tests.guard.pipeline.talks import DIALECTS, answer, ask, each_dialect, each_way, hear, say
from tests.guard.pipeline.test_accounts import OF_ANSWERS
from tests.properties.gates import OTHER_SECRET, SECRET, gate, inspector, playbook

EVENTS = {
    RunStatus.FAILED: "guard_failed",
    RunStatus.SKIPPED: "guard_skipped",
    RunStatus.TIMED_OUT: "guard_timed_out",
}


def failing(status: RunStatus, time: int, kept: str = "") -> Playbook:
    """Return a gate of which one detector ends in `status` at its n-th run; its findings are there all the same."""
    times = 0

    def inspect(segments: Sequence[Segment], key: bytes, scope: Scope) -> Inspection:
        nonlocal times
        times += 1
        told = inspector().inspect(segments, key, scope)
        if times != time:
            return told
        first = replace(told.runs[0], status=status, segments=0, reason="Not done in time.")
        return Inspection(told.findings, (first, *told.runs[1:]))

    return Playbook(gate(kept), inspect)


@each_dialect
@each_way
@pytest.mark.parametrize("status", list(EVENTS))
def test_a_request_that_a_guard_did_not_see_is_not_sent(dialect: str, streamed: bool, status: RunStatus) -> None:
    played = failing(status, 1).play(
        ask(dialect, "hello", stream=streamed), answer(dialect, say("Fine."), streamed=streamed)
    )
    assert (played.upstream, played.status) == (None, 503)
    assert "guard did not run" in hear(dialect, played).error
    event, outcome = played.records
    assert (event["kind"], event["event"]) == ("event", EVENTS[status])
    assert event["id"] == outcome["id"]
    asked = [name for name, _ in inspector().versions if name not in OF_ANSWERS]
    assert event["subject"] == asked[0]
    assert event["reason"] == "Not done in time."
    assert (outcome["kind"], outcome["error"], outcome["intent"]) == ("outcome", "guard_failed", False)
    assert outcome["guards"][0]["status"] == status
    assert played.released == 1


@each_dialect
@each_way
@pytest.mark.parametrize("status", list(EVENTS))
@pytest.mark.parametrize("time", [2, 3])
def test_an_answer_that_a_guard_did_not_see_is_not_passed(
    dialect: str, streamed: bool, status: RunStatus, time: int
) -> None:
    if time == 3 and not streamed:
        return  # a whole answer is looked at once
    played = failing(status, time).play(
        ask(dialect, "hello", stream=streamed),
        answer(dialect, say("One two three four.", chunk="words"), streamed=streamed),
    )
    heard = hear(dialect, played)
    assert played.status == (200 if streamed else 503)
    assert "guard did not run" in heard.error
    assert "four" not in heard.text
    assert [record.get("event", record["kind"]) for record in played.records] == ["intent", EVENTS[status], "outcome"]
    assert played.records[-1]["ended"] == ("stopped" if streamed else "rejected")
    again = failing(status, 99).play(
        ask(dialect, "hello", stream=streamed), answer(dialect, say("Fine."), streamed=streamed)
    )
    assert hear(dialect, again).text == "Fine."


@each_dialect
def test_an_account_without_any_guard_is_no_account(dialect: str) -> None:
    book = Playbook(gate(), lambda _segments, _key, _scope: Inspection((), ()))
    played = book.play(ask(dialect, "hello"), answer(dialect, say("Fine."), streamed=False))
    assert (played.upstream, played.status) == (None, 503)


class _Broken:
    """A policy engine that breaks when asked about one action."""

    digest = "sha256:" + "0" * 64

    def __init__(self, inner: PolicyEngine, breaks: Action) -> None:
        self.inner, self.breaks = inner, breaks

    def authorise(self, call: Any) -> Any:
        if self.breaks is Action.FORWARD:
            raise RuntimeError(SECRET)
        return self.inner.authorise(call)

    def decide(self, action: Action, call: Any, facts: Any) -> Decision:
        if self.breaks is action:
            raise RuntimeError(SECRET)
        return self.inner.decide(action, call, facts)


def with_policy(make: Callable[[PolicyEngine], Any]) -> Playbook:
    """Return a playbook whose gate asks another engine."""
    book = playbook()
    changed: Gate = replace(book.gate, policy=make(book.gate.policy))
    book.gate = changed
    return book


@each_dialect
@pytest.mark.parametrize("action", [Action.FORWARD, Action.PROMPT, Action.COMPLETE])
@each_way
def test_a_policy_engine_that_breaks_denies(dialect: str, streamed: bool, action: Action) -> None:
    book = with_policy(lambda inner: _Broken(inner, action))
    played = book.play(
        ask(dialect, f"it is {SECRET}", stream=streamed),
        answer(dialect, say(f"The token is {OTHER_SECRET}."), streamed=streamed),
    )
    assert (played.upstream is None) == (action is not Action.COMPLETE)
    heard = hear(dialect, played)
    assert "gate failed" in heard.error
    assert OTHER_SECRET not in played.body.decode()
    assert SECRET not in heard.error
    assert played.records[-1]["error"] == "guard_failed"
    assert "RuntimeError" in played.exchange.fault


@each_dialect
@pytest.mark.parametrize(("action", "reached"), [("forward", False), ("prompt", False), ("complete", True)])
def test_a_rule_that_cannot_be_evaluated_denies(dialect: str, action: str, reached: bool) -> None:
    """Cedar skips a rule that errs, so a broken forbid would let everything through."""
    number = "9223372036854775807" + (" + 1" if action == "forward" else " + context.score")
    broken = (
        f'@id("own") @effect("flag") @reason("Ours.") forbid (principal, action == Stockade::Action::"{action}", '
        f"resource) when {{ {number} > 0 }};"
    )
    played = playbook(broken).play(
        ask(dialect, f"it is {SECRET}"), answer(dialect, say(f"The token is {OTHER_SECRET}."), streamed=False)
    )
    assert (played.upstream is not None) == reached
    assert hear(dialect, played).error
    assert OTHER_SECRET not in played.body.decode()
    assert played.records[-1]["ended"] == "refused"
    assert played.records[-1]["effect"] == "deny"
    assert "own" in played.records[-1]["rules"]


@each_dialect
@each_way
def test_what_follows_a_denied_text_is_neither_recorded_nor_known_later(dialect: str, streamed: bool) -> None:
    deny = (
        '@id("own") @effect("deny") @reason("Ours.") forbid (principal, '
        'action == Stockade::Action::"complete", resource) when { context.category == "credential" };'
    )
    book = playbook(deny)
    said = f"The token is {OTHER_SECRET} and mail goes to alice.miller@corp-mail.com as well."
    played = book.play(ask(dialect, "hello", stream=streamed), answer(dialect, say(said), streamed=streamed))
    assert hear(dialect, played).error
    found = [finding["category"] for finding in played.records[-1]["findings"]]
    assert set(found) == {"credential"} if streamed else "credential" in found
    assert book.vendor_known == set() or not streamed


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("effect", ["redact", "withhold", "deny"])
def test_thinking_that_must_change_stops_the_answer(streamed: bool, effect: str) -> None:
    """A signature covers it, so that an edit would break the next turn."""
    policy = (
        f'@id("own") @effect("{effect}") @reason("Ours.") forbid (principal, '
        'action == Stockade::Action::"complete", resource) '
        'when { context.kind == "thinking" && context.category == "credential" };'
    )
    dialect = "anthropic_messages"
    said = say("Fine.", thinking=f"They use {OTHER_SECRET} for it.")
    played = playbook(policy).play(ask(dialect, "hello", stream=streamed), answer(dialect, said, streamed=streamed))
    assert hear(dialect, played).error
    assert OTHER_SECRET not in played.body.decode()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_value_is_found_once_however_often_its_context_is_read(dialect: str) -> None:
    """The text before a unit is shown to detectors again; what stands in it was counted already."""
    words = "Mail to alice.miller@corp-mail.com and then wait a while for what they say to it."
    given = answer(dialect, say(words, chunk="words"), streamed=True)
    played = playbook().play(ask(dialect, "hello", stream=True), given)
    findings = [f for f in played.records[-1]["findings"] if f["category"] == "personal_data"]
    whole = playbook().play(ask(dialect, "hello", stream=True), given._replace(pieces=(b"".join(given.pieces),)))
    assert findings == [f for f in whole.records[-1]["findings"] if f["category"] == "personal_data"]
    tellings = 1 if dialect != "openai_responses" else 1 + sum(words.encode() in p for p in given.pieces)
    assert len(findings) == tellings


def test_runs_of_one_detector_are_counted_together() -> None:
    played = playbook().play(
        ask("openai_chat", "hello", stream=True),
        answer("openai_chat", say("One two three.", chunk="words"), streamed=True),
    )
    runs = played.exchange.answered.runs
    assert all(isinstance(run, DetectorRun) for run in runs)
    seen = {run.detector: run.segments for run in runs}
    assert len(seen) == len(runs)
    # Detectors of form see each word, those of meaning the passages that the words make.
    words = {seen.pop(name) for name in ("pii.personal", "secrets.credentials", "unicode.hidden", *sorted(OF_ANSWERS))}
    assert len(words) == 1
    assert min(words) > 3
    assert all(0 < passages < min(words) for passages in seen.values())
