"""The gate's log: what is written at once, and what is only counted."""

import io

import orjson
import pytest

from stockade.core.errors import RateLimitedError, RefusedError, StockadeError, UnauthenticatedError
from stockade.core.principal import Principal
from stockade.gateway import events
from stockade.gateway.events import EventLog
from stockade.guard.pipeline.exchange import Exchange


def exchange(error: StockadeError, key: str = "", *, admitted: bool = False, fault: str = "") -> Exchange:
    one = Exchange("ex-1", 0.0, "POST", "/v1/messages", "", ())
    one.principal = Principal(key, "name", "default") if key else None
    one.reservation = object() if admitted else None
    one.error, one.ended, one.fault = error, "rejected", fault
    return one


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_knocking_is_told_once_and_then_counted() -> None:
    log = EventLog(stream := io.StringIO())
    for _ in range(1000):
        log.exchange(exchange(UnauthenticatedError("no")))
        log.exchange(exchange(RateLimitedError("full", limit="requests", retry_after_s=1.0), "key_a"))
    assert [(line["principal"], line["code"]) for line in lines(stream)] == [
        (None, "authentication"),
        ("key_a", "rate_limited"),
    ]
    assert log.turned_away() == {"": {"authentication": 1000}, "key_a": {"rate_limited": 1000}}
    assert log.turned_away() == {}
    log.exchange(exchange(UnauthenticatedError("no")))
    assert len(lines(stream)) == 3, "the first of the next minute is told again"


def test_what_was_let_in_and_what_failed_is_always_told() -> None:
    log = EventLog(stream := io.StringIO())
    for _ in range(3):
        log.exchange(exchange(RefusedError("no", refusal="ref-1", rules=()), "key_a", admitted=True))
        log.exchange(exchange(UnauthenticatedError("no"), fault="ValueError"))
    assert len(lines(stream)) == 6
    assert log.turned_away() == {}


def test_the_count_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEYS_COUNTED_MAX", 2)
    log = EventLog(io.StringIO())
    for number in range(10):
        log.exchange(exchange(RateLimitedError("full", limit="requests", retry_after_s=1.0), f"key_{number}"))
    assert log.turned_away() == {
        "key_0": {"rate_limited": 1}, "key_1": {"rate_limited": 1}, "others": {"rate_limited": 8}
    }  # fmt: skip
