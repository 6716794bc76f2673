"""The canonical reading: what is not seen goes, white space stays, and every offset leads back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.views import MARKS, canonical, open_views
from stockade.core.views.canonical import canonical_edits

UNSEEN = [
    *map(chr, (*range(0x09), *range(0x0E, 0x1C), 0x7F, 0x80, 0x84, 0x86, 0x9F)),
    "\x1b[m",
    "\x1b[01;31m\x1b[K",
    "\x1b[38;2;1;2;3m",
    "\x9b1m",
    "\u2800",
    "\u0301",
    "\u0336",
    "\u20dd",
    "\ufe2f",
]
SPACES = [*map(chr, (*range(0x09, 0x0E), *range(0x1C, 0x20), 0x85)), " "]


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_is_not_seen_goes_and_offsets_lead_back(unseen: str) -> None:
    text = f"see {unseen}ab{unseen}cd{unseen} end"
    (view,) = [view for view in open_views(text) if view.chain == ("canonical",)]
    assert view.text == "see abcd end"
    start, end = view.span(4, 8)
    assert text[start:end] == f"ab{unseen}cd"


@pytest.mark.parametrize("unseen", UNSEEN)
def test_one_on_each_letter_goes(unseen: str) -> None:
    word = "AKIAQZ7MVXRTLWYBNCHD"
    (view,) = [view for view in open_views("".join(letter + unseen for letter in word)) if "canonical" in view.chain]
    assert view.text == word


@pytest.mark.parametrize("space", SPACES)
def test_white_space_stays_what_a_stream_is_cut_at(space: str) -> None:
    assert open_views(f"ab{space}cd") == []
    assert re.match(r"\s", space)


@pytest.mark.parametrize("unseen", [unseen for unseen in UNSEEN if unseen.isascii()])
def test_an_ascii_text_with_controls_bears_a_mark(unseen: str) -> None:
    assert any(re.search(mark, f"ab{unseen}cd") for mark in MARKS)


@pytest.mark.parametrize("text", ["plain words\n\tand more\r\n", "first\n\0\nsecond"])
def test_lines_and_the_join_of_a_scanner_bear_none(text: str) -> None:
    assert not any(re.search(mark, text) for mark in MARKS)


@given(
    text=st.text(
        st.sampled_from("ab \n\x1b[m\x9b1\u0435\u200b\uff0c\u3002\U0001d41a\u0301\x7f\x85\u00e9\u6f22")
        | st.characters(),
        max_size=60,
    )
)
def test_looking_for_characters_is_the_same_as_trying_each(text: str) -> None:
    edits = list(canonical_edits(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "SOUGHT_MAX", -1)
        assert list(canonical_edits(text)) == edits
