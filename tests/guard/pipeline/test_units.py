"""Units: where streamed text may be cut. The property that matters: they do not depend on how the text arrived."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.limits import HOLD_CHARS_MAX
from stockade.guard.pipeline.units import unit_end

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow IBAAK\nCAQEA 99\n-----END RSA PRIVATE KEY-----"


def units(text: str, cuts: list[int]) -> list[str]:
    """Return the units of a text that arrives in pieces cut at `cuts`."""
    edges = sorted({0, len(text), *[cut % (len(text) + 1) for cut in cuts]})
    found: list[str] = []
    start = 0
    for edge in edges[1:] or [0]:
        while (end := unit_end(text[:edge], start, final=False)) is not None:
            found.append(text[start:end])
            start = end
    while (end := unit_end(text, start, final=True)) is not None:
        found.append(text[start:end])
        start = end
    assert "".join(found) == text
    return found


def test_prose_is_cut_at_words() -> None:
    assert units("Hello dear world\nbye", []) == ["Hello ", "dear ", "world\n", "bye"]


def test_digits_glue_the_words_beside_them() -> None:
    assert units("card 4111 1111 1111 1111 is", []) == ["card 4111 1111 1111 1111 is"]
    assert units("call +1 (415) 555 2671\nnow", []) == ["call +1 (415) 555 2671\n", "now"]
    assert units("a GB82 WEST 1234 b", []) == ["a ", "GB82 WEST 1234 b"]


def test_a_key_block_is_one_unit() -> None:
    assert units(f"the key:\n{PEM} and more", [])[2:4] == [PEM, " "]


def test_text_without_spaces_does_not_wait_for_its_end() -> None:
    assert units("你好世界", []) == ["你", "好", "世", "界"]


@pytest.mark.parametrize("joining", ["\u0e53", "\u1042", "\u17e0", "\u3164", "\u17b4", "\u338f", "\u115f", "\uffa0"])
def test_what_a_value_may_hold_does_not_cut_it(joining: str) -> None:
    assert units(f"abc{joining}def", []) == [f"abc{joining}def"]


def test_no_character_that_reads_as_ascii_or_as_a_digit_cuts() -> None:
    inside = [chr(code) for code in range(0x80, 0x110000) if not chr(code).isspace()]
    cutting = [char for char in inside if unit_end(char + "x", 0, final=False) is not None]
    assert "界" in cutting
    assert not [char for char in cutting if char.isdigit() or re.search("[!-~]", unicodedata.normalize("NFKC", char))]


def test_a_word_that_never_ends_is_cut_at_the_bound() -> None:
    assert [len(unit) for unit in units("x" * (HOLD_CHARS_MAX + 10), [])] == [HOLD_CHARS_MAX, 10]


def test_the_forced_cut_spares_a_stand_in() -> None:
    stand_in = "GITHUB_TOKEN_abcdefghijklmnop"
    text = "x" * (HOLD_CHARS_MAX - 12) + "-" + stand_in + "-" + "y" * 40
    assert any(stand_in in unit for unit in units(text, []))


PIECES = st.sampled_from(
    ["a", "word ", "4111 ", "+1", " ", "\n", "\t", "12", "世", "界 ", "-----BEGIN X-----", "-----END X-----", "e\u0301"]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.lists(st.integers(0, 10_000), max_size=40))
def test_units_do_not_depend_on_the_cut(text: str, cuts: list[int]) -> None:
    assert units(text, cuts) == units(text, []) == units(text, list(range(len(text))))


@given(st.integers(HOLD_CHARS_MAX - 50, HOLD_CHARS_MAX + 50), st.lists(st.integers(0, 20_000), max_size=5))
def test_the_bound_does_not_depend_on_the_cut(size: int, cuts: list[int]) -> None:
    text = "-----BEGIN X----- " + "y 1" * (size // 3) + "-----END X-----" + " 2" * 30
    assert units(text, cuts) == units(text, [])
