"""Words: what is left of a text when case, spacing, punctuation and markup do not count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.detectors.prompt_leak_system.words import digests, mirrored, rotated, shingles, spans, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You are  Mira.", ["you", "are", "mira"]),
        ("**You** _are_ `Mira`", ["you", "are", "mira"]),
        ("don't", ["don", "t"]),
        ("Straße À-propos", ["strasse", "à", "propos"]),
        ("pass\u200bword", ["password"]),
        ("\uff39\uff4f\uff55 are", ["you", "are"]),
        ("你是助手。好", ["你", "是", "助", "手", "好"]),
        ("", []),
    ],
)
def test_words_are_what_a_reader_takes_for_words(text: str, expected: list[str]) -> None:
    assert [word.decode() for word in words(text)] == expected


@given(st.text(max_size=200))
def test_each_word_has_its_place(text: str) -> None:
    places = spans(text)
    assert len(places) == len(words(text))
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)


@given(st.lists(st.sampled_from(["you", "are", "mira", "help"]), max_size=12))
def test_a_shingle_is_four_words_in_a_row(tokens: list[str]) -> None:
    row = shingles(digests([token.encode() for token in tokens]))
    assert len(row) == max(0, len(tokens) - 3)
    again = {tuple(tokens[n : n + 4]): each for n, each in enumerate(row)}
    assert all(again[tuple(tokens[n : n + 4])] == each for n, each in enumerate(row))
    assert len(set(again.values())) == len(again)


def test_shingles_are_the_same_in_every_process() -> None:
    assert shingles(digests(words("you are mira the assistant"))) == [-2325603592783909718, -5947365083947341561]


def test_words_are_turned_and_mirrored() -> None:
    assert rotated([b"you", b"4ever"]) == [b"lbh", b"4rire"]
    assert mirrored([b"you", "né".encode()]) == [b"uoy", "én".encode()]
