"""A vendor that misbehaves and a client that leaves: an error, an outcome, and the place is free again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stockade.config.schema import Limits, Upstream, Upstreams
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for
from tests.clients.values import GITHUB, MAIL, assert_private
from tests.gateway.wire import MESSAGES, PATHS, RESPONSES, assert_error, body_for, opened, read_until, send

KEY = "sk-ant-" + "the-key-of-the-gate-0123456789"

SCRIPT = """
rules:
- when: {contains: redirect}
  answer: {raw: {status: 307, body: ""}, headers: {location: "http://evil.example/v1/messages"}}
- when: {contains: silent}
  answer: {text: never}
  delay_s: 3600
- when: {contains: hangs}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: hang, after_events: 1}
- when: {contains: half a character}
  answer: {text: "Grüße und viele grüße"}
  fail: {how: mid_character, after_events: 2}
- when: {contains: never ends}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: never_end, after_events: 8}
- when: {contains: pauses}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: pause, after_events: 8}
- when: {contains: no json}
  answer: {raw: {status: 200, content_type: application/json, body: '{"id": '}}
- when: {contains: wrong shape}
  answer: {raw: {status: 200, content_type: application/json, body: '[1, 2, 3]'}}
- when: {contains: plain text}
  answer: {raw: {status: 200, content_type: text/plain, body: 'ghp_of_somebody_else'}}
- when: {contains: no events}
  answer: {raw: {status: 200, content_type: text/event-stream, body: "this is no event\\nnor is this\\n\\n"}}
- when: {contains: broken event}
  answer: {raw: {status: 200, content_type: text/event-stream, body: "data: {\\"type\\": \\n\\n"}}
- when: {contains: empty}
  answer: {raw: {status: 200, content_type: text/event-stream, body: ""}}
- when: {contains: talks of its key}
  answer:
    text: hello
    headers:
      x-api-key: KEY
      authorization: Bearer KEY
      set-cookie: "key=KEY"
      server: vendor
      x-ratelimit-remaining-requests: "7"
      x-request-id: req_7
""".replace("KEY", KEY)

paths = pytest.mark.parametrize("path", PATHS)
both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(SCRIPT) as running:
        yield running


@contextmanager
def gate_before(vendor: FakeVendor, folder: Path, base_url: str = "", **changes: Any) -> Iterator[RunningGate]:
    """Run a gate with a vendor's key and upstream settings of its own."""
    vendor.clear()
    upstream = Upstream(base_url or vendor.base_url, key_env="VENDOR_KEY", allow_private=True)
    upstream = replace(upstream, **{name: changes.pop(name) for name in list(changes) if hasattr(upstream, name)})
    limits = Limits(concurrent_requests=1, requests_burst=10_000)
    upstreams = Upstreams(anthropic=upstream, openai=upstream)
    settings = settings_for(vendor.base_url, folder, upstreams=upstreams, limits=limits, **changes)
    with RunningGate.start(settings, {"VENDOR_KEY": KEY}) as gate:
        yield gate
        assert KEY not in gate.log + repr(gate.records())


@pytest.fixture(scope="module")
def running(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    with gate_before(vendor, tmp_path_factory.mktemp("gate")) as gate:
        yield gate


@pytest.fixture
def gate(running: RunningGate, vendor: FakeVendor) -> Iterator[RunningGate]:
    """One request at a time may be open: whatever happened, the next one finds its place free."""
    vendor.clear()
    yield running
    running.wait_for(lambda: len(running.records("intent")) == len(_outcomes(running)))
    assert send(running, MESSAGES, body_for(MESSAGES)).status == 200


@pytest.fixture
def hasty(vendor: FakeVendor, tmp_path: Path) -> Iterator[RunningGate]:
    """A gate that waits for nothing: the vendor's silence is the only thing that lets time pass."""
    with gate_before(vendor, tmp_path, first_byte_timeout_s=0.3, idle_timeout_s=0.3) as gate:
        yield gate


def _outcomes(gate: RunningGate) -> list[dict[str, Any]]:
    return [one for one in gate.records("outcome") if one["intent"]]


def assert_stopped(path: str, stream: bytes) -> None:
    """Assert that a stream ends with an error event and not as a complete one does."""
    last = stream.rstrip().split(b"\n\n")[-1]
    assert b'"error"' in last, last
    assert b"message_stop" not in stream
    assert b"[DONE]" not in stream
    assert b"response.completed" not in stream
    if path == RESPONSES:
        assert b'"type":"error"' in last.replace(b" ", b"") or b"response.failed" in last


@paths
@pytest.mark.parametrize("text", ["redirect", "no json", "wrong shape", "plain text"])
def test_an_answer_that_cannot_be_inspected_is_a_502(
    gate: RunningGate, vendor: FakeVendor, path: str, text: str
) -> None:
    reply = send(gate, path, body_for(path, f"{text} {GITHUB}"))
    assert_error(path, reply, 502)
    assert b"evil" not in reply.body
    assert b"ghp_" not in reply.body
    assert gate.outcome_of(vendor.received[-1].body)["ended"] == "upstream_failed"
    assert len(vendor.received) == 1
    assert_private(vendor, gate)


@paths
@pytest.mark.parametrize("text", ["no events", "broken event", "empty", "half a character"])
def test_a_stream_that_is_none_ends_with_an_error(gate: RunningGate, vendor: FakeVendor, path: str, text: str) -> None:
    reply = send(gate, path, body_for(path, f"{text} {GITHUB}", stream=True))
    assert reply.status == 200
    assert_stopped(path, reply.body)
    reply.body.decode()
    assert gate.outcome_of(vendor.received[-1].body)["ended"] == "upstream_failed"
    assert_private(vendor, gate)


@paths
@both
def test_a_vendor_that_never_answers_is_a_504(hasty: RunningGate, vendor: FakeVendor, path: str, stream: bool) -> None:
    reply = send(hasty, path, body_for(path, f"silent {MAIL}", stream=stream))
    assert_error(path, reply, 504)
    assert vendor.wait_for(lambda received: received[-1].client_gone), "the call is broken off"
    assert hasty.outcome_of(vendor.received[-1].body)["error"] == "upstream_timeout"
    assert send(hasty, path, body_for(path)).status == 200


@paths
def test_a_stream_that_stops_in_the_middle_ends_with_an_error(
    hasty: RunningGate, vendor: FakeVendor, path: str
) -> None:
    reply = send(hasty, path, body_for(path, f"hangs {MAIL}", stream=True))
    assert reply.status == 200
    assert_stopped(path, reply.body)
    assert vendor.wait_for(lambda received: received[-1].client_gone), "the call is broken off"
    outcome = hasty.outcome_of(vendor.received[-1].body)
    assert (outcome["ended"], outcome["error"]) == ("upstream_failed", "upstream_timeout")


@paths
def test_an_answer_that_hangs_half_way_is_a_504(hasty: RunningGate, vendor: FakeVendor, path: str) -> None:
    assert_error(path, send(hasty, path, body_for(path, "hangs")), 504)
    assert hasty.outcome_of(vendor.received[-1].body)["error"] == "upstream_timeout"


@paths
@pytest.mark.parametrize("text", ["pauses", "never ends"])
def test_a_client_that_leaves_a_stream_ends_the_vendors_call(
    gate: RunningGate, vendor: FakeVendor, path: str, text: str
) -> None:
    with opened(gate, path, body_for(path, f"{text} {GITHUB}", stream=True)) as connection:
        read_until(connection, b"one")
    assert vendor.wait_for(lambda received: received[-1].client_gone), "the vendor's call goes on"
    outcome = gate.outcome_of(vendor.received[-1].body)
    assert (outcome["ended"], outcome["intent"]) == ("client_gone", True)
    assert_private(vendor, gate)


@paths
@both
def test_a_client_that_leaves_while_the_vendor_thinks(
    gate: RunningGate, vendor: FakeVendor, path: str, stream: bool
) -> None:
    with opened(gate, path, body_for(path, f"silent {GITHUB}", stream=stream)):
        assert vendor.wait_for(lambda received: len(received) == 1)
    assert vendor.wait_for(lambda received: received[-1].client_gone), "the vendor's call goes on"
    assert gate.outcome_of(vendor.received[-1].body)["ended"] == "client_gone"
    assert_private(vendor, gate)


@paths
def test_a_second_request_at_once_is_a_429_and_the_first_goes_on(
    gate: RunningGate, vendor: FakeVendor, path: str
) -> None:
    with opened(gate, path, body_for(path, "pauses", stream=True)) as connection:
        begun = read_until(connection, b"one")
        reply = send(gate, path, body_for(path))
        assert_error(path, reply, 429)
        assert int(reply.headers["retry-after"]) >= 1
        vendor.resume()
        rest = begun if b"ten" in begun else begun + read_until(connection, b"ten")
    assert b"one" in rest
    assert len(vendor.received) == 1


@paths
@both
def test_headers_of_an_answer_are_on_a_list_and_the_key_never_comes_back(
    gate: RunningGate, vendor: FakeVendor, path: str, stream: bool
) -> None:
    reply = send(gate, path, body_for(path, "talks of its key", stream=stream))
    assert reply.status == 200
    allowed = {"content-type", "content-length", "transfer-encoding", "cache-control", "request-id", "x-request-id"}
    limits = {name for name in reply.headers if "ratelimit" in name}
    assert set(reply.headers) <= allowed | limits
    # Those of the vendor's key are nobody's business here: what is told is the gate's own, 7 is not.
    assert limits
    assert "7" not in {reply.headers[name] for name in limits}
    assert KEY not in f"{reply}"
    assert KEY in str(vendor.received[-1].headers)
    assert gate.key not in str(vendor.received[-1].headers)


@paths
def test_a_vendor_that_cannot_be_reached_is_a_502(vendor: FakeVendor, tmp_path: Path, path: str) -> None:
    with FakeVendor.start() as gone:
        address = gone.base_url
    with gate_before(vendor, tmp_path, base_url=address) as gate:
        assert_error(path, send(gate, path, body_for(path, GITHUB)), 502)
        assert gate.outcome()["ended"] == "upstream_failed"
        assert vendor.received == ()


@paths
def test_a_name_that_leads_to_loopback_is_refused_when_connecting(
    vendor: FakeVendor, tmp_path: Path, path: str
) -> None:
    address = vendor.base_url.replace("127.0.0.1", "localhost")
    with gate_before(vendor, tmp_path, base_url=address, allow_private=False) as gate:
        reply = send(gate, path, body_for(path, GITHUB))
        assert_error(path, reply, 502)
        assert "not public" in reply.message
        assert "allow_private" in reply.message
        assert vendor.received == ()
        assert gate.outcome()["ended"] == "upstream_failed"
