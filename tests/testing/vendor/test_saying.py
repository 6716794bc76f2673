from hypothesis import given
from hypothesis import strategies as st

from stockade.testing.vendor.saying import cut


@given(st.text(), st.one_of(st.just("words"), st.integers(1, 5), st.lists(st.integers(1, 5), min_size=1).map(tuple)))
def test_pieces_join_to_the_text(text: str, chunks: object) -> None:
    pieces = cut(text, chunks)
    assert "".join(pieces) == text
    assert all(pieces)


def test_lengths_are_kept() -> None:
    assert cut("abcdefg", (1, 2)) == ("a", "bc", "de", "fg")
    assert cut("ab c", "words") == ("ab ", "c")
