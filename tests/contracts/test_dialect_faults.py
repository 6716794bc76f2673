"""What every dialect makes of broken input: its own clear error; and how it tells the gate's errors."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockade.core import errors
from stockade.core.limits import JSON_DEPTH_MAX, JSON_STRINGS_MAX
from stockade.guard.dialects.sse import SseSplitter, event_data
from tests.contracts.dialect_samples import (
    DIALECTS,
    VALUES,
    Sample,
    applied,
    check_accounted,
    parsed,
    read_stream,
    tokens,
)

DEEP = b'{"a":' + b"[" * (JSON_DEPTH_MAX + 1) + b"]" * (JSON_DEPTH_MAX + 1) + b"}"
MALFORMED = {
    "empty": b"", "text": b"hello", "html": b"<html></html>", "cut": b'{"model": "a', "list": b"[]", "string": b'"a"',
    "null": b"null", "two values": b"{}{}", "comma": b'{"model":"a",}', "single quotes": b"{'a':1}",
    "bom": b'\xef\xbb\xbf{"model":"a"}', "utf-8": b'{"model":"\xff"}', "utf-8 cut": b'{"model":"\xc3"}',
    "utf-8 surrogate": b'{"model":"\xed\xa0\x80"}', "surrogate": b'{"model":"\\ud800"}',
    "surrogate pair turned": b'{"model":"\\udc00\\ud800"}', "nan": b'{"model":NaN}', "infinity": b'{"model":-Infinity}',
    "duplicate": b'{"model":"a","model":"a"}', "duplicate escaped": b'{"model":"a","mode\\u006c":"b"}',
    "duplicate deep": b'{"x":[{"a":1,"a":2}]}', "deep": DEEP, "very deep": b'{"a":' + b"[" * 100_000,
    "utf-16": '{"model":"a"}'.encode("utf-16"), "control": b'{"model":"a\nb"}', "nul": b'{"model":"a\0b"}',
    "many strings": b'{"a":[' + b'"",' * JSON_STRINGS_MAX + b'""]}',
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", MALFORMED)
def test_a_malformed_body_is_a_clear_error(dialect: str, fault: str) -> None:
    with pytest.raises((errors.InvalidRequestError, errors.TooLargeError)) as told:
        parsed("requests", (dialect, fault, MALFORMED[fault]))
    assert told.value.public
    assert told.value.__cause__ is None, "a foreign error carries the body"
    with pytest.raises(errors.UpstreamError):
        parsed("answers", (dialect, fault, MALFORMED[fault]))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("value", [[], {}, 7, None, [[]]])
def test_an_answer_whose_words_are_no_words_is_read(dialect: str, value: object) -> None:
    calls = [{"type": value, "name": value, "function": value, "arguments": value}]
    raw = json.dumps({"output": calls, "content": calls, "choices": [{"message": {"tool_calls": calls}}]}).encode()
    check_accounted(dialect, tokens(raw), parsed("answers", (dialect, "words", raw)).segments)


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses"])
def test_a_call_with_too_many_strings_is_the_vendors_fault(dialect: str) -> None:
    half = {"name": "f", "arguments": "[" + '"",' * (JSON_STRINGS_MAX // 2) + '""]'}
    calls = [{"type": "function", "id": "1", "function": half}] * 2
    output = [{"type": "function_call", **half}] * 2
    choices = [{"index": 0, "message": {"tool_calls": calls}}]
    raw = json.dumps({"output": output} if dialect == "openai_responses" else {"choices": choices}).encode()
    with pytest.raises(errors.UpstreamError, match="too many strings"):
        parsed("answers", (dialect, "many", raw))


REPLACEMENTS = st.sampled_from(
    [None, True, 7, 1.5, "", "text", [], {}, ["a"], {"a": "b"}, [[]], [{}], {"type": "text"}]
)


@settings(max_examples=150)
@given(st.sampled_from([(kind, s) for kind in ("requests", "answers") for s in VALUES[kind]]), st.data())
def test_a_value_of_another_type_never_surprises(picked: tuple[str, Sample], data: st.DataObject) -> None:
    kind, (dialect, name, raw) = picked
    root = node = json.loads(raw)
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        inside = node[key]
        if not isinstance(inside, dict | list) or not inside or data.draw(st.booleans()):
            node[key] = data.draw(REPLACEMENTS)
            break
        node = inside
    mutated = json.dumps(root).encode()
    try:
        read = parsed(kind, (dialect, name, mutated))
    except (errors.InvalidRequestError, errors.UpstreamError):
        return
    check_accounted(dialect, tokens(mutated), read.segments)


@settings(max_examples=150)
@given(st.sampled_from([(kind, s) for kind in VALUES for s in VALUES[kind]]), st.floats(0, 1), st.data())
def test_broken_bytes_never_surprise(picked: tuple[str, Sample], place: float, data: st.DataObject) -> None:
    kind, (dialect, name, raw) = picked
    at = int(place * len(raw))
    gone = data.draw(st.integers(0, 20))
    put = data.draw(
        st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"}", b"\n\n", b"[", b"null", b"data: {}\n\n"])
    )
    mutated = raw[:at] + put + raw[at + gone :]
    try:
        if kind == "streams":
            events = read_stream(dialect, [mutated])
            assert b"".join(event.raw for event in events) == mutated
        else:
            assert applied(kind, (dialect, name, mutated), parsed(kind, (dialect, name, mutated)), {}) == mutated
    except (errors.InvalidRequestError, errors.TooLargeError):
        assert kind == "requests"
    except errors.UpstreamError:
        assert kind != "requests"


EVERY_ERROR = [
    errors.GuardFailedError("p", hint="h"), errors.InvalidRequestError("p", hint="h"),
    errors.ModelNotListedError("p", hint="h"),
    errors.StorageError("p", hint="h"), errors.NotFoundError("p", hint="h"), errors.TooLargeError("p", hint="h"),
    errors.RateLimitedError("p", limit="requests", retry_after_s=2.5, hint="h"), errors.UpstreamError("p", hint="h"),
    errors.RefusedError("p", refusal="r-1", rules=("a",), hint="h"), errors.UnauthenticatedError("p", hint="h"),
    errors.UpstreamTimeoutError("p", hint="h"), errors.ConfigError("p", hint="h"),
]  # fmt: skip


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_error_has_a_reply_and_an_event(dialect: str, error: errors.StockadeError) -> None:
    reply = DIALECTS[dialect].error(error)
    assert 400 <= reply.status < 600
    assert "p h" in json.dumps(json.loads(reply.body))
    headers = dict(reply.headers)
    assert headers[b"content-type"] == b"application/json"
    if isinstance(error, errors.RateLimitedError):
        assert (reply.status, headers[b"retry-after"], headers[b"x-should-retry"]) == (429, b"3", b"true")
        longer = DIALECTS[dialect].error(errors.RateLimitedError("p", limit="l", retry_after_s=errors.WAIT_BRIEF_S + 1))
        assert dict(longer.headers)[b"x-should-retry"] == b"false"
        assert headers[b"x-stockade-limit"] == error.limit.encode()
    splitter = SseSplitter()
    events = splitter.feed(DIALECTS[dialect].error_event(error))
    assert events
    assert not splitter.end()
    assert "p h" in json.dumps(json.loads(event_data(events[0])))
