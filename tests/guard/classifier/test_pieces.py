"""Word pieces: the rules of BERT, uncased, on written cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.classifier.pieces import Pieces, words

VOCABULARY = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nun\n##aff\n##able\nto\n,\n東\ncafe\n!\n".encode()
NAMES = VOCABULARY.decode().splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unaffable", ["un", "##aff", "##able"]),
        ("UNAFFABLE, to", ["un", "##aff", "##able", ",", "to"]),
        ("café!", ["cafe", "!"]),
        ("東東 to", ["東", "東", "to"]),
        ("unknown", ["[UNK]"]),
        ("x" * 101, ["[UNK]"]),
        ("to\x00\u200b\ttoto", ["to", "[UNK]"]),
        ("", []),
    ],
)
def test_the_longest_known_piece_is_taken_first(text: str, expected: list[str]) -> None:
    assert [NAMES[i] for i in Pieces(VOCABULARY).ids(text)] == expected


def test_marks_are_words_of_their_own() -> None:
    assert list(words("a_b(c)$d—e…")) == ["a", "_", "b", "(", "c", ")", "$", "d", "—", "e", "…"]


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_gives_what_the_long_way_gives(text: str) -> None:
    assert list(words(text + " é")) == [*words(text), "e"]


@given(st.text())
def test_any_text_has_known_ids(text: str) -> None:
    assert all(0 <= i < len(NAMES) for i in Pieces(VOCABULARY).ids(text))
