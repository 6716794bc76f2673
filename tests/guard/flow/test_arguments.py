"""Arguments: named as a person would, in whatever form they came; commands as one line, files of a patch by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.segments import Channel, Kind, Path, Segment
from stockade.guard.flow.arguments import arguments, numbers
from stockade.guard.flow.values import Argument


def strings(*given: tuple[Path, str]) -> list[Segment]:
    return [Segment(path, text, "assistant", Channel.TOOL_CALL, Kind.ARGUMENT, 1) for path, text in given]


def command(*words: str) -> list[tuple[Path, str]]:
    return [(("action", "command", number), word) for number, word in enumerate(words)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(("content", 0, "input", "to"), "a@x.test")], [("to", "a@x.test")]),
        ([(("content", 0, "input", "to", 0), "a@x.test")], [("to", "a@x.test")]),
        ([(("partial_json", "mail", "to"), "a@x.test")], [("to", "a@x.test")]),
        ([(("output", 1, "arguments"), "not json")], [("", "not json")]),
        (
            [
                (("action", "command", 0), "bash"),
                (("action", "command", 1), "-lc"),
                (("action", "command", 2), "ls -la"),
            ],
            [("command", "ls -la")],
        ),
        (command("git", "push"), [("command", "git push")]),
        ([(("input",), "*** Begin Patch\n*** Update File: a/b.py\n@@\n-x\n+y")], [("", None), ("path", "a/b.py")]),
        ([(("input", "patch"), "--- a/x.py\n+++ b/x.py\n@@")], [("patch", None), ("path", "x.py"), ("path", "x.py")]),
    ],
)
def test_a_string_has_the_nearest_name(given: list[tuple[Path, str]], expected: list[tuple[str, str | None]]) -> None:
    found = arguments(strings(*given))
    assert len(found) == len(expected)
    for (key, text), (name, wanted) in zip(found, expected, strict=True):
        assert (key, text if wanted is not None else None) == (name, wanted)


def test_numbers_are_read_from_the_json_text() -> None:
    assert numbers('{"amount": 98.70, "to": "x", "on": true, "items": [{"qty": 2}]}') == [
        Argument("amount", "98.7"),
        Argument("qty", "2"),
    ]
    assert numbers("not json") == []


@given(st.text(max_size=100))
def test_no_text_breaks_the_reading(raw: str) -> None:
    assert all(float(number.text) is not None for number in numbers(raw))
    assert arguments(strings((("input",), raw)))[0] == Argument("", raw)
