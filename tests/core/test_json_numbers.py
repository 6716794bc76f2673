"""Long numbers are told by their digits and found by their path, in any spelling of a body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.json_numbers import LONG, long_number, number_spans
from stockade.core.json_tokens import splice
from stockade.core.segments import Path

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text('a"\\[]{},: 1', max_size=3), children),
    max_leaves=12,
)


def scalars(value: object, path: Path = ()) -> list[tuple[Path, object]]:
    if isinstance(value, dict):
        return [found for key, child in value.items() for found in scalars(child, (*path, key))]
    if isinstance(value, list):
        return [found for index, child in enumerate(value) for found in scalars(child, (*path, index))]
    return [] if isinstance(value, str) else [(path, value)]


@given(VALUES, st.booleans())
def test_every_scalar_is_found_by_its_path(value: object, spaced: bool) -> None:
    raw = json.dumps(value, indent=1 if spaced else None).encode()
    wanted = scalars(value)
    spans = number_spans(raw, [path for path, _ in wanted])
    assert [(path, json.loads(raw[slice(*spans[path])])) for path, _ in wanted] == wanted


@pytest.mark.parametrize(
    ("value", "told"),
    [(LONG, "10000000"), (LONG - 1, ""), (-LONG, "-10000000"), (4.111111111111111e15, "4111111111111111"),
     (12345678.5, "12345678.5"), (0.12345678901, ""), (2**64 - 1, str(2**64 - 1)), (1e300, "1e+300"), (True, "")],
)  # fmt: skip
def test_eight_digits_make_a_number_long(value: float, told: str) -> None:
    assert long_number(value) == told


def test_numbers_and_strings_are_replaced_together() -> None:
    raw = b'{ "a" : [1, {"b": 12345678}], "c": "x" , "d":[[ 87654321 ]]}'
    numbers: dict[Path, str] = {("a", 1, "b"): "B", ("d", 0, 0): 'D"'}
    assert splice(raw, {0: "A", 3: "X"}, numbers) == b'{ "A" : [1, {"b": "B"}], "c": "X" , "d":[[ "D\\"" ]]}'


@pytest.mark.parametrize(("strings", "path"), [({9: "x"}, ("a",)), ({}, ("b",))])
def test_what_is_not_there_cannot_be_replaced(strings: dict[int, str], path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        splice(b'{"a":1}', strings, {path: "x"})
