"""What a stream becomes when calls are withdrawn, as the vendor's own SDK reads it."""

from collections.abc import Collection
from pathlib import Path

import anthropic
import httpx2
import pytest

from stockade.core.errors import RefusedError, UpstreamError
from stockade.guard.dialects import anthropic_messages
from stockade.guard.dialects.anthropic_messages import DIALECT
from stockade.guard.dialects.anthropic_messages.stream import MessagesStream

SAMPLES = Path(str(anthropic_messages.__file__)).parent / "samples" / "streams"
NOTICE = "This call was withheld: rule r1."


def judged(name: str, withdrawn: Collection[str]) -> bytes:
    """Return a sample as a pipeline lets it go: calls held until they close, some of them withdrawn."""
    reader = MessagesStream()
    held = []
    out = b""
    for came in reader.feed((SAMPLES / f"{name}.sse").read_bytes()) + reader.end():
        event = reader.amend(came) or came
        if not event.holds:
            out += event.raw
            continue
        held.append(event)
        if event.holds in event.closes:
            key = event.holds
            out += reader.withdraw(held, key, NOTICE) if key in withdrawn else b"".join(e.raw for e in held)
            held = []
    return out


def through_the_sdk(raw: bytes) -> anthropic.types.Message:
    """Read a stream with the SDK's own parser and accumulator; no socket is opened."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=raw)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        client = anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1:9", http_client=http, max_retries=0)
        with client.messages.stream(
            model="claude-opus-5", max_tokens=9, messages=[{"role": "user", "content": "x"}]
        ) as stream:
            return stream.get_final_message()


def test_without_a_withdrawal_the_sdk_sees_the_calls() -> None:
    message = through_the_sdk(judged("tool_calls", ()))
    assert [block.type for block in message.content] == ["text", "tool_use", "tool_use"]
    assert message.stop_reason == "tool_use"


def test_one_of_two_calls_withdrawn_leaves_the_other_and_the_stop_reason() -> None:
    message = through_the_sdk(judged("tool_calls", {"1"}))
    assert [block.type for block in message.content] == ["text", "text", "tool_use"]
    assert message.content[1].text == NOTICE
    assert message.content[2].name == "Bash"
    assert message.stop_reason == "tool_use"


@pytest.mark.parametrize(("name", "keys"), [("tool_calls", {"1", "2"}), ("one_call", {"0"})])
def test_all_calls_withdrawn_end_the_turn_in_plain_text(name: str, keys: set[str]) -> None:
    message = through_the_sdk(judged(name, keys))
    assert {block.type for block in message.content} == {"text"}
    assert [block.text for block in message.content].count(NOTICE) == len(keys)
    assert message.stop_reason == "end_turn"


def test_the_result_of_a_withdrawn_vendor_call_goes_with_it() -> None:
    message = through_the_sdk(judged("server_tools", {"0"}))
    assert [block.type for block in message.content] == ["text", "text", "mcp_tool_use", "mcp_tool_result", "text"]
    assert [block.text for block in message.content[:2]] == [NOTICE, NOTICE]


def test_a_stopped_stream_is_the_sdk_s_own_error() -> None:
    whole = (SAMPLES / "text.sse").read_bytes()
    started = whole[: whole.index(b"event: content_block_stop")]
    refusal = RefusedError("This answer holds a secret.", refusal="r-7", rules=("a",), hint="Ask otherwise.")
    with pytest.raises(anthropic.APIStatusError, match=r"This answer holds a secret\. Ask otherwise\."):
        through_the_sdk(started + DIALECT.error_event(refusal))


def event(text: str) -> bytes:
    return f"data: {text}\n\n".encode()


START = event(
    '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}'
)
STOP = event('{"type":"message_stop"}')


@pytest.mark.parametrize(
    "raw",
    [
        event('{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}'),
        event('{"type":"content_block_stop","index":1}'),
        START + START,
        event('{"type":"content_block_start","index":"0","content_block":{"type":"text","text":""}}'),
        event('{"type":"content_block_start","content_block":{"type":"text","text":""}}'),
        STOP + START,
        b"event: ping\n" + START,
        b"event: content_block_delta\n\n",
        event("<html>"),
        event('{"type":"ping","type":"ping"}'),
        event("\\"),
        b"<html>\n<body>Bad gateway</body>\n</html>\n\n",
    ],
)  # fmt: skip
def test_what_cannot_be_read_stops_the_stream(raw: bytes) -> None:
    reader = MessagesStream()
    with pytest.raises(UpstreamError):
        [*reader.feed(raw), *reader.end()]


def test_a_block_that_was_left_open_closes_with_the_answer() -> None:
    events = MessagesStream().feed(START + STOP)
    assert [(event.holds, event.closes, event.last) for event in events] == [("0", (), False), ("", ("0",), True)]


def test_a_second_block_at_the_same_index_has_a_key_of_its_own() -> None:
    closed = event('{"type":"content_block_stop","index":0}')
    assert [event.holds for event in MessagesStream().feed(START + closed + START)] == ["0", "0", "1"]
