"""What of an exchange is recorded, whose, and what is never in it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from stockade.core.errors import StorageError, UpstreamError
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.stages import ENDING, STAGES
from stockade.guard.recording.encoding import encode
from stockade.guard.recording.recording import Recording, RecordingRule, Side
from stockade.testing.playbook import KEY, Answer, Playbook, Played, Sent
from tests.properties.gates import SECRET, inspector
from tests.properties.gates import gate as plain_gate

BODY = b'{"model":"m","messages":[{"role":"user","content":"it is %s"}]}'
ASKED = Sent("/v1/chat/completions", BODY % SECRET.encode())
ANSWER = Answer(
    (
        b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,',
        b'"message":{"role":"assistant","content":"Fine."},"finish_reason":"stop"}]}',
    )
)
CHUNK = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
STREAMED = (
    CHUNK
    + b'{"content":"Fine."},"finish_reason":null}]}\n\n'
    + CHUNK
    + b'{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)
STREAM = Answer((STREAMED[:117], STREAMED[117:200], STREAMED[200:]), content_type="text/event-stream")
NO_CREDENTIALS = """
@id("no-credentials") @effect("deny") @reason("No.")
forbid (principal, action == Stockade::Action::"prompt", resource) when { context.category == "credential" };
"""


def book(policy: str = "", **rule: Any) -> Playbook:
    told = RecordingRule(frozenset({"play"}), **rule)
    gate = replace(plain_gate(policy), recording=told)
    return Playbook(gate, lambda segments, key, scope: inspector().inspect(segments, key, scope))


def only(played: Played) -> Recording:
    [recording] = played.recordings
    return recording


def test_a_tenant_who_is_not_named_is_not_recorded() -> None:
    other = replace(plain_gate(), recording=RecordingRule(frozenset({"other"})))
    played = Playbook(other, lambda *asked: inspector().inspect(*asked)).play(ASKED, ANSWER)
    assert (played.status, played.recordings, played.exchange.tape) == (200, [], None)


def test_an_exchange_is_recorded_as_it_came() -> None:
    played = book().play(ASKED, ANSWER)
    kept = only(played)
    assert kept.asked.body == ASKED.body
    assert kept.answer is not None
    assert b"".join(kept.answer.pieces) == b"".join(ANSWER.pieces)
    assert (kept.answer.whole, kept.answer.failure, kept.provisional, kept.stuck) == (True, "", False, False)
    assert kept.decided.forwarded == sha256(played.forwarded or b"").hexdigest()
    [sighting] = kept.decided.sightings
    assert (sighting.side, sighting.label, sighting.verdict.effect) == (
        Side.REQUEST,
        "GITHUB_PERSONAL_TOKEN",
        "pseudonymise",
    )
    assert sighting.characters == len(SECRET)
    assert played.commands[-1] == "KeepRecording"


def test_a_stream_is_recorded_with_its_cuts() -> None:
    played = book().play(ASKED._replace(body=BODY.replace(b'{"model"', b'{"stream":true,"model"')), STREAM)
    assert played.exchange.ended == "completed"
    kept = only(played)
    assert kept.answer is not None
    assert kept.answer.pieces == STREAM.pieces
    assert kept.answer.whole


def test_no_credential_of_the_caller_and_no_foreign_header_is_recorded() -> None:
    headers = (
        ("x-api-key", KEY.text),
        ("authorization", f"Bearer {KEY.text}"),
        ("cookie", "a=canary-cookie"),
        ("x-codex-turn-metadata", '{"remote":"https://user:canary-remote@host/x.git"}'),
        ("openai-beta", "assistants=v2"),
    )
    kept = only(book().play(ASKED._replace(headers=headers), ANSWER))
    assert kept.asked.headers == ((b"openai-beta", b"assistants=v2"),)
    for canary in KEY.text, "canary-cookie", "canary-remote", "x-vendor-secret":
        assert canary not in repr(kept)


def test_a_refusal_is_recorded_without_an_answer() -> None:
    played = book(NO_CREDENTIALS).play(ASKED, ANSWER)
    kept = only(played)
    assert (played.status, kept.answer, kept.decided.forwarded) == (400, None, "")
    assert (kept.decided.error, kept.decided.rules) == ("policy_refusal", ("no-credentials",))


def test_a_request_that_nobody_could_read_is_not_recorded() -> None:
    for body in b"{", b'{"model":1}':
        assert book().play(ASKED._replace(body=body), ANSWER).recordings == []
    assert book().play(ASKED._replace(headers=()), ANSWER).recordings == []


def test_a_list_of_models_is_not_recorded() -> None:
    listing = Answer((b'{"object":"list","data":[]}',))
    played = book().play(Sent("/v1/models", b"", method="GET"), listing)
    assert (played.status, played.recordings) == (200, [])


@pytest.mark.parametrize(
    ("at", "pieces", "status"), [(c.CallUpstream, (), 0), (c.ReadUpstreamWhole, (), 200)], ids=["call", "read"]
)
def test_a_vendor_that_fails_is_recorded_so(at: type, pieces: tuple[bytes, ...], status: int) -> None:
    failed = UpstreamError("The vendor broke off.")
    played = book().play(ASKED, ANSWER, lambda command: failed if isinstance(command, at) else None)
    kept = only(played)
    assert kept.answer is not None
    assert kept.answer[::2] == (status, pieces, "upstream")
    assert not kept.answer.whole


def test_a_client_that_leaves_ends_the_tape() -> None:
    seen: list[Any] = []

    def leave(command: Any) -> BaseException | None:
        seen.append(command)
        second = isinstance(command, c.ReadUpstream) and sum(isinstance(one, c.ReadUpstream) for one in seen) == 2
        return c.ClientGone() if second else None

    kept = only(book().play(ASKED._replace(body=BODY.replace(b'{"model"', b'{"stream":true,"model"')), STREAM, leave))
    assert kept.decided.ended == "client_gone"
    assert kept.answer is not None
    assert (kept.answer.pieces, kept.answer.whole, kept.answer.failure) == (STREAM.pieces[:1], False, "")


def test_an_exchange_at_the_bound_is_recorded_and_one_past_it_is_counted() -> None:
    size = len(ASKED.body) + sum(map(len, ANSWER.pieces))
    at = book(exchange_bytes_max=size).play(ASKED, ANSWER)
    assert (len(at.recordings), at.missed) == (1, [])
    past = book(exchange_bytes_max=size - 1).play(ASKED, ANSWER)
    assert (past.status, past.recordings, past.missed) == (200, [], ["too_large"])
    refused = book(NO_CREDENTIALS, exchange_bytes_max=len(ASKED.body) - 1).play(ASKED, ANSWER)
    assert (refused.status, refused.recordings, refused.missed) == (400, [], ["too_large"])


def test_where_it_is_required_nothing_is_sent_that_was_not_recorded() -> None:
    def full(command: Any) -> BaseException | None:
        return StorageError("The disk is full.") if isinstance(command, c.KeepBeforeSending) else None

    refused = book(required=True).play(ASKED, ANSWER, full)
    assert (refused.status, refused.upstream, refused.exchange.intent) == (503, None, False)
    played = book(required=True).play(ASKED, ANSWER)
    assert [one.provisional for one in played.recordings] == [True, False]
    assert played.commands.index("KeepBeforeSending") < played.commands.index("CallUpstream")
    large = book(required=True, exchange_bytes_max=len(ASKED.body) - 1).play(ASKED, ANSWER)
    assert (large.status, large.upstream) == (413, None)


def test_a_recording_that_fails_takes_nothing_from_the_client() -> None:
    def broken(command: Any) -> BaseException | None:
        return RuntimeError("a recorder") if isinstance(command, c.KeepRecording) else None

    played = book().play(ASKED, ANSWER, broken)
    assert (played.status, played.body, played.finished) == (200, b"".join(ANSWER.pieces), True)
    assert [record["kind"] for record in played.records] == ["intent", "outcome"]
    assert played.exchange.fault.startswith("keep_exchange: RuntimeError")


def test_a_refusal_that_stuck_is_recorded_as_one() -> None:
    kept = book()
    first = kept.play(ASKED, ANSWER)
    kept.blocks["play", first.exchange.content] = c.Block("ref-1", ("r",), "No.")
    second = only(kept.play(ASKED, ANSWER))
    assert (second.stuck, second.decided.refusal) == (True, "ref-1")


def test_recordings_of_one_exchange_are_alike_however_often_it_is_played() -> None:
    one, other = (only(book().play(ASKED, ANSWER)) for _ in range(2))
    assert encode(one) == encode(other)


def test_the_request_is_kept_before_the_intent_and_the_exchange_at_the_very_end() -> None:
    names = [stage.name for stage in STAGES]
    assert names.index("keep_request") < names.index("record_intent") < names.index("upstream")
    assert ENDING[-1].name == "keep_exchange"
