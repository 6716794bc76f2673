"""The detector: what it compares with, and that it makes an index once."""

import pytest

from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.prompt_leak_system import detector as module
from stockade.guard.detectors.prompt_leak_system.detector import SystemPromptLeak
from stockade.guard.detectors.prompt_leak_system.index import make_index

PROMPT = " ".join(f"word{n}" for n in range(60))


def request(prompt: str = PROMPT, *others: tuple[Channel, str]) -> list[Segment]:
    said = [(Channel.SYSTEM, prompt), *others]
    return [Segment(("messages", n), text, "x", channel, Kind.TEXT, n) for n, (channel, text) in enumerate(said)]


def test_without_a_prompt_there_is_no_watch() -> None:
    assert SystemPromptLeak().watch(request()[1:]) is None
    assert SystemPromptLeak().watch(request("You are a helpful assistant.")) is None


def test_an_index_is_made_once_for_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(module, "make_index", lambda texts: made.append(texts) or make_index(texts))
    detector = SystemPromptLeak()
    assert detector.watch(request()) is not None
    assert detector.watch(request(PROMPT, (Channel.USER, "Hello"))) is not None
    assert len(made) == 1
    detector.watch(request(PROMPT + " more"))
    assert len(made) == 2


def test_indexes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INDEXES_MAX", 3)
    detector = SystemPromptLeak()
    for number in range(10):
        detector.watch(request(f"{PROMPT} {number}"))
        assert len(detector._kept) <= 3


@pytest.mark.parametrize("channel", [Channel.USER, Channel.TOOL_RESULT, Channel.DOCUMENT])
def test_what_others_said_is_no_secret(channel: Channel) -> None:
    over = SystemPromptLeak().watch(request(PROMPT, (channel, f"x {PROMPT} y")))
    assert over is not None
    assert over.read("a", PROMPT) == []


@pytest.mark.parametrize("channel", [Channel.ASSISTANT, Channel.TOOL_CALL])
def test_what_the_model_said_before_stays_secret(channel: Channel) -> None:
    over = SystemPromptLeak().watch(request(PROMPT, (channel, f"x {PROMPT} y")))
    assert over is not None
    assert over.read("a", PROMPT) != []


def test_equal_prompts_have_equal_subjects() -> None:
    subjects = {SystemPromptLeak().watch(request(each)).subject for each in (PROMPT, PROMPT, PROMPT + " more")}  # type: ignore[union-attr]
    assert len(subjects) == 2
