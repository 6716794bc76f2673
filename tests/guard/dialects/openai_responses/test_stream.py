"""Responses streams: held calls, whole repetitions, sequence numbers, log probabilities, and what the SDK reads."""

import json
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from stockade.core.errors import RefusedError, UpstreamError
from stockade.guard.dialects import openai_responses
from stockade.guard.dialects.dialect import BlockKind, StreamEvent
from stockade.guard.dialects.openai_responses import DIALECT

SAMPLES = Path(str(openai_responses.__file__)).parent / "samples" / "streams"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.sse").read_bytes()


def data(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in raw.split(b"\n") if line.startswith(b"data: {")]


def final(raw: bytes) -> Any:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=raw)

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    client = openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1", http_client=http, max_retries=0)
    with client.responses.stream(model="gpt-5.2", input="x") as stream:
        return stream.get_final_response()


def withdrawn(raw: bytes, *blocks: str) -> bytes:
    """Read a stream as the pipeline does: a held call leaves, or its notice does, when it closes."""
    reader = DIALECT.open_stream()
    held: dict[str, list[StreamEvent]] = {}
    out: list[bytes] = []
    for came in [*reader.feed(raw), *reader.end()]:
        event = reader.amend(came) or came
        if event.holds:
            held.setdefault(event.holds, []).append(event)
        else:
            out.append(event.raw)
        for key in event.closes:
            if key in blocks:
                out.append(reader.withdraw(held.pop(key), key, "Withheld."))
            else:
                out.extend(event.raw for event in held.pop(key, []))
    return b"".join(out)


def test_a_call_is_held_from_its_beginning_to_its_end() -> None:
    events = DIALECT.open_stream().feed(sample("tool_calls"))
    held = [data(event.raw)[0]["type"] for event in events if event.holds == "o1"]
    assert (held[0], held[-1]) == ("response.output_item.added", "response.output_item.done")
    assert len(held) == 6
    assert [event.closes for event in events if "o1" in event.closes] == [("o1",)]


def test_whole_arguments_are_judged_as_arguments() -> None:
    pieces = [p for e in DIALECT.open_stream().feed(sample("tool_calls")) for p in e.pieces]
    whole = [p for p in pieces if p.segment.text.startswith('{"command":["cat"') and not p.block]
    assert len(whole) == 3
    assert {p.block_kind for p in whole} == {BlockKind.ARGUMENTS}


def test_a_withdrawn_call_becomes_a_message_everywhere() -> None:
    raw = withdrawn(sample("tool_calls"), "o1")
    answer = final(raw)
    assert [item.type for item in answer.output] == ["message", "message", "function_call"]
    assert answer.output_text == "I look.Withheld."
    assert b"db/config" not in raw


@pytest.mark.parametrize("name", ["tool_calls", "other_calls"])
def test_sequence_numbers_go_on_rising(name: str) -> None:
    raw = withdrawn(sample(name), "o0", "o1", "o2")
    numbers = [event["sequence_number"] for event in data(raw)]
    assert numbers == sorted(set(numbers))
    assert {item.type for item in final(raw).output} == {"message"}


def test_few_numbers_still_tell_the_notice() -> None:
    item = {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": "{}"}
    for count in range(1, 8):
        reader = DIALECT.open_stream()
        parts = [
            {"type": "response.function_call_arguments.delta", "output_index": 0, "sequence_number": n, "delta": ""}
            for n in range(5, 4 + count)
        ]
        done = {"type": "response.output_item.done", "output_index": 0, "sequence_number": 4 + count, "item": item}
        events = reader.feed(b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in [*parts, done]))
        told = data(reader.withdraw(events, "o0", "Withheld."))
        assert [e["sequence_number"] for e in told] == list(range(5, 5 + len(told)))
        assert len(told) <= count
        assert told[-1]["item"]["content"][0]["text"] == "Withheld."


def test_an_edited_text_loses_its_log_probabilities() -> None:
    event = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "secret"}
    spelt = [{"token": "secret", "logprob": -1.0, "bytes": [115]}]
    reader = DIALECT.open_stream()
    read = reader.feed(b"data: " + json.dumps({**event, "logprobs": spelt}).encode() + b"\n\n")[0]
    after = data(reader.apply(read, {0: "[hidden]"}))[0]
    assert after == {**event, "delta": "[hidden]", "logprobs": []}


def test_an_edited_key_and_its_value_are_both_replaced() -> None:
    reader = DIALECT.open_stream()
    read = reader.feed(b'data: {"type":"response.in_progress","novel":{"inner":["value"]}}\n\n')[0]
    texts = {n: p.segment.text.upper() for n, p in enumerate(read.pieces)}
    assert data(reader.apply(read, texts))[0]["NOVEL"] == {"INNER": ["VALUE"]}


def test_an_unknown_delta_is_one_text() -> None:
    pieces = [p for e in DIALECT.open_stream().feed(sample("strange")) for p in e.pieces if "dream" in p.block]
    assert "".join(p.segment.text for p in pieces) == "of tomorrow"
    assert len({p.block for p in pieces}) == 1


def test_a_stream_needs_its_end() -> None:
    reader = DIALECT.open_stream()
    reader.feed(sample("text").rpartition(b"event: response.completed")[0])
    with pytest.raises(UpstreamError):
        reader.end()


def test_the_sdk_raises_and_codex_reads_a_stopped_stream() -> None:
    stop = DIALECT.error_event(RefusedError("No.", refusal="r-1", rules=(), hint="Ask."))
    begun = sample("text").partition(b"event: response.in_progress")[0]
    with pytest.raises(openai.APIError, match=r"No\. Ask\.") as told:
        final(begun + stop)
    assert told.value.code == "policy_refusal"
    failed = data(stop)[0]
    assert (failed["type"], failed["response"]["error"]["code"]) == ("response.failed", "invalid_prompt")
