"""The real `anthropic` package works through the gate as without it, and what is private stays here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from stockade.config.schema import Upstream, Upstreams
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import Gate, RunningGate, settings_for
from tests.clients.values import DATABASE, GITHUB, IBAN, MAIL, PASSWORD, PHONE, PRIVATE, SLACK, assert_private, wire

SCRIPT = r"""
models: [claude-demo, gpt-demo, somebody-elses-model]
rules:
- when: {matches: 'deploy with (\S+)', has_tool_result: false}
  answer:
    thinking: {text: "I use what I was given: {{match}}", signature: "c2lnbmVk"}
    text: "I will write to you. You said: {{last_user}}"
    tool_calls:
    - {name: shell, arguments: {command: "curl -H 'Authorization: {{match}}' x", env: {TOKEN: "{{match}}"}}}
    - {name: mail, arguments: {to: ["{{system}}"], text: "Grüße, {{match}}"}}
    usage: {input: 10, output: 20, cache_read: 300, cache_write: 40}
  chunks: 3
- when: {has_tool_result: true}
  answer: {text: "The tool said: {{tool_result}}"}
  chunks: 1
"""

TOOLS = [
    {
        "name": name,
        "description": "Run it.",
        "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}},
    }
    for name in ("shell", "mail")
]


def whole(gate: Gate, request: dict[str, Any]) -> anthropic.types.Message:
    with anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
        return client.messages.create(**request)


def streamed(gate: Gate, request: dict[str, Any]) -> anthropic.types.Message:
    with anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
        with client.messages.stream(**request) as stream:
            text = "".join(stream.text_stream)
            message = stream.get_final_message()
        assert text == "".join(block.text for block in message.content if block.type == "text")
        return message


def async_whole(gate: Gate, request: dict[str, Any]) -> anthropic.types.Message:
    async def ask() -> anthropic.types.Message:
        async with anthropic.AsyncAnthropic(base_url=gate.base_url, auth_token=gate.key, max_retries=0) as client:
            return await client.messages.create(**request)

    return asyncio.run(ask())


def async_streamed(gate: Gate, request: dict[str, Any]) -> anthropic.types.Message:
    async def ask() -> anthropic.types.Message:
        async with (
            anthropic.AsyncAnthropic(base_url=gate.base_url, auth_token=gate.key, max_retries=0) as client,
            client.messages.stream(**request) as stream,
        ):
            return await stream.get_final_message()

    return asyncio.run(ask())


Ask = Callable[[Gate, dict[str, Any]], anthropic.types.Message]
WAYS = [whole, streamed, async_whole, async_streamed]


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


def request(messages: list[Any] | str, **more: Any) -> dict[str, Any]:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    return {"model": "claude-demo", "max_tokens": 1000, "messages": messages, **more}


@pytest.mark.parametrize("ask", WAYS)
def test_tool_calls_in_parallel_come_back_with_the_real_values(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    message = ask(gate, request(f"deploy with {GITHUB}\nand mail {MAIL}", system=MAIL, tools=TOOLS))
    thinking, text, shell, mail = message.content
    assert text.text == f"I will write to you. You said: deploy with {GITHUB}\nand mail {MAIL}"
    assert shell.input == {"command": f"curl -H 'Authorization: {GITHUB}' x", "env": {"TOKEN": GITHUB}}
    assert mail.input == {"to": [MAIL], "text": f"Grüße, {GITHUB}"}
    assert shell.id != mail.id
    assert (message.stop_reason, thinking.signature) == ("tool_use", "c2lnbmVk")
    assert GITHUB not in thinking.thinking, "thinking is signed, so it is not edited"
    assert (message.usage.cache_read_input_tokens, message.usage.cache_creation_input_tokens) == (300, 40)
    assert_private(vendor, gate)


@pytest.mark.parametrize("ask", WAYS)
def test_a_tool_loop_of_two_turns_keeps_its_stand_ins(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    messages: list[Any] = [{"role": "user", "content": f"deploy with {GITHUB}"}]
    first = ask(gate, request(messages, system=MAIL, tools=TOOLS))
    calls = [block for block in first.content if block.type == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{call.input} ok, as {MAIL}, {SLACK}, {DATABASE}"}
        for call in calls
    ]
    messages += [
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]},
        {"role": "user", "content": results},
    ]
    second = ask(gate, request(messages, system=MAIL, tools=TOOLS))
    assert second.content[0].text == f"The tool said: {results[-1]['content']}"
    one, two = vendor.received[-2:]
    begun = one.body.partition(b'"messages":[')[2].partition(b"]")[0]
    assert begun in two.body, "the second turn repeats the first byte for byte, so the vendor's cache holds"
    assert b'"signature":"c2lnbmVk"' in two.body.replace(b" ", b"")
    assert_private(vendor, gate)


@pytest.mark.parametrize("ask", [whole, async_streamed])
def test_documents_tool_results_and_system_blocks_are_read(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": f"dsn={DATABASE}"}}
    parts = {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": f"call {PHONE}"}]}}
    messages = [
        {"role": "user", "content": [document, parts, {"type": "text", "text": "hello"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "toolu_1", "name": "mail", "input": {"to": MAIL}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": f"pay {IBAN}"}]}
            ],
        },
    ]
    system = [{"type": "text", "text": f"Token {SLACK}", "cache_control": {"type": "ephemeral"}}]
    message = ask(gate, request(messages, system=system, tools=TOOLS, metadata={"user_id": "somebody"}))
    assert message.content[0].text == f"The tool said: pay {IBAN}"
    assert_private(vendor, gate)
    assert '"cache_control":{"type":"ephemeral"}' in wire(vendor).replace(" ", "")


def test_what_holds_nothing_private_is_forwarded_byte_for_byte(gate: RunningGate, vendor: FakeVendor) -> None:
    sent: list[bytes] = []
    with anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
        raw = client.messages.with_raw_response.create(**request("Grüße, nothing private", extra_body={"top_k": 5}))
        sent.append(raw.http_request.read())
    assert vendor.received[-1].body == sent[0]


def test_count_tokens(gate: RunningGate, vendor: FakeVendor) -> None:
    with anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
        counted = client.messages.count_tokens(
            model="claude-demo", messages=[{"role": "user", "content": f"{GITHUB} {MAIL}"}], system=SLACK
        )
    assert counted.input_tokens > 0
    assert vendor.received[-1].path == "/v1/messages/count_tokens"
    assert_private(vendor, gate)


def test_one_model_is_told_if_it_is_listed(gate: RunningGate) -> None:
    with anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
        assert client.models.retrieve("claude-demo").id == "claude-demo"
        with pytest.raises(anthropic.PermissionDeniedError, match="does not list that model"):
            client.models.retrieve("somebody-elses-model")


def test_only_listed_models_are_told(gate: RunningGate) -> None:
    with anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["claude-demo", "gpt-demo"]


def test_the_vendor_gets_its_own_key_and_beta_headers(vendor: FakeVendor, tmp_path: Path) -> None:
    vendor.clear()
    key = "sk-ant-" + "api03-of-the-gate"
    (tmp_path / "key").write_text(key)
    upstream = Upstream(base_url=vendor.base_url, allow_private=True, key_file=tmp_path / "key")
    settings = settings_for(vendor.base_url, tmp_path, upstreams=Upstreams(anthropic=upstream))
    with RunningGate.start(settings) as gate:
        betas = ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]
        with anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
            raw = client.beta.messages.with_raw_response.create(**request("hello", betas=betas))
        one = vendor.received[-1]
        assert one.header("anthropic-beta") == ",".join(betas)
        assert one.header("anthropic-version") == raw.http_request.headers["anthropic-version"]
        assert [value for name, value in one.headers if key in value] == [key]
        assert gate.key not in str(one.headers)
        assert key not in str(raw.headers) + raw.text() + gate.log + repr(gate.records())
        assert raw.headers["request-id"].startswith("req_")


def test_private_values_are_what_these_tests_hold() -> None:
    assert len(set(PRIVATE)) == len(PRIVATE)
    assert PASSWORD in DATABASE
