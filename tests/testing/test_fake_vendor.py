"""The fake vendor proved by the vendors' own packages: what they parse is what the real vendors send."""

from collections.abc import Iterator

import anthropic
import openai
import pytest

from stockade.testing.fake_vendor import FakeVendor

SCRIPT = """
models: [claude-demo, gpt-demo]
keys: [test-key]
rules:
- when: {contains: weather, has_tool_result: false}
  answer:
    thinking: {text: "héllo, which tool", signature: "c2ln"}
    text: "I look it up: {{last_user}}"
    tool_calls:
    - {name: weather, arguments: {place: "Zürich {{match}}", days: 2}}
    - {name: clock, arguments: '{"zone": "Europe/Zurich"}'}
    usage: {input: 10, output: 20, cache_read: 300, cache_write: 40, reasoning: 5}
  chunks: 3
- when: {has_tool_result: true}
  answer: {text: "The tool said: {{tool_result}}"}
- when: {contains: refuse}
  answer: {refusal: {text: "I cannot.", category: bio}}
- when: {contains: overload}
  answer: {error: {status: 529, type: overloaded_error, message: "too much"}, headers: {x-should-retry: "false"}}
- when: {contains: limit}
  answer: {error: {status: 429, message: "slow down", code: rate_limit_exceeded}, headers: {x-should-retry: "false"}}
- when: {contains: patch}
  answer: {tool_calls: [{name: apply_patch, arguments: "*** {{match}}\\n+héllo", custom: true}]}
  chunks: 3
- when: {contains: filter}
  answer: {refusal: ""}
"""


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(SCRIPT) as running:
        yield running


@pytest.fixture
def claude(vendor: FakeVendor) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=vendor.base_url, api_key="test-key", max_retries=0) as client:
        yield client


@pytest.fixture
def gpt(vendor: FakeVendor) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{vendor.base_url}/v1", api_key="test-key", max_retries=0) as client:
        yield client


def ask(text: str) -> dict:
    return {"model": "claude-demo", "max_tokens": 100, "messages": [{"role": "user", "content": text}]}


def check_message(message: anthropic.types.Message) -> None:
    thinking, text, weather, clock = message.content
    assert (thinking.type, thinking.thinking, thinking.signature) == ("thinking", "héllo, which tool", "c2ln")
    assert (text.type, text.text) == ("text", "I look it up: the weather")
    assert (weather.name, weather.input) == ("weather", {"place": "Zürich ", "days": 2})
    assert (clock.name, clock.input) == ("clock", {"zone": "Europe/Zurich"})
    assert weather.id != clock.id
    assert message.stop_reason == "tool_use"
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens) == (10, 20)
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (300, 40)


def test_anthropic_whole(claude: anthropic.Anthropic) -> None:
    check_message(claude.messages.create(**ask("the weather")))


def test_anthropic_streamed(claude: anthropic.Anthropic) -> None:
    with claude.messages.stream(**ask("the weather")) as stream:
        kinds = {event.type for event in stream}
        check_message(stream.get_final_message())
    assert {"message_start", "thinking", "signature", "text", "input_json", "message_stop"} <= kinds


async def test_anthropic_async(vendor: FakeVendor) -> None:
    async with anthropic.AsyncAnthropic(base_url=vendor.base_url, api_key="test-key", max_retries=0) as client:
        check_message(await client.messages.create(**ask("the weather")))
        async with client.messages.stream(**ask("the weather")) as stream:
            check_message(await stream.get_final_message())


def test_anthropic_tool_result(claude: anthropic.Anthropic) -> None:
    call = {"type": "tool_use", "id": "t1", "name": "weather", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "rain"}]}
    turns = [
        {"role": "user", "content": "the weather"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    message = claude.messages.create(model="claude-demo", max_tokens=9, messages=turns)
    assert message.content[0].text == "The tool said: rain"


@pytest.mark.parametrize("streamed", [False, True])
def test_anthropic_refusal(claude: anthropic.Anthropic, streamed: bool) -> None:
    if streamed:
        with claude.messages.stream(**ask("refuse")) as stream:
            message = stream.get_final_message()
    else:
        message = claude.messages.create(**ask("refuse"))
    assert message.stop_reason == "refusal"
    assert message.stop_details is not None
    assert message.stop_details.category == "bio"
    assert message.content[0].text == "I cannot."


def test_anthropic_errors(claude: anthropic.Anthropic, vendor: FakeVendor) -> None:
    with pytest.raises(anthropic.RateLimitError, match="slow down"):
        claude.messages.create(**ask("limit"))
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude.messages.create(**ask("overload"))
    assert caught.value.status_code == 529
    assert caught.value.body["error"] == {"type": "overloaded_error", "message": "too much"}
    stranger = claude.with_options(api_key="other")
    with pytest.raises(anthropic.AuthenticationError):
        stranger.messages.create(**ask("hello"))


def test_anthropic_counts_and_lists(claude: anthropic.Anthropic) -> None:
    counted = claude.messages.count_tokens(model="claude-demo", messages=[{"role": "user", "content": "hello"}])
    assert counted.input_tokens > 0
    assert [model.id for model in claude.models.list(limit=1000)] == ["claude-demo", "gpt-demo"]


def check_completion(message: openai.types.chat.ChatCompletionMessage) -> None:
    assert message.content == "I look it up: the weather"
    weather, clock = message.tool_calls
    assert (weather.function.name, weather.function.arguments) == ("weather", '{"place":"Zürich ","days":2}')
    assert (clock.function.name, clock.function.arguments) == ("clock", '{"zone": "Europe/Zurich"}')


def test_chat_whole(gpt: openai.OpenAI) -> None:
    answer = gpt.chat.completions.create(model="gpt-demo", messages=ask("the weather")["messages"])
    check_completion(answer.choices[0].message)
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.usage.prompt_tokens == 350
    assert answer.usage.prompt_tokens_details.cached_tokens == 300
    assert answer.usage.completion_tokens_details.reasoning_tokens == 5


def test_chat_streamed(gpt: openai.OpenAI) -> None:
    asked = {"model": "gpt-demo", "messages": ask("the weather")["messages"]}
    with gpt.chat.completions.stream(**asked, stream_options={"include_usage": True}) as stream:
        for _ in stream:
            pass
        answer = stream.get_final_completion()
    check_completion(answer.choices[0].message)
    assert answer.usage.total_tokens == 370


def test_chat_refusal_filter_tool_and_error(gpt: openai.OpenAI) -> None:
    refused = gpt.chat.completions.create(model="gpt-demo", messages=ask("refuse")["messages"])
    assert (refused.choices[0].finish_reason, refused.choices[0].message.refusal) == ("content_filter", "I cannot.")
    filtered = gpt.chat.completions.create(model="gpt-demo", messages=ask("filter")["messages"], stream=True)
    assert [chunk.choices[0].finish_reason for chunk in filtered][-1] == "content_filter"
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "the weather"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ]
    answer = gpt.chat.completions.create(model="gpt-demo", messages=turns)
    assert answer.choices[0].message.content == "The tool said: rain"
    with pytest.raises(openai.RateLimitError) as caught:
        gpt.chat.completions.create(model="gpt-demo", messages=ask("limit")["messages"])
    assert caught.value.code == "rate_limit_exceeded"
    assert [model.id for model in gpt.models.list()] == ["claude-demo", "gpt-demo"]


def check_response(response: openai.types.responses.Response) -> None:
    reasoning, message, weather, clock = response.output
    assert reasoning.summary[0].text == "héllo, which tool"
    assert message.content[0].text == response.output_text == "I look it up: the weather"
    assert (weather.name, weather.arguments) == ("weather", '{"place":"Zürich ","days":2}')
    assert clock.arguments == '{"zone": "Europe/Zurich"}'
    assert response.status == "completed"
    assert response.usage.input_tokens_details.cached_tokens == 300
    assert response.usage.total_tokens == 370


def test_responses_whole_and_streamed(gpt: openai.OpenAI) -> None:
    check_response(gpt.responses.create(model="gpt-demo", input="the weather"))
    with gpt.responses.stream(model="gpt-demo", input="the weather") as stream:
        numbers = [event.sequence_number for event in stream]
        check_response(stream.get_final_response())
    assert numbers == list(range(len(numbers)))


async def test_openai_async(vendor: FakeVendor) -> None:
    async with openai.AsyncOpenAI(base_url=f"{vendor.base_url}/v1", api_key="test-key", max_retries=0) as client:
        check_response(await client.responses.create(model="gpt-demo", input="the weather"))
        asked = {"model": "gpt-demo", "messages": ask("the weather")["messages"]}
        async with client.chat.completions.stream(**asked) as stream:
            check_completion((await stream.get_final_completion()).choices[0].message)


def test_responses_refusal_filter_and_tool(gpt: openai.OpenAI) -> None:
    refused = gpt.responses.create(model="gpt-demo", input="refuse")
    assert refused.output[0].content[0].refusal == "I cannot."
    filtered = gpt.responses.create(model="gpt-demo", input="filter")
    assert (filtered.status, filtered.incomplete_details.reason) == ("incomplete", "content_filter")
    with gpt.responses.stream(model="gpt-demo", input="refuse") as stream:
        kinds = {event.type for event in stream}
    assert "response.refusal.delta" in kinds
    turns = [
        {"role": "user", "content": "the weather"},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
    ]
    assert gpt.responses.create(model="gpt-demo", input=turns).output_text == "The tool said: rain"


def test_responses_custom_tool_call(gpt: openai.OpenAI) -> None:
    for response in (gpt.responses.create(model="gpt-demo", input="patch"), streamed_patch(gpt)):
        (made,) = response.output
        assert (made.type, made.name, made.input) == ("custom_tool_call", "apply_patch", "*** \n+héllo")


def streamed_patch(gpt: openai.OpenAI) -> openai.types.responses.Response:
    with gpt.responses.stream(model="gpt-demo", input="patch") as stream:
        deltas = [event.delta for event in stream if event.type == "response.custom_tool_call_input.delta"]
        assert "".join(deltas) == "*** \n+héllo"
        return stream.get_final_response()


def test_it_keeps_what_it_received(vendor: FakeVendor, gpt: openai.OpenAI) -> None:
    vendor.clear()
    gpt.responses.create(model="gpt-demo", input="keep this", extra_query={"beta": "1"})
    (kept,) = vendor.received
    assert (kept.method, kept.path, kept.query) == ("POST", "/v1/responses", "beta=1")
    assert kept.header("Authorization") == "Bearer test-key"
    assert kept.json()["input"] == "keep this"
    assert vendor.wait_for(lambda all_kept: all_kept[-1].answered)
