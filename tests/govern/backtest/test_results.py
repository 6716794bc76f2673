"""What of a recording is another decision, by which rule, and what is only not known."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect
from stockade.govern.backtest.differences import Flip
from stockade.govern.backtest.results import Result, Standing, mask
from stockade.guard.pipeline import commands as c
from tests.govern.backtest.recorded import book, record, result
from tests.govern.backtest.test_player import NO_SECRETS_BACK, STREAMING
from tests.guard.pipeline.test_recordings import ANSWER, ASKED, BODY, CHUNK, NO_CREDENTIALS, STREAM
from tests.properties.gates import SECRET

FOREIGN = "AKIA" + "Q3EGRZ5LZ7WMB2XC"
BRINGING = ANSWER._replace(pieces=(ANSWER.pieces[0], ANSWER.pieces[1].replace(b"Fine.", FOREIGN.encode())))
NO_MODEL = """
@id("not-m") @effect("deny") @reason("No.")
forbid (principal, action == Stockade::Action::"forward", resource == Stockade::Model::"m");
"""


def test_the_policy_in_force_flips_nothing_and_is_faithful() -> None:
    found = result(record(ASKED, ANSWER))
    assert (found.standing, found.flip, found.changes, found.felt) == (Standing.COMPARED, None, (), False)
    assert (found.faithful, found.sight, found.same_guards, found.answered) == (True, True, True, True)


def test_a_request_that_would_be_stopped() -> None:
    found = result(record(ASKED, ANSWER), NO_CREDENTIALS)
    assert (found.flip, found.felt, found.sent, found.faithful) == (Flip.NEWLY_STOPPED, True, False, True)
    [change] = found.changes
    assert (change.before, change.after, change.rules) == (Effect.PSEUDONYMISE, Effect.DENY, ("no-credentials",))
    assert (change.channel, change.characters) == ("user", len(SECRET))
    assert change.excerpt == f"xx xx [GITHUB_PERSONAL_TOKEN, {len(SECRET)} characters]"


def test_a_request_that_would_pass() -> None:
    found = result(record(ASKED, ANSWER, NO_CREDENTIALS), NO_CREDENTIALS, NO_CREDENTIALS)
    assert (found.flip, found.faithful) == (None, True)
    for then in NO_CREDENTIALS, None:
        found = result(record(ASKED, ANSWER, NO_CREDENTIALS), then=then)
        assert (found.flip, found.sent, found.answered) == (Flip.NEWLY_ALLOWED, True, False)
        assert found.faithful is (None if then is None else True)
    [change] = found.changes
    assert change.rules == ("no-credentials",), "the rule that says no more is the one that was taken out"


def test_a_request_that_would_be_sent_otherwise() -> None:
    found = result(record(ASKED, BRINGING), NO_CREDENTIALS.replace("deny", "redact"))
    assert (found.flip, found.sent, found.answered, found.felt) == (Flip.CHANGED, True, False, True)
    assert [change.side for change in found.changes] == ["request"], "of the answer nothing is known"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_answer_that_would_be_stopped(streamed: bool) -> None:
    body = BODY % b"harmless"
    if streamed:
        text = b'{"content":"' + FOREIGN.encode() + b' "},"finish_reason":null}]}\n\n'
        end = STREAM.pieces[-1]
        answer = STREAM._replace(pieces=(CHUNK + text, CHUNK + b'{},"finish_reason":"stop"}]}\n\n' + end[-14:]))
        sent = STREAMING._replace(body=body.replace(b'{"model"', b'{"stream":true,"model"'))
    else:
        answer, sent = BRINGING, ASKED._replace(body=body)
    found = result(record(sent, answer), NO_SECRETS_BACK)
    assert (found.flip, found.answered) == (Flip.NEWLY_STOPPED, True)
    [change] = found.changes
    assert (change.side, change.before, change.after) == ("answer", Effect.REDACT, Effect.DENY)
    assert change.excerpt == ""
    back = result(record(sent, answer, NO_SECRETS_BACK))
    assert (back.flip, [one.after for one in back.changes]) == (Flip.NEWLY_ALLOWED, [Effect.REDACT])


def test_a_model_that_nobody_may_call_any_more() -> None:
    found = result(record(ASKED, ANSWER), NO_MODEL)
    assert found.flip is Flip.NEWLY_STOPPED
    assert [(one.what, one.rules) for one in found.changes if one.what == "model"] == [("model", ("not-m",))]
    assert result(record(ASKED, ANSWER, NO_MODEL)).flip is Flip.NEWLY_ALLOWED


def test_a_refusal_that_stuck_decided_nothing() -> None:
    played = book()
    first = played.play(ASKED, ANSWER)
    played.blocks["play", first.exchange.content] = c.Block("ref-1", ("r",), "No.")
    [stuck] = played.play(ASKED, ANSWER).recordings
    assert result(stuck).standing is Standing.REPEATED


def test_a_gate_that_failed_then_is_not_compared() -> None:
    def broken(command: object) -> BaseException | None:
        return RuntimeError("a guard") if isinstance(command, c.Inspect) else None

    assert result(record(ASKED, ANSWER, failure=broken)).standing is Standing.INCOMPARABLE


@pytest.mark.parametrize("error", ["rate_limited", "price_unknown", "stopped", "storage", "guard_failed"])
def test_what_a_limit_or_a_stop_ended_is_not_compared(error: str) -> None:
    kept = record(ASKED, ANSWER)
    ended = kept._replace(decided=kept.decided._replace(error=error, ended="rejected", forwarded=""))
    assert result(ended).standing is Standing.INCOMPARABLE


def test_a_recording_made_before_sending_says_what_the_request_would_be() -> None:
    whole = record(ASKED, ANSWER)
    before = whole._replace(
        provisional=True, answer=None, decided=whole.decided._replace(ended="", status=0, forwarded="")
    )
    assert result(before)[:2] == (Standing.COMPARED, "ex-1")
    assert (result(before).flip, result(before).faithful) == (None, True)
    assert result(before, NO_CREDENTIALS).flip is Flip.NEWLY_STOPPED


def test_what_the_detectors_see_otherwise_is_told() -> None:
    kept = record(ASKED, ANSWER)
    [seen] = kept.decided.sightings
    weaker = seen._replace(facts=seen.facts._replace(score=1))
    found = result(kept._replace(decided=kept.decided._replace(sightings=(weaker,))))
    assert (found.sight, found.same_guards, found.faithful) == (False, True, False)
    older = kept._replace(guards=frozenset({("secrets.credentials", "0")}))
    assert not result(older).same_guards


def test_a_vendors_own_value_stays_its_own() -> None:
    kept = record(ASKED, ANSWER)
    [seen] = kept.decided.sightings
    allowed = result(kept._replace(known=frozenset({seen.evidence})))
    assert [change.after for change in allowed.changes] == [Effect.FLAG]


def test_conversations_are_told_apart_by_their_first_words_and_by_the_clients_own_id() -> None:
    def session(body: bytes) -> str:
        return result(record(ASKED._replace(body=body), ANSWER)).session

    opening = b'{"model":"m","messages":[{"role":"user","content":"one"}%s]}'
    later = b',{"role":"assistant","content":"a"},{"role":"user","content":"b"}'
    assert session(opening % b"") == session(opening % later)
    assert session(opening % b"") != session(opening.replace(b"one", b"two") % b"")
    assert not result(record(ASKED._replace(body=opening % b""), ANSWER)).goes_on
    assert result(record(ASKED._replace(body=opening % later), ANSWER)).goes_on


def test_a_result_holds_no_content_and_can_be_kept() -> None:
    for policy in "", NO_CREDENTIALS:
        found = result(record(ASKED, ANSWER), policy)
        kept = msgspec.json.encode(found)
        assert msgspec.json.decode(kept, type=Result) == found
        assert SECRET.encode() not in kept
        assert b"it is" not in kept


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_a_mask_shows_no_letter_and_no_digit(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    shown = mask(text, start, end, "L")
    around = shown.replace(f"[L, {end - start} characters]", "")
    assert set(around) <= set("x0. ")


def test_what_a_rule_in_shadow_would_do_is_told_and_changes_nothing() -> None:
    shadowed = NO_CREDENTIALS.replace('@effect("deny")', '@effect("deny") @mode("shadow")')
    found = result(record(ASKED, ANSWER), shadowed)
    assert (found.flip, found.changes, found.answered) == (None, (), True)
    [shadow] = found.shadows
    assert (shadow.before, shadow.after, shadow.rules) == (Effect.PSEUDONYMISE, Effect.DENY, ("no-credentials",))
