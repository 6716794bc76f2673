"""Budgets and the kill switch as clients meet them: a whole gate, a vendor that counts tokens, real requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from stockade.app import open_store
from stockade.config.limiting import Budget, Estimates
from stockade.core.errors import ConfigError
from stockade.guard.quota.stops import StopKind
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import Gate, RunningGate, settings_for
from stockade.testing.vendor.script_reader import parse
from tests.gateway.wire import Reply, send

SCRIPT = """\
rules:
  - when: {contains: "slowly"}
    answer: {text: "one two three four five six seven eight nine ten eleven twelve"}
    chunks: 12
    event_delay_s: 0.4
  - when: {contains: "fail"}
    answer: {error: {status: 529, type: overloaded_error, message: "too much"}}
default:
  answer: {text: "Fine."}
"""


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(parse(SCRIPT)) as running:
        yield running


def start(vendor: FakeVendor, folder: Path, *budgets: Budget, **changes: Any) -> RunningGate:
    return RunningGate.start(settings_for(vendor.base_url, folder, budgets=budgets, **changes))


def ask(gate: Gate, text: str = "hello", *, path: str = "/v1/messages", key: str = "", **fields: Any) -> Reply:
    model = "claude-demo" if path == "/v1/messages" else "gpt-demo"
    asked = {"input": text} if path == "/v1/responses" else {"messages": [{"role": "user", "content": text}]}
    body = {"model": model, **asked, **({"max_tokens": 50} if path == "/v1/messages" else {}), **fields}
    return send(gate, path, json.dumps(body).encode(), key=key or None)


def budget(measure: str, limit: int, scope: str = "principal", **more: Any) -> Budget:
    over = {} if measure == "concurrency" else {"period": "month"}
    return Budget(**({"name": f"{scope}-{measure}", "scope": scope, "measure": measure, "limit": limit} | over | more))


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions", "/v1/responses"])
def test_a_budget_of_requests_lets_exactly_so_many_through(vendor: FakeVendor, tmp_path: Path, path: str) -> None:
    with start(vendor, tmp_path, budget("requests", 3)) as gate:
        replies = [ask(gate, path=path) for _ in range(4)]
        assert [reply.status for reply in replies] == [200, 200, 200, 429]
        told = replies[-1]
        assert "principal-requests of 3 requests is used up" in told.message
        assert told.headers["x-stockade-limit"] == "principal-requests"
        assert told.headers["x-should-retry"] == "false"
        assert int(told.headers["retry-after"]) > 5
        # Another key has the limit for itself.
        other = gate.create_key("other")
        assert gate.wait_for(lambda: ask(gate, path=path, key=other).status == 200)


def test_what_the_vendor_refused_or_nobody_heard_costs_nothing(vendor: FakeVendor, tmp_path: Path) -> None:
    with start(vendor, tmp_path, budget("requests", 1), budget("tokens", 10_000)) as gate:
        assert [ask(gate, "please fail").status for _ in range(3)] == [529, 529, 529]
        assert ask(gate).status == 200
        assert ask(gate).status == 429
    silent = settings_for("http://127.0.0.1:9", tmp_path / "silent", budgets=(budget("requests", 1),))
    with RunningGate.start(silent) as gate:
        assert [ask(gate).status for _ in range(3)] == [502, 502, 502]


def test_tokens_are_charged_as_the_vendor_counted_them(vendor: FakeVendor, tmp_path: Path) -> None:
    with start(vendor, tmp_path, budget("output_tokens", 10_000)) as gate:
        first = ask(gate)
        used = first.json["usage"]["output_tokens"]
        left = int(ask(gate).headers["anthropic-ratelimit-output-tokens-remaining"])
        assert left == 10_000 - used - 50


def test_a_request_that_never_fits_is_told_so(vendor: FakeVendor, tmp_path: Path) -> None:
    with start(vendor, tmp_path, budget("output_tokens", 40)) as gate:
        assert "more than all of the limit" in ask(gate).message
        assert ask(gate, max_tokens=40).status == 200


def test_money_is_counted_and_a_model_without_a_price_is_refused(vendor: FakeVendor, tmp_path: Path) -> None:
    with start(vendor, tmp_path, budget("cost_micro_usd", 10_000_000, scope="all")) as gate:
        assert ask(gate).status == 200
        record = gate.outcome()
        usage = record["usage"]
        expected = -(-(usage["input"] * 3 + usage["output"] * 15) // 1)
        assert record["cost_micro_usd"] == expected
        refused = ask(gate, model="claude-of-tomorrow")
        assert (refused.status, "No price is known" in refused.message) == (403, True)


def test_a_budget_of_nought_lets_nothing_through_and_says_so(vendor: FakeVendor, tmp_path: Path) -> None:
    with start(vendor, tmp_path, budget("requests", 0, scope="model", match="claude-*")) as gate:
        told = ask(gate)
        assert (told.status, "is 0 and lets nothing through" in told.message) == (429, True)
        assert ask(gate, path="/v1/responses").status == 200


def test_what_was_used_outlives_a_restart(vendor: FakeVendor, tmp_path: Path) -> None:
    for _ in range(3):
        with start(vendor, tmp_path, budget("requests", 4)) as gate:
            key = gate.key if not (tmp_path / "key").exists() else (tmp_path / "key").read_text()
            (tmp_path / "key").write_text(key)
            statuses = [ask(gate, key=key).status for _ in range(2)]
    assert statuses == [429, 429]
    (tmp_path / "counts.json").write_text("{")
    with pytest.raises(ConfigError, match=r"counts\.json is damaged"):
        start(vendor, tmp_path, budget("requests", 4))


def test_usage_is_kept_by_caller_and_model(vendor: FakeVendor, tmp_path: Path) -> None:
    with start(vendor, tmp_path, estimates=Estimates()) as gate:
        ask(gate)
        ask(gate, path="/v1/responses")
    store = open_store(gate.settings)
    try:
        used = store.usage.since("2000-01-01")
    finally:
        store.close()
    assert {(key.tenant, key.model, sums.requests) for key, sums in used.items()} == {
        ("default", "claude-demo", 1),
        ("default", "gpt-demo", 1),
    }
    assert all(sums.cost_micro_usd > 0 and sums.output_tokens > 0 for sums in used.values())


# --- the kill switch


def stop(gate: Gate, kind: StopKind, name: str = "", **words: str) -> None:
    store = open_store(gate.settings)
    try:
        store.stops.set(kind, name, **words)
    finally:
        store.close()


def test_a_stop_meets_new_requests_with_its_reason_and_whom_to_ask(vendor: FakeVendor, tmp_path: Path) -> None:
    with start(vendor, tmp_path) as gate:
        stop(gate, StopKind.MODEL, "claude-*", reason="It writes nonsense", by="ops@acme.example")
        told = gate.wait_for(lambda: (reply := ask(gate)).status == 403 and reply)
        assert told  # the type of wait_for's answer
        text = told.message
        assert "It writes nonsense" in text
        assert "ops@acme.example" in text
        assert told.headers["x-should-retry"] == "false"
        # Codex and the OpenAI package: a 400 is one request.
        stop(gate, StopKind.ALL)
        assert gate.wait_for(lambda: ask(gate, path="/v1/responses").status == 400)
        store = open_store(gate.settings)
        store.stops.lift(StopKind.ALL, "")
        store.stops.lift(StopKind.MODEL, "claude-*")
        store.close()
        assert gate.wait_for(lambda: ask(gate).status == 200)
        assert "stops_changed" in {record["event"] for record in gate.records("event")}


@pytest.mark.parametrize("how", ["stop", "suspend"])
def test_an_open_stream_ends_with_an_error_and_a_record(vendor: FakeVendor, tmp_path: Path, how: str) -> None:
    with start(vendor, tmp_path, budget("requests", 1)) as gate:
        begun, seen = threading.Event(), []

        def read() -> None:
            client = openai.OpenAI(base_url=gate.openai_url, api_key=gate.key, max_retries=0)
            try:
                with client:
                    stream = client.chat.completions.create(
                        model="gpt-demo", messages=[{"role": "user", "content": "say it slowly"}], stream=True
                    )
                    for _ in stream:
                        begun.set()
            except openai.OpenAIError as error:
                seen.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        assert begun.wait(30)
        store = open_store(gate.settings)
        [record] = [each for each in store.keys.list() if each.name == "test"]
        if how == "stop":
            store.stops.set(StopKind.KEY, record.id, reason="Enough")
        else:
            store.keys.suspend(record.id)
        store.close()
        reader.join(30)
        assert not reader.is_alive()
        assert len(seen) == 1, "a stream that is cut without an error looks like success"
        outcome = gate.outcome()
        assert (outcome["ended"], outcome["error"]) == ("stopped", "stopped")
        # It was sent and part of it came, so it is charged.
        told = gate.wait_for(lambda: (reply := ask(gate)).status == 403 and reply)
        assert told
        assert gate.wait_for(lambda: len(gate.app.services.open) == 0)
