"""Played again under the same policy an exchange is decided the same, in every wire format, whole or cut anywhere."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import UpstreamError, UpstreamTimeoutError
from stockade.govern.backtest.player import PLAYED, RECORDED
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.recordings import decided
from stockade.guard.pipeline.stages import STAGES
from stockade.guard.recording.recording import Recording
from stockade.testing.playbook import Answer, Sent
from tests.govern.backtest.recorded import book, player, record, result
from tests.guard.pipeline.test_recordings import ANSWER, ASKED, BODY, NO_CREDENTIALS, STREAM, STREAMED
from tests.properties.gates import SECRET, sample_ids, samples

STREAMING = ASKED._replace(body=BODY.replace(b'{"model"', b'{"stream":true,"model"') % SECRET.encode())
NO_SECRETS_BACK = """
@id("none-back") @effect("deny") @reason("No.")
forbid (principal, action == Stockade::Action::"complete", resource) when { context.category == "credential" };
"""


def same(recording: Recording, policy: str = "") -> bool:
    """Say whether a recording comes out as it was recorded under this policy."""
    made = player(policy)
    now = decided(made.gate, made.play(recording).exchange)
    return recording.decided._replace(status=0) == now._replace(status=0)


def test_every_stage_is_played_or_is_a_recorded_fact() -> None:
    assert {stage.name for stage in STAGES} == PLAYED | RECORDED


@pytest.mark.parametrize(("name", "path", "file"), samples("requests"), ids=sample_ids("requests"))
def test_every_sample_of_a_request_is_decided_the_same_again(name: str, path: str, file: Path) -> None:
    kept = book().play(Sent(path, file.read_bytes()), Answer((b'{"type":"error","error":{"type":"x","message":"y"}}',)))
    assert name
    for recording in kept.recordings:
        assert same(recording)
        assert result(recording).flip is None


@pytest.mark.parametrize(("name", "path", "file"), samples("streams"), ids=sample_ids("streams"))
def test_every_sample_of_a_stream_is_decided_the_same_again(name: str, path: str, file: Path) -> None:
    raw = file.read_bytes()
    told = {
        "anthropic_messages": b'{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}',
        "openai_chat": b'{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}',
        "openai_responses": b'{"model":"m","stream":true,"input":"hi"}',
    }
    pieces = tuple(raw[start : start + 100] for start in range(0, len(raw), 100))
    [recording] = book().play(Sent(path, told[name]), Answer(pieces, content_type="text/event-stream")).recordings
    assert recording.answer is not None
    assert recording.answer.pieces
    assert same(recording)


@given(st.lists(st.integers(1, len(STREAMED) - 1), max_size=6))
def test_a_stream_cut_anywhere_is_decided_the_same_again(cuts: list[int]) -> None:
    ends = sorted({0, *cuts, len(STREAMED)})
    pieces = tuple(STREAMED[start:end] for start, end in pairwise(ends))
    assert same(record(STREAMING, STREAM._replace(pieces=pieces)))


def test_a_refusal_an_edit_and_a_stopped_answer_are_decided_the_same_again() -> None:
    leaking = Answer((ANSWER.pieces[0], ANSWER.pieces[1].replace(b"Fine.", ("xoxb-" + "1" * 12).encode())))
    echoing = Answer((ANSWER.pieces[0], ANSWER.pieces[1].replace(b"Fine.", b"AKIA" + b"Q3EGRZ5LZ7WMB2XC")))
    for policy in "", NO_CREDENTIALS, NO_SECRETS_BACK:
        for answer in ANSWER, leaking, echoing:
            assert same(record(ASKED, answer, policy), policy)


@pytest.mark.parametrize("error", [UpstreamError, UpstreamTimeoutError])
@pytest.mark.parametrize("at", [c.CallUpstream, c.ReadUpstream])
def test_a_vendor_that_failed_fails_the_same_again(error: type[UpstreamError], at: type) -> None:
    def fail(command: Any) -> BaseException | None:
        return error("It broke off.") if isinstance(command, at) else None

    recording = record(STREAMING, STREAM, failure=fail)
    assert recording.decided.error == error.code
    assert same(recording)


def test_a_client_that_left_leaves_again() -> None:
    reads = iter(range(9))

    def leave(command: Any) -> BaseException | None:
        return c.ClientGone() if isinstance(command, c.ReadUpstream) and next(reads) == 1 else None

    recording = record(STREAMING, STREAM, failure=leave)
    assert recording.decided.ended == "client_gone"
    assert same(recording)


def test_a_vendor_is_only_asked_what_it_was_asked_then() -> None:
    kept = record(ASKED, ANSWER)
    played = player().play(kept)
    assert (played.followed, played.beyond) == (True, False)
    redacting = NO_CREDENTIALS.replace("deny", "redact")
    other = player(redacting).play(kept)
    assert (other.followed, other.beyond, other.exchange.answered.segments) == (False, True, 0)
    refused = player(NO_CREDENTIALS).play(kept)
    assert (refused.followed, refused.exchange.head) == (False, None)


def test_the_model_and_the_place_are_those_of_the_recording() -> None:
    kept = record(ASKED, ANSWER)
    [named] = kept.models
    unlisted = kept._replace(models=(named._replace(listed=False),))
    assert player().play(unlisted).exchange.error is not None
    place = kept.call.workspace._replace(id="payments", sensitivity=4)
    elsewhere = kept._replace(call=kept.call._replace(workspace=place))
    exchange = player().play(elsewhere).exchange
    assert exchange.call is not None
    assert exchange.call.workspace == place


def test_what_playing_costs_is_told_apart_from_inspection() -> None:
    played = player().play(record(ASKED, ANSWER))
    assert played.cpu_us > 0
    assert played.inspect_us > 0
