"""The watch: the same words give the same sights however they come; what was told elsewhere is no leak."""

import codecs
import json
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockade.core.limits import LEAK_WORDS_MAX
from stockade.guard.detectors import prompt_leak_system
from stockade.guard.detectors.prompt_leak_system.index import make_index
from stockade.guard.detectors.prompt_leak_system.watch import ENCODED, PASSAGE, PROMPT, PromptWatch
from stockade.guard.detectors.prompt_leak_system.words import digests, shingles, words
from stockade.guard.pipeline.units import unit_end

ROWS = [json.loads(line) for line in files(prompt_leak_system).joinpath("corpus.jsonl").read_text().splitlines()]
MIRA = ROWS[0]["system"]


def watch(prompt: str = MIRA, told: str = "") -> PromptWatch:
    index = make_index([prompt])
    assert index is not None
    return PromptWatch(index, lambda secret: secret & set(shingles(digests(words(told)))), "subject")


def rules(text: str, *, prompt: str = MIRA, told: str = "") -> list[str]:
    return [each.raw.rule for each in watch(prompt, told).read("a", text)]


def streamed(text: str, over: PromptWatch) -> list[tuple[str, int, int]]:
    """Return (rule, start, end) of what is seen in the units of a stream."""
    ends = [0]
    while (end := unit_end(text, ends[-1], final=True)) is not None:
        ends.append(end)
    return [
        (each.raw.rule, low + each.raw.start, low + each.raw.end)
        for low, high in pairwise(ends)
        for each in over.read("a", text[low:high])
    ]


def test_a_stream_tells_of_a_passage_and_then_of_the_prompt() -> None:
    text = "Sure: " + MIRA
    seen = streamed(text, watch())
    assert [rule for rule, _, _ in seen] == [PASSAGE, PROMPT]
    assert len(text[: seen[0][1]].split()) <= 18
    assert len(text[: seen[1][1]].split()) <= 0.65 * len(text.split())


@settings(max_examples=40)
@given(st.sets(st.integers(0, 600)), st.sampled_from([row for row in ROWS if row["findings"]]))
def test_any_cut_between_units_gives_the_same_ends(cuts: set[int], row: dict[str, str]) -> None:
    if make_index([row["system"]]) is None:
        return
    text = row["text"]
    ends = [0]
    while (end := unit_end(text, ends[-1], final=True)) is not None:
        ends.append(end)
    edges = sorted({0, len(text), *(end for end in ends if end in cuts)})
    over = watch(row["system"])
    seen = [each.raw.rule for low, high in pairwise(edges) for each in over.read("a", text[low:high])]
    stepwise = [rule for rule, _, _ in streamed(text, watch(row["system"]))]
    # Read at once, a passage that became the prompt is one finding.
    assert seen[-1:] == stepwise[-1:]
    assert set(seen) <= set(stepwise)


def test_what_the_user_said_is_no_leak() -> None:
    assert rules(MIRA) == [PROMPT]
    assert rules(MIRA, told=f"Please make this better: {MIRA}") == []
    assert rules(MIRA, told=MIRA[:60]) == [PROMPT]


def test_a_sentence_said_often_is_still_a_passage() -> None:
    sentence = MIRA.split(". ")[1] + ". " + MIRA.split(". ")[2] + ". "
    assert PROMPT not in rules((sentence + "Some other words stand in between, and they are many enough. " * 8) * 30)


def test_passages_add_up_over_the_texts_of_an_answer() -> None:
    over = watch()
    halves = MIRA[: len(MIRA) // 2], MIRA[len(MIRA) // 2 :]
    assert [each.raw.rule for each in over.read("a", halves[0])] == [PASSAGE]
    assert [each.raw.rule for each in over.read("b", halves[1])] == [PROMPT]


def test_thinking_adds_up_apart() -> None:
    over = watch()
    assert [each.raw.rule for each in over.read("t", MIRA, thinking=True)] == [PROMPT]
    passage = MIRA[MIRA.index("If a customer") : MIRA.index("Escalate")]
    assert [each.raw.rule for each in over.read("a", passage)] == [PASSAGE]


@pytest.mark.parametrize("every", [7, 8, 10, 15])
def test_a_few_changed_words_hide_nothing(every: int) -> None:
    text = " ".join("other" if n % every == every - 1 else word for n, word in enumerate(MIRA.split()))
    assert rules(text) != []


def test_ordinary_words_stay_near_zero() -> None:
    assert rules("The customer asks about the flight and the fare, and we offer what we can. " * 50) == []


@pytest.mark.parametrize("change", [lambda t: codecs.encode(t, "rot13"), lambda t: t[::-1]])
def test_an_encoded_copy_is_seen_word_by_word(change: object) -> None:
    text = change(MIRA)  # type: ignore[operator]
    assert [rule for rule, _, _ in streamed(text, watch())] == [ENCODED]


def test_a_sampled_prompt_is_still_seen() -> None:
    prompt = " ".join(f"{word}{n}" for n, word in enumerate(["alpha", "beta", "gamma"] * (LEAK_WORDS_MAX // 2)))
    index = make_index([prompt])
    assert index is not None
    assert index.every == 2
    part = " ".join(prompt.split()[50_000:50_600])
    assert rules(part, prompt=prompt) == [PROMPT]
