"""Chat Completions streams: calls told apart, edits over several deltas, log probabilities, and what the SDK reads."""

import json
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from stockade.core.errors import RefusedError, UpstreamError
from stockade.guard.dialects import openai_chat
from stockade.guard.dialects.dialect import BlockKind, StreamEvent
from stockade.guard.dialects.openai_chat import DIALECT

SAMPLES = Path(str(openai_chat.__file__)).parent / "samples" / "streams"


def chunk(*choices: dict[str, Any], **more: Any) -> bytes:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5.2"}
    return b"data: " + json.dumps({**head, "choices": choices, **more}).encode() + b"\n\n"


def said(index: int = 0, finish: str | None = None, logprobs: Any = None, **delta: Any) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def call(index: int, arguments: str, **more: Any) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments, **more.pop("function", {})}, **more}


def sdk(raw: bytes) -> openai.OpenAI:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=raw)

    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    return openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1", http_client=client, max_retries=0)


def final(raw: bytes) -> Any:
    messages: Any = [{"role": "user", "content": "x"}]
    with sdk(raw).chat.completions.stream(model="gpt-5.2", messages=messages) as stream:
        return stream.get_final_completion()


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


def test_interleaved_calls_keep_their_own_arguments() -> None:
    reader = DIALECT.open_stream()
    events = reader.feed((SAMPLES / "calls_interleaved.sse").read_bytes())
    texts: dict[str, str] = {}
    for event in events:
        for piece in event.pieces:
            if piece.block in ("c0.t0", "c0.t1"):
                texts[piece.block] = texts.get(piece.block, "") + piece.segment.text
    assert texts == {"c0.t0": '{"x":1}', "c0.t1": '{"y":2}'}
    assert [event.closes[:3] for event in events if event.closes] == [("c0.t0", "c0.t1", "c0.calls")]
    assert {event.holds for event in events} == {"c0.calls", ""}


@pytest.mark.parametrize("name", ["tool_calls", "calls_interleaved", "calls_at_once"])
def test_a_withdrawn_call_takes_its_neighbours_and_the_answer_ends_plainly(name: str) -> None:
    answer = final(withdrawn((SAMPLES / f"{name}.sse").read_bytes(), "c0.calls"))
    assert not answer.choices[0].message.tool_calls
    assert answer.choices[0].finish_reason == "stop"
    assert str(answer.choices[0].message.content).endswith("Withheld.")


def test_what_stands_beside_a_withdrawn_call_stays() -> None:
    raw = (
        chunk(said(role="assistant", content="Let me see. ", tool_calls=[call(0, "{", id="a", type="function")]))
        + chunk(said(content="One moment.", tool_calls=[call(0, "}")]), said(1, content="Other.", role="assistant"))
        + chunk(said(content=" Done.", finish="tool_calls"), said(1, content=" End.", finish="stop"))
        + b"data: [DONE]\n\n"
    )
    answer = final(withdrawn(raw, "c0.calls"))
    first, second = (choice.message for choice in answer.choices)
    assert (first.role, first.content) == ("assistant", "Let me see. One moment. Done.\n\nWithheld.")
    assert (second.role, second.content) == ("assistant", "Other. End.")
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "stop"]
    assert not first.tool_calls


def test_a_call_that_stays_is_read_by_the_sdk() -> None:
    answer = final(withdrawn((SAMPLES / "tool_calls.sse").read_bytes()))
    assert [c.id for c in answer.choices[0].message.tool_calls or ()] == ["call_c1", "call_c2"]


def test_a_call_cannot_go_on_after_its_choice_has_finished() -> None:
    reader = DIALECT.open_stream()
    reader.feed(chunk(said(tool_calls=[call(0, "{", id="a")])) + chunk(said(finish="tool_calls")))
    with pytest.raises(UpstreamError):
        reader.feed(chunk(said(tool_calls=[call(0, "}")])))


def test_an_unknown_field_of_a_delta_is_one_text() -> None:
    reader = DIALECT.open_stream()
    events = reader.feed(chunk(said(mood="mood")) + chunk(said(content="content")))
    assert [(p.block, p.segment.text) for e in events for p in e.pieces if p.block] == [
        ("c0/mood", "mood"),
        ("c0/content", "content"),
    ]


def test_an_edit_over_several_deltas_reaches_the_client() -> None:
    reader = DIALECT.open_stream()
    out = b""
    for event in reader.feed((SAMPLES / "text.sse").read_bytes()):
        edits = {"Hello": "Hi", ", A": " X", "da": ""}
        out += reader.apply(
            event, {n: edits[p.segment.text] for n, p in enumerate(event.pieces) if p.segment.text in edits}
        )
    assert final(out).choices[0].message.content == "Hi X. I like café 😀. Bye."


def test_reasoning_of_compatible_vendors_is_text_that_may_be_edited() -> None:
    reader = DIALECT.open_stream()
    pieces = [p for e in reader.feed((SAMPLES / "reasoning.sse").read_bytes()) for p in e.pieces]
    reasoning = [p for p in pieces if p.block == "c0/reasoning_content"]
    assert "".join(p.segment.text for p in reasoning) == "The user wants Ada's address, ada@example.com."
    assert all(p.segment.editable and p.block_kind is BlockKind.TEXT for p in reasoning)


def test_an_edited_text_loses_its_log_probabilities() -> None:
    spelt = {"content": [{"token": "secret", "logprob": -1.0, "bytes": [115], "top_logprobs": []}], "refusal": None}
    reader = DIALECT.open_stream()
    event = reader.feed(chunk(said(content="secret", logprobs=spelt)))[0]
    tokens = [n for n, piece in enumerate(event.pieces) if piece.segment.text == "secret"]
    assert len(tokens) == 2
    after = reader.apply(event, {tokens[0]: "[hidden]"})
    assert b"secret" not in after
    assert b"115" not in after
    assert json.loads(after[6:])["choices"][0]["logprobs"] is None


def test_a_vendor_may_end_without_done() -> None:
    reader = DIALECT.open_stream()
    reader.feed(chunk(said(0, content="a"), said(1, content="b")) + chunk(said(0, "stop")))
    with pytest.raises(UpstreamError):
        reader.end()
    reader.feed(chunk(said(1, "stop")))
    assert reader.end() == []


def test_the_sdk_raises_on_a_stopped_stream() -> None:
    stop = DIALECT.error_event(RefusedError("No.", refusal="r-1", rules=(), hint="Ask."))
    with pytest.raises(openai.APIError, match=r"No\. Ask\.") as told:
        final(chunk(said(content="a")) + stop)
    assert told.value.code == "policy_refusal"
