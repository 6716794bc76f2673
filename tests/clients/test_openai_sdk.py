"""The real `openai` package works through the gate as without it, and what is private stays here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import Gate, RunningGate, settings_for
from tests.clients.values import DATABASE, GITHUB, IBAN, MAIL, PHONE, SLACK, assert_private

SCRIPT = r"""
models: [gpt-demo, somebody-elses-model]
rules:
- when: {matches: 'deploy with (\S+)', has_tool_result: false}
  answer:
    text: "I will write to you. You said: {{last_user}}"
    tool_calls:
    - {name: shell, arguments: {command: "curl -H 'Authorization: {{match}}' x", env: {TOKEN: "{{match}}"}}}
    - {name: mail, arguments: {to: ["{{system}}"], text: "Grüße, {{match}}"}}
    usage: {input: 10, output: 20, cache_read: 300}
  chunks: 3
- when: {has_tool_result: true}
  answer: {text: "The tool said: {{tool_result}}"}
  chunks: 1
"""


def client(gate: Gate) -> openai.OpenAI:
    return openai.OpenAI(base_url=gate.openai_url, api_key=gate.key, max_retries=0)


def async_client(gate: Gate) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=gate.openai_url, api_key=gate.key, max_retries=0)


def chat_whole(gate: Gate, request: dict[str, Any]) -> Any:
    with client(gate) as gpt:
        return gpt.chat.completions.create(**request).choices[0]


def chat_streamed(gate: Gate, request: dict[str, Any]) -> Any:
    with client(gate) as gpt, gpt.chat.completions.stream(**request) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion().choices[0]


def chat_async_whole(gate: Gate, request: dict[str, Any]) -> Any:
    async def ask() -> Any:
        async with async_client(gate) as gpt:
            return (await gpt.chat.completions.create(**request)).choices[0]

    return asyncio.run(ask())


def chat_async_streamed(gate: Gate, request: dict[str, Any]) -> Any:
    async def ask() -> Any:
        async with async_client(gate) as gpt, gpt.chat.completions.stream(**request) as stream:
            return (await stream.get_final_completion()).choices[0]

    return asyncio.run(ask())


def responses_whole(gate: Gate, request: dict[str, Any]) -> Any:
    with client(gate) as gpt:
        return gpt.responses.create(**request)


def responses_streamed(gate: Gate, request: dict[str, Any]) -> Any:
    with client(gate) as gpt, gpt.responses.stream(**request) as stream:
        said = "".join([event.delta for event in stream if event.type == "response.output_text.delta"])
        response = stream.get_final_response()
    assert said == response.output_text
    return response


def responses_async_whole(gate: Gate, request: dict[str, Any]) -> Any:
    async def ask() -> Any:
        async with async_client(gate) as gpt:
            return await gpt.responses.create(**request)

    return asyncio.run(ask())


def responses_async_streamed(gate: Gate, request: dict[str, Any]) -> Any:
    async def ask() -> Any:
        async with async_client(gate) as gpt, gpt.responses.stream(**request) as stream:
            return await stream.get_final_response()

    return asyncio.run(ask())


Ask = Callable[[Gate, dict[str, Any]], Any]
CHAT = [chat_whole, chat_streamed, chat_async_whole, chat_async_streamed]
RESPONSES = [responses_whole, responses_streamed, responses_async_whole, responses_async_streamed]

SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}}
CHAT_TOOLS = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("shell", "mail")]
TOOLS = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in ("shell", "mail")]
ANSWER = f"I will write to you. You said: deploy with {GITHUB}\nand mail {MAIL}"
CALLS = [
    ("shell", {"command": f"curl -H 'Authorization: {GITHUB}' x", "env": {"TOKEN": GITHUB}}),
    ("mail", {"to": [MAIL], "text": f"Grüße, {GITHUB}"}),
]


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(SCRIPT) as running:
        yield running


@pytest.fixture(scope="module")
def running(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    with RunningGate.start(settings_for(vendor.base_url, tmp_path_factory.mktemp("gate"))) as gate:
        yield gate


@pytest.fixture
def gate(running: RunningGate, vendor: FakeVendor) -> RunningGate:
    vendor.clear()
    return running


def opening(text: str) -> list[dict[str, Any]]:
    return [{"role": "system", "content": MAIL}, {"role": "user", "content": text}]


@pytest.mark.parametrize("ask", CHAT)
def test_chat_tool_calls_come_back_with_the_real_values(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    messages = opening(f"deploy with {GITHUB}\nand mail {MAIL}")
    choice = ask(gate, {"model": "gpt-demo", "messages": messages, "tools": CHAT_TOOLS})
    assert choice.message.content == ANSWER
    calls = choice.message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == CALLS
    assert choice.finish_reason == "tool_calls"
    assert calls[0].id != calls[1].id
    assert_private(vendor, gate)


@pytest.mark.parametrize("ask", CHAT)
def test_a_chat_tool_loop_of_two_turns(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    messages = opening(f"deploy with {GITHUB}")
    first = ask(gate, {"model": "gpt-demo", "messages": messages, "tools": CHAT_TOOLS}).message
    messages.append(
        {
            "role": "assistant",
            "content": first.content,
            "tool_calls": [
                {
                    "id": c.id,
                    "type": "function",
                    "function": {"name": c.function.name, "arguments": c.function.arguments},
                }
                for c in first.tool_calls
            ],
        }
    )
    told = f"done, as {MAIL}, {SLACK}, {DATABASE}, {IBAN}"
    messages += [{"role": "tool", "tool_call_id": call.id, "content": told} for call in first.tool_calls]
    second = ask(gate, {"model": "gpt-demo", "messages": messages, "tools": CHAT_TOOLS}).message
    assert second.content == f"The tool said: {told}"
    one, two = vendor.received[-2:]
    assert one.body.partition(b'"messages":[')[2].partition(b"]")[0] in two.body
    assert_private(vendor, gate)


@pytest.mark.parametrize("ask", RESPONSES)
def test_responses_tool_calls_come_back_with_the_real_values(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    text = f"deploy with {GITHUB}\nand mail {MAIL}"
    response = ask(gate, {"model": "gpt-demo", "instructions": MAIL, "input": text, "tools": TOOLS})
    assert response.output_text == ANSWER
    calls = [item for item in response.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == CALLS
    assert response.status == "completed"
    assert_private(vendor, gate)


@pytest.mark.parametrize("ask", RESPONSES)
def test_a_responses_tool_loop_of_two_turns(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    items: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": f"deploy with {GITHUB}"}]}]
    asked = {"model": "gpt-demo", "instructions": MAIL, "tools": TOOLS}
    first = ask(gate, {**asked, "input": items})
    calls = [item for item in first.output if item.type == "function_call"]
    told = f"done, as {MAIL}, {SLACK}, {DATABASE}, {PHONE}"
    items += [
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
        for call in calls
    ]
    items += [{"type": "function_call_output", "call_id": call.call_id, "output": told} for call in calls]
    second = ask(gate, {**asked, "input": items})
    assert second.output_text == f"The tool said: {told}"
    assert_private(vendor, gate)


def test_files_in_the_prompt_are_read(gate: RunningGate, vendor: FakeVendor) -> None:
    file = f"```env\nDATABASE_URL={DATABASE}\nSLACK={SLACK}\n```"
    content = [{"type": "text", "text": "Look at this file"}, {"type": "text", "text": file}]
    choice = chat_whole(gate, {"model": "gpt-demo", "messages": [{"role": "user", "content": content}]})
    assert file in choice.message.content
    assert_private(vendor, gate)


def test_what_holds_nothing_private_is_forwarded_byte_for_byte(gate: RunningGate, vendor: FakeVendor) -> None:
    with client(gate) as gpt:
        raw = gpt.chat.completions.with_raw_response.create(
            model="gpt-demo", messages=[{"role": "user", "content": "Grüße, nothing private"}], temperature=0.10
        )
    assert vendor.received[-1].body == raw.http_request.read()


def test_one_model_is_told_if_it_is_listed(gate: RunningGate) -> None:
    with client(gate) as gpt:
        assert gpt.models.retrieve("gpt-demo").id == "gpt-demo"
        with pytest.raises(openai.BadRequestError, match="does not list that model"):
            gpt.models.retrieve("somebody-elses-model")


def test_only_listed_models_are_told(gate: RunningGate) -> None:
    with client(gate) as gpt:
        assert [model.id for model in gpt.models.list()] == ["gpt-demo"]


def test_usage_is_passed_on_and_recorded(gate: RunningGate) -> None:
    with client(gate) as gpt:
        usage = gpt.chat.completions.create(model="gpt-usage", messages=opening("deploy with nothing")).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.completion_tokens) == (310, 300, 20)
    [recorded] = gate.wait_for(
        lambda: [one for one in gate.records("outcome") if one.get("served_model") == "gpt-usage"]
    )
    assert {name: recorded["usage"][name] for name in ("input", "cache_read", "output")} == {
        "input": 10,
        "cache_read": 300,
        "output": 20,
    }
