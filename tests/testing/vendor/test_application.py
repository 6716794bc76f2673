"""Routes of the fake vendor that no SDK asks for."""

import http.client
import json

import pytest

from stockade.testing.fake_vendor import FakeVendor


def ask(vendor: FakeVendor, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", vendor.port, timeout=30)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def hello(**more: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": "hello"}], **more}


def test_without_a_script_it_echoes() -> None:
    with FakeVendor.start() as vendor:
        status, body = ask(vendor, "POST", "/v1/messages", hello())
    assert status == 200
    assert json.loads(body)["content"][0]["text"].startswith("The vendor received: hello\n(body sha256:")


def test_what_was_received_is_told_and_forgotten() -> None:
    with FakeVendor.start() as vendor:
        for _ in range(2):
            ask(vendor, "POST", "/v1/messages", hello())
        _, body = ask(vendor, "GET", "/__received?since=1")
        (kept,) = json.loads(body)
        assert (kept["number"], kept["path"], json.loads(kept["body"])) == (2, "/v1/messages", hello())
        assert ask(vendor, "DELETE", "/__received")[0] == 204
        assert vendor.received == ()


@pytest.mark.parametrize("stream", [False, True])
def test_a_bench_rule_answers_without_reading(stream: bool) -> None:
    with FakeVendor.start("rules: [{answer: fast, bench: true}]") as vendor:
        first = ask(vendor, "POST", "/v1/messages", hello(stream=stream))
        assert first == ask(vendor, "POST", "/v1/messages", hello(stream=stream))
        assert first[0] == 200
        assert b"fast" in first[1]
        assert (b"event: message_stop" in first[1]) is stream
        assert vendor.received == ()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/messages", None, 404),
        ("POST", "/v1/other", {}, 404),
        ("POST", "/v1/messages", [], 400),
        ("HEAD", "/", None, 404),
    ],
)
def test_what_it_does_not_know(method: str, path: str, body: object, status: int) -> None:
    with FakeVendor.start() as vendor:
        assert ask(vendor, method, path, body)[0] == status
        assert vendor.received[0].method == method


def test_variables_are_filled_once_and_a_match_comes_back() -> None:
    script = """
    rules:
    - when: {matches: 'key=(\\S+)'}
      answer: {text: "{{match}}", tool_calls: [{name: write, arguments: {deep: [{text: "got {{match}}"}]}}]}
    """
    with FakeVendor.start(script) as vendor:
        asked = hello(messages=[{"role": "user", "content": [{"type": "text", "text": "key={{turn}} x"}]}])
        text, call = json.loads(ask(vendor, "POST", "/v1/messages", asked)[1])["content"]
    assert text["text"] == "{{turn}}"
    assert call["input"] == {"deep": [{"text": "got {{turn}}"}]}
