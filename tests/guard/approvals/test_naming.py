"""Names of what is held: the same for the same call however it is spaced, another for anything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stockade.guard.approvals.naming import Name, canonical

KEY = b"k" * 32
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_spaces_and_the_order_of_keys_do_not_count(node: object) -> None:
    plain = canonical(json.dumps(node))
    assert canonical(json.dumps(node, indent=3, sort_keys=True)) == plain
    assert canonical(json.dumps(node, ensure_ascii=False, separators=(" ,", ": "))) == plain


@given(JSON, JSON)
def test_other_arguments_have_another_form(one: object, other: object) -> None:
    assume(json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))
    assert canonical(json.dumps(one)) != canonical(json.dumps(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"n": 1}', '{"n": 1.0}'),
        ('{"n": 1}', '{"n": "1"}'),
        ('{"n": 18446744073709551617}', '{"n": 18446744073709551618}'),
        ('{"n": 1, "n": 2}', '{"n": 2}'),
        ('{"n": 1, "n": 2}', '{"n": 2, "n": 1}'),
        ("{}", "[]"),
        ('[["a", 1]]', '{"a": 1}'),
        ("not json", '"not json"'),
        ("[" * 5000, "[" * 5001),
    ],
)
def test_what_a_reader_could_take_for_another_call_is_another(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


PLACE = ("play", "key_a", "s1")


@pytest.mark.parametrize(
    ("place", "kind", "rules", "parts"),
    [
        (("other", "key_a", "s1"), "call", ("r",), ("a", "b")),
        (("play", "key_b", "s1"), "call", ("r",), ("a", "b")),
        (("play", "key_a", "s2"), "call", ("r",), ("a", "b")),
        (PLACE, "request", ("r",), ("a", "b")),
        (PLACE, "call", ("r", "q"), ("a", "b")),
        (PLACE, "call", ("r",), ("ab", "")),
        (PLACE, "call", ("r",), ("b", "a")),
        (PLACE, "call", ("r", "a"), ("b",)),
    ],
)
def test_everything_that_makes_a_call_is_in_its_name(
    place: tuple[str, str, str], kind: str, rules: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    mine, other = Name(KEY, *PLACE), Name(KEY, *place)
    assert mine.held("call", ("r",), ("a", "b")) == mine.held("call", ["r"], ["a", "b"])
    assert mine.held("call", ("r",), ("a", "b")) != other.held(kind, rules, parts)
    assert mine.value("call", ("r",), ("a", "b")) != other.value(kind, rules, parts)
    assert Name(b"o" * 32, *PLACE).held("call", ("r",), ("a", "b")) != mine.held("call", ("r",), ("a", "b"))
