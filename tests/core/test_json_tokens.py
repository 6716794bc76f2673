"""JSON string tokens: the n-th string of the raw body is the n-th string of the parsed one."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.json_tokens import (
    count_strings,
    inner_segments,
    splice,
    splice_inner,
    string_spans,
    strings_in_order,
)
from stockade.core.segments import Channel, Kind, Segment

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda children: st.lists(children) | st.dictionaries(st.text(alphabet='a"\\/\n\0é'), children),
    max_leaves=12,
)


def segment(text: str) -> Segment:
    return Segment(("a",), text, "assistant", Channel.TOOL_CALL, Kind.ARGUMENT, 3)


@given(VALUES, st.booleans(), st.booleans())
def test_strings_stand_in_document_order(value: object, ascii_only: bool, spaced: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=1 if spaced else None).encode()
    tokens = [orjson.loads(raw[start:end]) for start, end in string_spans(raw)]
    assert [text for _, text, _ in strings_in_order(value, 1000)] == tokens
    assert count_strings(raw) == len(tokens)


@given(VALUES, st.integers(0, 30), st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_splice_changes_one_string_only(value: object, number: int, text: str) -> None:
    raw = json.dumps(value).encode()
    spans = list(string_spans(raw))
    if number >= len(spans):
        with pytest.raises(ValueError, match="does not exist"):
            splice(raw, {number: text})
        return
    start, end = spans[number]
    spliced = splice(raw, {number: text})
    assert spliced.startswith(raw[:start])
    assert spliced.endswith(raw[end:])
    assert orjson.loads(spliced[start : len(spliced) - (len(raw) - end)]) == text


def test_duplicate_keys_show_in_the_count() -> None:
    raw = b'{"a":"1","a":"2"}'
    assert count_strings(raw) == 4
    assert len(strings_in_order(orjson.loads(raw), 10)) == 2


def test_inner_strings_are_numbered_and_replaced() -> None:
    text = '{"path": "a\\"b", "n": 1, "list": ["x", {"k": "v"}]}'
    inner = inner_segments(segment(text))
    assert [(s.text, s.inner, s.kind) for s in inner][:2] == [("path", 0, Kind.IDENTIFIER), ('a"b', 1, Kind.ARGUMENT)]
    assert inner[-1].path == ("a", "list", 1, "k")
    assert splice_inner(text, {1: 'new "q"'}) == '{"path": "new \\"q\\"", "n": 1, "list": ["x", {"k": "v"}]}'


@pytest.mark.parametrize("text", ['{"a": ', '{"a":"1","a":"2"}', "plain", ""])
def test_what_is_no_json_is_judged_as_text(text: str) -> None:
    assert inner_segments(segment(text)) == [segment(text)]


def test_a_key_may_hold_any_character() -> None:
    assert strings_in_order({"\0key": "x"}, 9) == [(("\0key",), "\0key", True), (("\0key",), "x", False)]
    told = [(s.path, s.kind) for s in inner_segments(segment('{"a":{"\\u0000key":"x"}}'))]
    place = ("a", "a", "\0key")
    assert told[1:] == [(place, Kind.IDENTIFIER), (place, Kind.ARGUMENT)]


def test_long_numbers_stand_among_the_strings_and_become_strings() -> None:
    text = '{"card": 4111111111111111, "n": 1234567, "list": [true, -12345678, 4.111111111111111e15], "a": "b"}'
    numbers = [s for s in inner_segments(segment(text)) if s.inner is not None and s.inner < 0]
    assert [(s.text, s.inner, s.path) for s in numbers] == [
        ("4111111111111111", -1, ("a", "card")),
        ("-12345678", -2, ("a", "list", 1)),
        ("4111111111111111", -2, ("a", "list", 2)),
    ]
    replaced = {s.path[s.inner :]: "new" for s in numbers}
    assert splice_inner(text, {0: "key", 4: "c"}, replaced) == (
        '{"key": "new", "n": 1234567, "list": [true, "new", "new"], "a": "c"}'
    )


@pytest.mark.parametrize("text", ["{}", "[1]", "4111111111111111", '"a"', "null"])
def test_arguments_without_inner_strings_are_judged_whole(text: str) -> None:
    assert inner_segments(segment(text)) == [segment(text)]


def test_too_many_strings_are_told() -> None:
    with pytest.raises(OverflowError):
        strings_in_order(["x"] * 20, 10)
