"""What every dialect shows the gate so that nothing passes beside it: models and numbers. Played without a socket."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from stockade.guard.dialects.models import VENDOR_FALLBACK
from stockade.guard.pipeline.models import ModelList
from stockade.testing.playbook import Answer, Playbook, Played, Sent
from tests.properties.gates import OTHER_SECRET, SECRET, gate, inspector, playbook

CARD = 4111111111111111
SAID = {"role": "user", "content": "hi"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/messages": {"model": "claude-a", "max_tokens": 9, "messages": [SAID]},
    "/v1/chat/completions": {"model": "claude-a", "messages": [SAID]},
    "/v1/responses": {"model": "claude-a", "input": "hi"},
}
DENY_OTHER = (
    '@id("other-model") @effect("deny") @reason("Not this one.")\n'
    'forbid (principal, action == Stockade::Action::"forward", resource == Stockade::Model::"claude-other");'
)


def play(path: str, more: dict[str, Any], book: Playbook, answer: Any = None) -> Played:
    body = json.dumps({**BODIES[path], **more}).encode()
    return book.play(Sent(path, body), Answer((json.dumps(answer or {"error": {"message": "x"}}).encode(),)))


def listing(*globs: str, policy: str = "") -> Playbook:
    listed = replace(gate(policy), models=ModelList(globs))
    return Playbook(listed, lambda segments, key, scope: inspector().inspect(segments, key, scope))


NAMING: list[tuple[str, dict[str, Any]]] = [
    ("/v1/messages", {"fallbacks": [{"model": "claude-b"}, {"model": "claude-other"}]}),
    ("/v1/messages", {"tools": [{"type": "advisor_20260301", "name": "advisor", "model": "claude-other"}]}),
    ("/v1/chat/completions", {"moderation": {"model": "claude-other"}}),
    ("/v1/chat/completions", {"models": ["claude-other"]}),
    ("/v1/responses", {"tools": [{"type": "image_generation", "model": "claude-other"}]}),
    ("/v1/responses", {"moderation": {"model": "claude-other"}}),
]


@pytest.mark.parametrize(("path", "naming"), NAMING)
def test_every_model_that_a_request_names_is_authorised(path: str, naming: dict[str, Any]) -> None:
    passed = play(path, naming, listing("claude-*"))
    assert passed.forwarded is not None
    assert passed.records[0]["model"] == "claude-a"
    unlisted = play(path, naming, listing("claude-a", "claude-b"))
    assert unlisted.forwarded is None
    assert b"claude-other" in unlisted.body, "the refusal names the line that would allow it"
    denied = play(path, naming, listing("*", policy=DENY_OTHER))
    assert denied.forwarded is None
    assert b"Not this one." in denied.body


def test_a_fallback_of_the_vendors_choice_has_to_be_listed() -> None:
    chosen = {"fallbacks": "default"}
    assert play("/v1/messages", chosen, listing("claude-*")).forwarded is None
    assert play("/v1/messages", chosen, listing("claude-*", VENDOR_FALLBACK)).forwarded is not None


def calling(path: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a request whose history holds a tool call with these arguments."""
    if path == "/v1/messages":
        call = {"type": "tool_use", "id": "t1", "name": "pay", "input": arguments}
        result = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}
        return {"messages": [SAID, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]}
    function = {"name": "pay", "arguments": json.dumps(arguments)}
    if path == "/v1/responses":
        output = {"type": "function_call_output", "call_id": "c1", "output": "ok"}
        return {"input": [{"type": "function_call", "call_id": "c1", **function}, output]}
    calls = [{"id": "c1", "type": "function", "function": function}]
    answered = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
    return {"messages": [SAID, {"role": "assistant", "tool_calls": calls}, answered]}


NUMBERS: dict[str, Any] = {
    "bare": {"card": CARD}, "list": {"cards": [1, [CARD]]}, "float": {"card": float(CARD)},
    "beside text": {"note": "no secret", "deep": {"card": CARD}},
}  # fmt: skip


@pytest.mark.parametrize("arguments", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("path", BODIES)
def test_a_number_in_a_call_is_seen_and_replaced(path: str, arguments: dict[str, Any]) -> None:
    book = playbook()
    played = play(path, calling(path, arguments), book)
    assert played.forwarded is not None, played.body
    assert str(CARD).encode() not in played.forwarded
    assert list(book.stand_ins.values()) == [str(CARD)]
    assert next(iter(book.stand_ins)).encode() in played.forwarded
    again = play(path, calling(path, arguments), book)
    assert again.forwarded == played.forwarded, "the same every turn, or the vendor's prompt cache is lost"


@pytest.mark.parametrize("path", BODIES)
def test_arguments_that_are_a_list_of_numbers_are_seen(path: str) -> None:
    more = calling(path, {})
    spelt = json.dumps(more).replace('"{}"', json.dumps(f"[{CARD}]")).replace('"input": {}', f'"input": [{CARD}]')
    played = play(path, json.loads(spelt), playbook())
    assert str(CARD).encode() not in (played.forwarded or b"")


@pytest.mark.parametrize("path", BODIES)
def test_a_number_in_an_unknown_field_is_seen_and_one_in_a_setting_is_not(path: str) -> None:
    played = play(path, {"new_field": {"n": [CARD]}}, playbook())
    assert str(CARD).encode() not in (played.forwarded or b"")
    name = "top_k" if path == "/v1/messages" else "top_logprobs"
    setting = play(path, {name: CARD}, playbook())
    assert setting.forwarded is not None
    assert str(CARD).encode() in setting.forwarded
    assert not setting.records[0]["findings"]


def streamed(path: str, arguments: str) -> bytes:
    """Return a recorded stream with one tool call."""
    part = json.dumps(arguments)
    if path == "/v1/messages":
        start = (
            '{"type":"message_start","message":{"type":"message","id":"m","role":"assistant","model":"x","content":[]}}'
        )
        call = '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n"}}'
        delta = (
            f'{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":{part}}}}}'
        )
        ends = ('{"type":"content_block_stop","index":0}', '{"type":"message_stop"}')
        events = [start, call, delta, *ends]
    elif path == "/v1/responses":
        item = f'{{"type":"function_call","id":"f","call_id":"c","name":"n","arguments":{part}}}'
        empty = '{"type":"function_call","id":"f","call_id":"c","name":"n","arguments":""}'
        events = [
            f'{{"type":"response.output_item.added","output_index":0,"item":{empty}}}',
            f'{{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"f","delta":{part}}}',
            f'{{"type":"response.output_item.done","output_index":0,"item":{item}}}',
            f'{{"type":"response.completed","response":{{"status":"completed","output":[{item}]}}}}',
        ]
    else:
        call = f'{{"index":0,"id":"c","type":"function","function":{{"name":"n","arguments":{part}}}}}'
        events = [
            f'{{"choices":[{{"index":0,"delta":{{"tool_calls":[{call}]}}}}]}}',
            '{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}',
            "[DONE]",
        ]
    return "".join(f"data: {event}\n\n" for event in events).encode()


REDACT = (
    '@id("card-in-answer") @effect("redact") @reason("No cards.")\n'
    'forbid (principal, action == Stockade::Action::"complete", resource) when { context.rule == "payment_card" };'
)


@pytest.mark.parametrize("arguments", ['{"card": %d}', "[%d]", "%d", '{"a": [%d, 2]}'])
@pytest.mark.parametrize("path", BODIES)
def test_a_number_in_a_streamed_call_is_judged(path: str, arguments: str) -> None:
    stream = streamed(path, arguments % CARD)
    body = json.dumps({**BODIES[path], "stream": True}).encode()
    seen = playbook().play(Sent(path, body), Answer((stream,), 200, "text/event-stream"))
    assert seen.exchange.error is None
    assert seen.body == stream, "by default it is written down, not changed"
    assert "payment_card" in json.dumps(seen.records[-1]["findings"])
    redacted = playbook(REDACT).play(Sent(path, body), Answer((stream,), 200, "text/event-stream"))
    assert redacted.exchange.error is None
    assert str(CARD).encode() not in redacted.body
    assert b"REDACTED" in redacted.body


DENY_IN_CALL = (
    '@id("no-call") @effect("deny") @reason("No credential in a call.")\n'
    'forbid (principal, action == Stockade::Action::"complete", resource)\n'
    'when { context.channel == "tool_call" && context.category == "credential" };'
)


def chunk(delta: dict[str, Any], index: int = 0, finish: str | None = None) -> bytes:
    return (
        b"data: "
        + json.dumps({"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}).encode()
        + b"\n\n"
    )


@pytest.mark.parametrize("other_choice", [False, True])
def test_text_beside_a_withdrawn_call_is_judged_as_text_and_stays(other_choice: bool) -> None:
    """Chat Completions alone can say both in one event: the text keeps its edits, the call goes."""
    arguments = json.dumps({"token": SECRET})
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "n", "arguments": arguments}}
    both = chunk({"role": "assistant", "content": f"My token is {OTHER_SECRET}, and", "tool_calls": [call]})
    if other_choice:
        event = json.loads(both[6:])
        text = event["choices"][0]["delta"].pop("content")
        event["choices"].append({"index": 1, "delta": {"role": "assistant", "content": text}})
        both = b"data: " + json.dumps(event).encode() + b"\n\n"
    more = chunk({"content": " that is all."}, index=int(other_choice))
    ends = [chunk({}, 0, "tool_calls"), *([chunk({}, 1, "stop")] if other_choice else [])]
    order = (both, *ends[:1], more, *ends[1:]) if other_choice else (both, more, *ends)
    body = json.dumps({**BODIES["/v1/chat/completions"], "stream": True}).encode()
    whole = b"".join(order) + b"data: [DONE]\n\n"
    shown = [
        playbook(DENY_IN_CALL).play(Sent("/v1/chat/completions", body), Answer(pieces, 200, "text/event-stream"))
        for pieces in ((whole,), tuple(whole[n : n + 1] for n in range(len(whole))))
    ]
    assert shown[0].body == shown[1].body
    assert shown[0].exchange.error is None
    assert SECRET.encode() not in shown[0].body
    assert OTHER_SECRET.encode() not in shown[0].body
    for kept in (b"My token is [REDACTED", b"that is all.", b"No credential in a call.", b"[DONE]"):
        assert kept in shown[0].body, kept
    assert b"tool_calls" not in shown[0].body
