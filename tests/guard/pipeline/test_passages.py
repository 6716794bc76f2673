"""Passages: the same stretches however the words came, every character in one of them, and a stream that stops."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Inspection, Scope
from stockade.core.limits import PASSAGE_CHARS, PASSAGE_CONTEXT_CHARS
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.harm_content.detector import DETECTOR
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.unicode_hidden.detector import DETECTOR as HIDDEN
from stockade.guard.pipeline.passages import Passage, Passages
from stockade.testing.playbook import Playbook
from tests.guard.detectors.stand_in import MARKERS, StandIn
from tests.guard.pipeline.talks import answer, ask, hear, say
from tests.properties.gates import gate

SAID = Segment(("content", 0, "text"), "", "assistant", Channel.ASSISTANT, Kind.TEXT, 3)
LONG = "".join(f"{n} green gardens. " for n in range(300))


def passages(text: str, cuts: list[int]) -> list[Passage]:
    kept = Passages()
    ends = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [one for low, high in pairwise(ends) for one in kept.add(SAID._replace(text=text[low:high]), 0)]


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(0, len(LONG)))
def test_no_cut_moves_a_passage(cuts: list[int], size: int) -> None:
    text = LONG[:size]
    found = passages(text, cuts)
    assert found == passages(text, [])
    assert "".join(one.segment.text[one.context :] for one in found) == text[: size - size % PASSAGE_CHARS]
    for one, other in pairwise(found):
        assert other.segment.text[: other.context] == one.segment.text[-PASSAGE_CONTEXT_CHARS:]


def test_what_is_left_is_told_once_and_with_its_context() -> None:
    kept = Passages()
    kept.add(SAID._replace(text="before it. "), 0)
    kept.add(SAID._replace(text="before it. and more"), 11)
    assert kept.rest() == [Passage(SAID._replace(text="before it. and more"), 0)]
    assert kept.rest() == []


@pytest.mark.parametrize("other", [{"channel": Channel.TOOL_CALL}, {"kind": Kind.THINKING}, {"kind": Kind.IDENTIFIER}])
def test_only_what_the_model_says_to_the_client_is_put_together(other: dict[str, object]) -> None:
    kept = Passages()
    assert kept.add(SAID._replace(text="a" * 5000, **other), 0) == []  # type: ignore[arg-type]
    assert kept.rest() == []


INSPECTOR = Inspector([DETECTOR, HIDDEN], classifier=StandIn())


def book(policy: str = "") -> Playbook:
    def inspect(segments: list[Segment], key: bytes, scope: Scope) -> Inspection:
        return INSPECTOR.inspect(segments, key, scope)

    return Playbook(gate(policy), inspect)  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", ["anthropic_messages", "openai_chat", "openai_responses"])
@pytest.mark.parametrize("before", ["", LONG[:3000]], ids=["short", "long"])
def test_grave_harm_in_a_stream_stops_it_before_its_end(dialect: str, before: str) -> None:
    text = f"{before}I tell you how to {MARKERS['harm']} of explosives. {LONG[:2000]}"
    played = book().play(ask(dialect, "hello", stream=True), answer(dialect, say(text, chunk="words"), streamed=True))
    told = hear(dialect, played)
    assert "grave harm" in told.error
    assert len(told.text) < len(before) + 2 * PASSAGE_CHARS
    outcome = played.records[-1]
    assert (outcome["ended"], outcome["error"]) == ("stopped", "policy_refusal")
    assert [finding["category"] for finding in outcome["findings"]] == ["harm"]


@pytest.mark.parametrize("dialect", ["anthropic_messages", "openai_chat", "openai_responses"])
def test_a_calm_stream_is_judged_and_passes(dialect: str) -> None:
    played = book().play(ask(dialect, "hello", stream=True), answer(dialect, say(LONG, chunk="words"), streamed=True))
    assert hear(dialect, played).text == LONG
    guard = next(guard for guard in played.records[-1]["guards"] if guard["detector"] == "harm.content")
    assert guard["status"] == "ran"
    assert guard["segments"] >= len(LONG) // PASSAGE_CHARS


ENDS = {
    "anthropic_messages": b"message_stop",
    "openai_chat": b'"finish_reason":"stop"',
    "openai_responses": b"response.completed",
}


@pytest.mark.parametrize("dialect", list(ENDS))
def test_no_client_hears_that_an_answer_ended_before_its_last_word_was_judged(dialect: str) -> None:
    said = say(f"How to {MARKERS['harm']}", chunk="words")
    played = book().play(ask(dialect, "hello", stream=True), answer(dialect, said, streamed=True))
    assert "grave harm" in hear(dialect, played).error
    assert ENDS[dialect] not in played.body.replace(b" ", b"")
    calm = book().play(ask(dialect, "hello", stream=True), answer(dialect, say("How to bake"), streamed=True))
    assert ENDS[dialect] in calm.body.replace(b" ", b"")
