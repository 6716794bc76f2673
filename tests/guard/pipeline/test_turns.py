"""What of a request is new: what stands behind the model's last words, and what is sent anew each turn."""

from __future__ import annotations

from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.pipeline.turns import is_latest


def segment(*path: str | int, channel: Channel = Channel.USER) -> Segment:
    return Segment(path, "text", "user", channel, Kind.TEXT, 0)


ASKED = segment("messages", 0, "content")
SAID = segment("messages", 1, "content", channel=Channel.ASSISTANT)
CALLED = segment("messages", 1, "content", 1, "input", channel=Channel.TOOL_CALL)
RESULT = segment("messages", 2, "content", channel=Channel.TOOL_RESULT)
TOOL = segment("tools", 0, "description", channel=Channel.TOOL_DEFINITION)
SYSTEM = segment("system", channel=Channel.SYSTEM)


def test_a_first_message_is_new() -> None:
    latest = is_latest([ASKED, SYSTEM, TOOL])
    assert [latest(each) for each in (ASKED, SYSTEM, TOOL)] == [True, True, True]


def test_what_the_model_has_answered_is_history() -> None:
    for answer in (SAID, CALLED):
        latest = is_latest([ASKED, answer, RESULT, TOOL])
        assert [latest(each) for each in (ASKED, answer, RESULT, TOOL)] == [False, False, True, True]


def test_words_put_into_the_models_mouth_make_history() -> None:
    assert not is_latest([ASKED, SAID])(ASKED)
