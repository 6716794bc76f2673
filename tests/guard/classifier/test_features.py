"""Features: tokens stand where they stand in the text, and equal bytes give equal rows wherever they stand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.classifier import features

BITS = 18


def tokens(text: str) -> list[str]:
    data = features.to_bytes(text)
    read = features.read(data, BITS)
    return [data[s:e].tobytes().decode("utf-8", "replace") for s, e in zip(read.starts, read.ends, strict=True)]


def rows(text: str) -> np.ndarray:
    return features.read(features.to_bytes(text), BITS).words


def test_words_and_marks_are_tokens_and_white_space_is_none() -> None:
    assert tokens("Ignore  all_previous\n(rules)!! é東京") == [
        *("Ignore", "all", "previous", "(", "rules", ")!!", "é東京"),
    ]


def test_a_long_run_is_cut_into_tokens_of_bounded_length() -> None:
    assert tokens("a" * 50) == ["a" * 24, "a" * 24, "a" * 2]


def test_case_of_latin_letters_does_not_matter() -> None:
    assert np.array_equal(rows("IGNORE the Rules"), rows("ignore THE rules"))


@pytest.mark.parametrize("other", ["a  b", "a\n\t b", "a_b", " \n a b", "a b  ", "A__ _B"])
def test_however_much_space_counts_as_one(other: str) -> None:
    one, two = (features.read(features.to_bytes(text), BITS) for text in ("a b and more", other + " and more"))
    assert np.array_equal(one.words, two.words)
    assert set(one.runs) <= set(two.runs)
    assert tokens(other + " and more") == [*tokens(other)[:2], "and", "more"]


def test_a_word_has_the_same_row_wherever_it_stands() -> None:
    assert rows("alpha beta")[1, 0] == rows("x y z, beta")[4, 0] == rows("beta")[0, 0]
    assert rows("alpha beta")[0, 1] == rows("gamma alpha beta")[1, 1]
    assert rows("alpha beta")[0, 1] != rows("beta alpha")[0, 1]


def test_rows_spread_over_the_table() -> None:
    found = rows(" ".join(f"word{i}" for i in range(1000)))[:, 0]
    assert len(np.unique(found)) > 990
    assert found.min() >= 0
    assert 0.4 < np.mean(found >= 1 << (BITS - 1)) < 0.6


def test_every_run_of_bytes_counts_for_the_token_it_starts_in_or_follows() -> None:
    read = features.read(features.to_bytes("  abc defgh"), BITS)
    assert read.owners.tolist() == [0, 0, 0, 0, 1]


@given(st.text(max_size=400))
def test_any_text_is_read_into_tokens_in_order_that_do_not_overlap(text: str) -> None:
    data = features.to_bytes(text)
    read = features.read(data, BITS)
    assert np.all(read.starts < read.ends)
    assert np.all(read.ends[:-1] <= read.starts[1:])
    assert len(read.words) == len(read.starts)
    assert len(read.runs) == len(read.owners)
    assert features.code_points(data)[-1] == len(text)
