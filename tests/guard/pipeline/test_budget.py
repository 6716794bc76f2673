"""Budgets in whole exchanges: what is held, what is charged where the vendor did not say, what is given back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stockade.core.errors import StorageError, UpstreamError, UpstreamTimeoutError
from stockade.core.measures import Measure
from stockade.guard.pipeline import commands as c
from stockade.guard.quota.budgets import Budgets, Estimates
from stockade.guard.quota.limit import Limit, Period, Scope
from stockade.guard.quota.prices import Price, PriceList, PriceRow
from stockade.testing.playbook import Answer, Playbook, Played, Sent
from tests.guard.pipeline.talks import answer, ask, each_dialect, each_way, say
from tests.properties.gates import playbook

MEASURES = (Measure.REQUESTS, Measure.TURNS, Measure.TOKENS, Measure.OUTPUT_TOKENS, Measure.COST_MICRO_USD)
PRICES = PriceList([PriceRow(("*",), Price(10**6, 10**6, 10**6, 10**6))])


def book(limit: int = 100_000) -> Playbook:
    made = playbook()
    limits = [Limit(measure.value, Scope.ALL, measure, limit, period=Period.DAY) for measure in MEASURES]
    made.gate = replace(made.gate, budgets=Budgets(limits, PRICES), estimates=Estimates(1.0, 500))
    return made


def charged(played: Played) -> dict[str, int]:
    """Return what was charged to each budget; each is settled exactly once."""
    found = [each for each in played.settled if each.reservation.id.endswith(".budget")]
    assert len(found) == 1
    [(reservation, used)] = found
    return {take.counter.name: amount for take, amount in zip(reservation.takes, used, strict=True)}


def held(played: Played) -> dict[str, int]:
    [reservation] = [each.reservation for each in played.settled if each.reservation.id.endswith(".budget")]
    return {take.counter.name: take.amount for take in reservation.takes}


@each_dialect
@each_way
def test_what_the_vendor_counted_is_charged(dialect: str, streamed: bool) -> None:
    made = book()
    played = made.play(ask(dialect, "hello", stream=streamed), answer(dialect, say("Fine."), streamed=streamed))
    usage = played.records[-1]["usage"]
    spent = charged(played)
    total = sum(usage.get(kind, 0) for kind in ("input", "output", "cache_read", "cache_write"))
    assert (spent["requests"], spent["turns"]) == (1, 1)
    assert (spent["tokens"], spent["output_tokens"], spent["cost_micro_usd"]) == (total, usage["output"], total)
    assert played.records[-1]["cost_micro_usd"] == total
    assert [entry.sums.requests for entry in played.spent] == [1]
    assert made.tally.open_reservations == 0


@each_dialect
@each_way
def test_who_has_a_whole_answer_has_been_charged(dialect: str, streamed: bool) -> None:
    played = book().play(ask(dialect, "hello", stream=streamed), answer(dialect, say("Fine."), streamed=streamed))
    first = played.commands.index("Settle")
    assert "SendBody" in played.commands[first:]


@each_dialect
@pytest.mark.parametrize(
    ("error", "all_of_it"),
    [
        (UpstreamError("refused"), False),
        (UpstreamTimeoutError("no connection"), False),
        (UpstreamTimeoutError("no answer", heard=True), True),
        (c.ClientGone(), True),
    ],
    ids=["not-reached", "not-connected", "no-answer", "client-gone"],
)
def test_a_vendor_that_was_not_heard_is_charged_by_whether_it_heard(
    dialect: str, error: BaseException, all_of_it: bool
) -> None:
    def fails(command: object) -> BaseException | None:
        return error if isinstance(command, c.CallUpstream) else None

    played = book().play(ask(dialect, "hello"), answer(dialect, say("Fine."), streamed=False), fails)
    spent = charged(played)
    if all_of_it:
        assert spent == held(played) | {"turns": 0, "cost_micro_usd": spent["cost_micro_usd"]}
        assert 0 < spent["cost_micro_usd"] <= held(played)["cost_micro_usd"]
    else:
        assert set(spent.values()) == {0}
    assert len(played.spent) == int(all_of_it)


def test_nothing_is_charged_where_nothing_was_sent_or_the_vendor_refused() -> None:
    def unwritable(command: object) -> BaseException | None:
        return StorageError("The disk is full.") if isinstance(command, c.Record) else None

    said = answer("openai_chat", say("Fine."), streamed=False)
    assert set(charged(book().play(ask("openai_chat", "hello"), said, unwritable)).values()) == {0}
    failed = Answer((b'{"error": {"message": "overloaded", "type": "server_error"}}',), 529)
    assert set(charged(book().play(ask("openai_chat", "hello"), failed)).values()) == {0}


def test_a_stream_that_breaks_off_is_charged_by_its_text() -> None:
    whole = b"".join(answer("openai_chat", say("word " * 40), streamed=True).pieces)
    cut = Answer((whole[: len(whole) // 2],), content_type="text/event-stream")
    spent = charged(book().play(ask("openai_chat", "hello", stream=True), cut))
    assert 40 <= spent["output_tokens"] <= 200
    assert spent["requests"] == 1


def test_a_stream_without_usage_is_charged_by_what_was_held_and_what_came() -> None:
    events = [
        {"id": "1", "object": "chat.completion.chunk", "model": "gpt-demo", "created": 1,
         "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Five words come from here."},
                      "finish_reason": None}]},
        {"id": "1", "object": "chat.completion.chunk", "model": "gpt-demo", "created": 1,
         "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]  # fmt: skip
    raw = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
    played = book().play(ask("openai_chat", "hello", stream=True), Answer((raw,), content_type="text/event-stream"))
    spent = charged(played)
    assert 26 <= spent["output_tokens"] <= 60
    assert spent["tokens"] >= held(played)["tokens"] - 500


def test_the_bound_of_the_request_is_held_and_else_the_configured_one() -> None:
    said = answer("openai_chat", say("Fine."), streamed=False)
    sent = ask("openai_chat", "hello")
    plain = json.loads(sent.body)
    plain.pop("max_tokens", None)
    plain.pop("max_completion_tokens", None)

    def output(**more: int) -> int:
        played = book().play(sent._replace(body=json.dumps(plain | more).encode()), said)
        return held(played)["output_tokens"]

    assert output() == 500
    assert output(max_completion_tokens=70) == 70
    assert output(max_tokens=80, n=3) == 240


def test_a_used_up_budget_is_refused_before_anything_is_inspected_and_leaves_no_record() -> None:
    made = book(limit=1)
    played = made.play(ask("openai_chat", "hello"), answer("openai_chat", say("Fine."), streamed=False))
    assert played.status == 429
    assert {"Inspect", "Record", "CallUpstream"}.isdisjoint(played.commands)
    assert dict(played.headers)[b"x-ratelimit-remaining-tokens"] == b"0"
    assert made.tally.open_reservations == 0


def test_counting_tokens_and_listing_models_hold_nothing() -> None:
    made = book(limit=0)
    body = ask("anthropic_messages", "hello").body
    count = Sent("/v1/messages/count_tokens", body)
    played = made.play(count, Answer((b'{"input_tokens": 3}',)))
    assert played.status == 200
    assert "Reserve" in played.commands
