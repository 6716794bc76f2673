"""Faults as a client meets them, on a bare HTTP connection."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.vendor.sending import inside_a_character


def rule(how: str, after: int = 3, text: str = "one two three") -> str:
    return f"rules: [{{answer: {{text: '{text}'}}, fail: {{how: {how}, after_events: {after}}}}}]"


@contextmanager
def post(vendor: FakeVendor, *, stream: bool = True) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", vendor.port, timeout=30)
    body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    connection.request("POST", "/v1/messages", json.dumps(body))
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def test_cut_leaves_the_body_unfinished() -> None:
    with FakeVendor.start(rule("cut")) as vendor, post(vendor) as answer:
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
        assert caught.value.partial.count(b"\n\n") == 3
        assert vendor.wait_for(lambda received: received[0].client_gone)


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_a_whole_body_breaks_off(how: str) -> None:
    broken = (http.client.IncompleteRead, ConnectionResetError)
    with FakeVendor.start(rule(how, 1)) as vendor, pytest.raises(broken), post(vendor, stream=False) as answer:
        answer.read()


def test_end_is_a_proper_end_too_early() -> None:
    with FakeVendor.start(rule("end")) as vendor, post(vendor) as answer:
        body = answer.read()
        assert body.count(b"\n\n") == 3
        assert b"message_stop" not in body


def test_error_ends_with_the_vendors_event() -> None:
    with FakeVendor.start(rule("error")) as vendor, post(vendor) as answer:
        assert b"event: error" in answer.read().split(b"\n\n")[3]


def test_mid_character_ends_inside_a_sequence() -> None:
    with FakeVendor.start(rule("mid_character", 2, "naïve")) as vendor, post(vendor) as answer:
        body = answer.read()
        with pytest.raises(UnicodeDecodeError, match="unexpected end"):
            body.decode()


def test_inside_a_character_finds_the_first() -> None:
    assert inside_a_character("aé€".encode()) == b"a\xc3"
    assert inside_a_character(b"abcd") == b"ab\xc3"


@pytest.mark.parametrize("how", ["hang", "never_end"])
def test_the_vendor_notices_that_the_client_went(how: str) -> None:
    with FakeVendor.start(rule(how)) as vendor:
        with post(vendor) as answer:
            assert answer.readline().startswith(b"event: message_start")
            assert vendor.received[0].answered is False
        assert vendor.wait_for(lambda received: received[0].client_gone)


def test_never_end_repeats() -> None:
    with FakeVendor.start(rule("never_end", 1)) as vendor, post(vendor) as answer:
        assert sum(answer.readline().startswith(b"event: message_start") for _ in range(300)) == 100


def test_pause_goes_on_when_told() -> None:
    with FakeVendor.start(rule("pause", 2)) as vendor, post(vendor) as answer:
        first = [answer.readline() for _ in range(6)]
        assert first[3] == b"event: content_block_start\n"
        assert not vendor.received[0].answered
        vendor.resume()
        assert b"message_stop" in answer.read()


def test_wire_bytes_cut_the_body_itself() -> None:
    with FakeVendor.start("rules: [{answer: 'naïve', wire_bytes: 1}]") as vendor, post(vendor) as answer:
        raw = answer.fp.read(600)  # below the chunked coding
        assert raw.startswith(b"1\r\ne\r\n1\r\nv\r\n")


def test_stop_drops_open_streams() -> None:
    vendor = FakeVendor.start(rule("hang"))
    with post(vendor) as answer:
        vendor.stop()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()
