"""Wildcards: every combination of matches has a text, and no two texts have the same combination."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.govern.policy import wildcards
from stockade.govern.policy.expressions import matches
from stockade.govern.policy.wildcards import Pattern, witnesses

PATTERNS = st.lists(st.lists(st.sampled_from(["a", "b", None]), max_size=4).map(tuple), min_size=1, max_size=4)


def combination(patterns: list[Pattern], text: str) -> tuple[bool, ...]:
    return tuple(matches(pattern, text) for pattern in patterns)


@given(PATTERNS)
def test_all_short_texts_are_stood_for(patterns: list[Pattern]) -> None:
    found = witnesses(patterns)
    assert found.exact
    stood_for = [combination(patterns, text) for text in found.texts]
    assert len(set(stood_for)) == len(stood_for)
    every = {combination(patterns, "".join(text)) for size in range(6) for text in product("abx", repeat=size)}
    assert every <= set(stood_for)


def test_the_shortest_text_stands_for_its_combination() -> None:
    assert witnesses([("a", None)]).texts == ("", "a")
    assert set(witnesses([(*".git/", None), (None, *"/.git/", None)]).texts) >= {"", ".git/", "/.git/", ".git/.git/"}
    assert witnesses([]).texts == ("",)


def test_too_many_combinations_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "STATES_MAX", 50)
    assert not witnesses([(None, *f"{n}ab{n}", None) for n in range(9)]).exact


def test_a_star_is_any_text_and_other_letters_are_themselves() -> None:
    assert matches((None, "."), "a.\nb.")
    assert not matches((".",), "a")
    assert matches((None, None), "")
