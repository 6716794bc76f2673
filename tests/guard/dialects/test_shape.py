"""By construction every string is a segment or a fixed word, and the fixed words can be printed."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import InvalidRequestError
from stockade.core.json_tokens import strings_in_order
from stockade.core.segments import Channel, Kind
from stockade.guard.dialects.schema import json_schema
from stockade.guard.dialects.shape import (
    Either,
    Free,
    Items,
    Leaf,
    Map,
    Record,
    Root,
    Tagged,
    Voice,
    Word,
    allow_list,
    walk,
)

VOICE = Voice("user", Channel.USER)
LEAF = Leaf(VOICE)
SHAPE = Record(
    VOICE,
    {
        "leaf": LEAF,
        "word": Word(VOICE, "on", "off"),
        "list": Items(VOICE, LEAF),
        "map": Map(VOICE, LEAF),
        "either": Either(VOICE, text=LEAF, items=Items(VOICE, Word(VOICE, "on"))),
        "tagged": Tagged(VOICE, "type", {"t": Record(VOICE, {"type": Word(VOICE, "t"), "leaf": LEAF})}),
        "schema": json_schema(VOICE),
    },
)
KEYS = st.sampled_from([*SHAPE.fields, "type", "t", "properties", "enum", "other"])
JSON = st.recursive(
    st.none() | st.integers(0, 9) | st.sampled_from(["on", "t", "string", "x", ""]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_what_is_no_segment_is_a_known_key_or_a_fixed_word(value: dict[str, object]) -> None:
    segments, count = walk(SHAPE, orjson.loads(orjson.dumps(value)))
    strings = strings_in_order(value, 10_000)
    assert count == len(strings)
    assert [s.token for s in segments] == sorted({s.token for s in segments})
    taken = {s.token for s in segments}
    for one in segments:
        assert one.text == strings[one.token][1]
        assert one.path == strings[one.token][0]
    told = "\n".join(allow_list({"body": SHAPE})).replace(",", " ").split()
    assert {text for number, (_, text, _) in enumerate(strings) if number not in taken} <= set(told)


def test_an_unknown_word_and_an_unknown_key_are_opaque() -> None:
    segments, _ = walk(SHAPE, {"word": "perhaps", "new": {"k": ["v"]}, "tagged": {"type": "u", "leaf": "x"}})
    assert [(s.text, s.kind) for s in segments] == [
        (text, Kind.OPAQUE) for text in ("perhaps", "new", "k", "v", "u", "leaf", "x")
    ]


def test_the_keys_of_a_map_are_identifiers() -> None:
    segments, _ = walk(SHAPE, {"map": {"mine": "text"}})
    assert [(s.text, s.kind, s.pointer) for s in segments] == [
        ("mine", Kind.IDENTIFIER, "/map/mine"),
        ("text", Kind.TEXT, "/map/mine"),
    ]


MUST: list[tuple[Root, str]] = [
    (Record(VOICE, {"a~/b": shape}), "must be a thing")
    for shape in (
        Leaf(VOICE, must="a thing"),
        Items(VOICE, LEAF, must="a thing"),
        Record(VOICE, {}, must="a thing"),
        Tagged(VOICE, "type", {}, must="a thing"),
        Either(VOICE, text=Word(VOICE, "x"), must="a thing"),
    )
]


@pytest.mark.parametrize(("shape", "told"), MUST)
def test_a_shape_that_must_be_says_where(shape: Root, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=rf"^/a~0~1b {told}"):
        walk(shape, {"a~/b": 7})


def test_a_schema_contains_itself_and_is_printed_once() -> None:
    lines = list(allow_list({"body": Record(VOICE, {"schema": json_schema(VOICE)})}))
    assert "body /schema/items : as body /schema" in lines
    assert len(lines) < 200
    assert len([line for line in lines if ": $anchor, " in line]) == 1


def test_free_values_exempt_nothing() -> None:
    segments, count = walk(Record(VOICE, {}, rest=Free(VOICE)), json.loads('{"a":{"b":["c",{"d":null}]}}'))
    assert len(segments) == count == 4
