"""Whatever goes wrong becomes the SDK's own exception, in the vendor's shape, with our words and no private value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from stockade.config.schema import Limits
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import Gate, RunningGate, settings_for
from tests.clients.values import GITHUB, IBAN, MAIL, assert_private

SCRIPT = """
rules:
- when: {contains: vendor-401}
  answer: {error: {status: 401, message: "your credentials are wrong"}}
- when: {contains: vendor-500}
  answer: {error: {status: 500, message: "the vendor broke"}}
- when: {contains: vendor-529}
  answer: {error: {status: 529, type: overloaded_error, message: "Overloaded"}}
- when: {contains: vendor-429}
  answer: {error: {status: 429, message: "slow down", code: rate_limit_exceeded}, headers: {retry-after: "7"}}
- when: {contains: vendor-html}
  answer: {html: "<html><body>Bad Gateway: ghp_in_a_page</body></html>"}
- when: {contains: vendor-cut}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: cut, after_events: 1}
- when: {contains: vendor-ends-early}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: end, after_events: 1}
- when: {contains: vendor-breaks-off}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: error, after_events: 1}
- when: {contains: vendor-resets}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: reset, after_events: 1}
"""

POLICY = """
@id("no-accounts")
@effect("deny")
@reason("Account numbers stay in this house.")
forbid (principal, action == Stockade::Action::"prompt", resource)
when { context.rule == "iban" };
"""

BODY_BYTES_MAX = 100_000


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(SCRIPT) as running:
        yield running


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    own = tmp_path_factory.mktemp("policy") / "own.cedar"
    own.write_text(POLICY)
    return "baseline", str(own)


@pytest.fixture(scope="module")
def running(
    vendor: FakeVendor, policy: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGate]:
    limits = Limits(body_bytes_max=BODY_BYTES_MAX, requests_burst=100_000, requests_per_minute=100_000)
    folder = tmp_path_factory.mktemp("gate")
    with RunningGate.start(settings_for(vendor.base_url, folder, policy=policy, limits=limits)) as gate:
        yield gate


@pytest.fixture
def gate(running: RunningGate, vendor: FakeVendor) -> RunningGate:
    vendor.clear()
    return running


def messages(gate: Gate, text: str, *, key: str = "", model: str = "claude-demo", stream: bool = False) -> Any:
    with anthropic.Anthropic(base_url=gate.base_url, api_key=key or gate.key, max_retries=0) as client:
        asked: dict[str, Any] = {
            "model": model,
            "max_tokens": 100,
            "messages": [{"role": "user", "content": text}],
        }
        if not stream:
            return client.messages.create(**asked)
        with client.messages.stream(**asked) as events:
            return events.get_final_message()


def chat(gate: Gate, text: str, *, key: str = "", model: str = "gpt-demo", stream: bool = False) -> Any:
    with openai.OpenAI(base_url=gate.openai_url, api_key=key or gate.key, max_retries=0) as client:
        asked: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": text}]}
        if not stream:
            return client.chat.completions.create(**asked)
        with client.chat.completions.stream(**asked) as events:
            return events.get_final_completion()


def responses(gate: Gate, text: str, *, key: str = "", model: str = "gpt-demo", stream: bool = False) -> Any:
    with openai.OpenAI(base_url=gate.openai_url, api_key=key or gate.key, max_retries=0) as client:
        if not stream:
            return client.responses.create(model=model, input=text)
        with client.responses.stream(model=model, input=text) as events:
            return events.get_final_response()


Ask = Callable[..., Any]
WAYS: list[Ask] = [messages, chat, responses]
ways = pytest.mark.parametrize("ask", WAYS)
both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def package(ask: Ask) -> Any:
    return anthropic if ask is messages else openai


@ways
@both
@pytest.mark.parametrize("key", ["sk-of-nobody", "stk_" + "x" * 60], ids=["foreign", "mistyped"])
def test_an_unknown_key_is_an_authentication_error(
    gate: RunningGate, vendor: FakeVendor, ask: Ask, stream: bool, key: str
) -> None:
    with pytest.raises(package(ask).AuthenticationError) as caught:
        ask(gate, f"hello {GITHUB}", key=key, stream=stream)
    assert "stockade keys create" in str(caught.value)
    assert key not in str(caught.value)
    assert vendor.received == ()


@ways
@both
def test_a_refusal_has_our_text_and_an_id_that_the_ledger_knows(
    gate: RunningGate, vendor: FakeVendor, ask: Ask, stream: bool
) -> None:
    kind = anthropic.PermissionDeniedError if ask is messages else openai.BadRequestError
    said = []
    for _ in range(2):
        with pytest.raises(kind) as caught:
            ask(gate, f"pay to {IBAN}", stream=stream)
        said.append(str(caught.value))
    assert "Account numbers stay in this house." in said[0]
    assert said[0] == said[1], "a block is sticky: the same words and id on retry"
    assert IBAN not in said[0]
    refusal = said[0].partition("refusal ")[2][:16]
    outcome = gate.wait_for(lambda: [one for one in gate.records("outcome") if one.get("refusal") == refusal])[-1]
    assert (outcome["ended"], outcome["intent"], outcome["rules"]) == ("refused", False, ["no-accounts"])
    assert vendor.received == ()


@ways
@both
def test_a_model_that_is_not_listed_is_refused_with_the_line_that_would_allow_it(
    gate: RunningGate, vendor: FakeVendor, ask: Ask, stream: bool
) -> None:
    kind = anthropic.PermissionDeniedError if ask is messages else openai.BadRequestError
    with pytest.raises(kind, match='- "llama-9"'):
        ask(gate, "hello", model="llama-9", stream=stream)
    assert vendor.received == ()


@ways
def test_a_body_past_its_bound_is_a_413(gate: RunningGate, vendor: FakeVendor, ask: Ask) -> None:
    with pytest.raises(package(ask).APIStatusError, match=f"larger than {BODY_BYTES_MAX} bytes") as caught:
        ask(gate, "x" * BODY_BYTES_MAX)
    assert caught.value.status_code == 413
    if ask is messages:
        assert isinstance(caught.value, anthropic.RequestTooLargeError)
    assert vendor.received == ()


def test_a_route_that_is_not_served_is_a_404(gate: RunningGate, vendor: FakeVendor) -> None:
    with (
        anthropic.Anthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as claude,
        pytest.raises(anthropic.NotFoundError, match="does not serve"),
    ):
        claude.messages.batches.list()
    with (
        openai.OpenAI(base_url=gate.openai_url, api_key=gate.key, max_retries=0) as gpt,
        pytest.raises(openai.NotFoundError, match="does not serve"),
    ):
        gpt.embeddings.create(model="gpt-demo", input="hello")
    assert vendor.received == ()


@ways
def test_a_used_up_rate_is_a_429_that_says_when_to_come_back(vendor: FakeVendor, tmp_path: Path, ask: Ask) -> None:
    vendor.clear()
    limits = Limits(requests_per_minute=1, requests_burst=2)
    with RunningGate.start(settings_for(vendor.base_url, tmp_path, limits=limits)) as gate:
        ask(gate, "one")
        ask(gate, "two")
        with pytest.raises(package(ask).RateLimitError) as caught:
            ask(gate, "three")
        assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60
        assert caught.value.response.headers["x-should-retry"] == "false"
        other = gate.create_key("other")
        gate.wait_for(lambda: _opens(gate, other))
    assert len([one for one in vendor.received if one.method == "POST"]) == 2


def _opens(gate: Gate, key: str) -> bool:
    with anthropic.Anthropic(base_url=gate.base_url, api_key=key, max_retries=0) as client:
        try:
            client.models.list()
        except anthropic.AuthenticationError:
            return False
        return True


VENDOR_ERRORS = [
    ("vendor-500", 500, "InternalServerError", "the vendor broke"),
    ("vendor-529", 529, "InternalServerError", "Overloaded"),
    ("vendor-429", 429, "RateLimitError", "slow down"),
    ("vendor-html", 502, "InternalServerError", "not JSON"),
]


@ways
@both
@pytest.mark.parametrize(("text", "status", "kind", "words"), VENDOR_ERRORS, ids=[row[0] for row in VENDOR_ERRORS])
def test_the_vendors_own_errors_come_through(
    gate: RunningGate, vendor: FakeVendor, ask: Ask, stream: bool, text: str, status: int, kind: str, words: str
) -> None:
    with pytest.raises(getattr(package(ask), kind), match=words) as caught:
        ask(gate, f"{text} {MAIL}", stream=stream)
    assert caught.value.status_code == status
    if status == 429:
        assert caught.value.response.headers["retry-after"] == "7"
    assert "<html>" not in str(caught.value)
    assert "ghp_in_a_page" not in str(caught.value)
    assert_private(vendor, gate)


@ways
@both
@pytest.mark.parametrize("how", ["vendor-cut", "vendor-ends-early", "vendor-breaks-off", "vendor-resets"])
def test_an_answer_that_is_cut_is_never_a_silent_success(
    gate: RunningGate, vendor: FakeVendor, ask: Ask, stream: bool, how: str
) -> None:
    # Of a vendor's own error event the Responses reader says in its own way that the answer never was completed.
    kinds = (package(ask).APIError, httpx2.HTTPError, RuntimeError)
    with pytest.raises(kinds):
        ask(gate, f"{how} {MAIL}", stream=stream)
    outcome = gate.outcome_of(vendor.received[-1].body)
    assert (outcome["intent"], outcome["ended"]) == (True, "upstream_failed")
    assert_private(vendor, gate)
    assert ask(gate, "and it still serves") is not None


@pytest.mark.parametrize("text", ["vendor-500", f"pay to {IBAN}"])
def test_async_clients_get_the_same_types(gate: RunningGate, text: str) -> None:
    async def claude() -> None:
        async with anthropic.AsyncAnthropic(base_url=gate.base_url, api_key=gate.key, max_retries=0) as client:
            await client.messages.create(
                model="claude-demo", max_tokens=9, messages=[{"role": "user", "content": text}]
            )

    async def gpt() -> None:
        async with openai.AsyncOpenAI(base_url=gate.openai_url, api_key=gate.key, max_retries=0) as client:
            await client.responses.create(model="gpt-demo", input=text)

    denied = text.startswith("pay")
    with pytest.raises(anthropic.PermissionDeniedError if denied else anthropic.InternalServerError):
        asyncio.run(claude())
    with pytest.raises(openai.BadRequestError if denied else openai.InternalServerError):
        asyncio.run(gpt())


@ways
def test_a_client_that_retries_is_served_once_the_vendor_answers(gate: RunningGate, ask: Ask) -> None:
    """The SDK's own retries are its business: the gate passes the vendor's status on and keeps its place free."""
    with pytest.raises(package(ask).InternalServerError):
        ask(gate, "vendor-500")
    assert ask(gate, "hello") is not None
