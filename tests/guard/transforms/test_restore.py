"""Restore: what the map knows comes back exactly; everything else stays."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.edits import apply
from stockade.guard.transforms.pseudonyms import Pseudonymiser, held_from
from stockade.guard.transforms.restore import restore

TENANT = Pseudonymiser(bytes(range(32)))
VALUE = 'pa"ss\\w\nörd'
TOKEN = TENANT.stand_in("PASSWORD", VALUE)
EMAIL = TENANT.stand_in("EMAIL", "ada@example.org")
LOOKUP = {TOKEN: VALUE, EMAIL: "ada@example.org"}


def restored(text: str, lookup: dict[str, str] = LOOKUP) -> str:
    return apply(text, restore(text, lookup))


def test_known_stand_ins_come_back() -> None:
    assert restored(f"mail {EMAIL} the word {TOKEN}.") == f"mail ada@example.org the word {VALUE}."


def test_what_only_looks_like_a_stand_in_stays() -> None:
    invented = "PASSWORD_abcdefghijklmnop email-abcdefghijklmnop@pseudonym.example"
    assert restored(invented) == invented


@pytest.mark.parametrize("before", ["KEY_", "A", "API_", "FOO_abcdefghij", "email-", "X_Y_9"])
@pytest.mark.parametrize("stand_in", [TOKEN, EMAIL])
def test_text_that_runs_into_a_stand_in_does_not_hide_it(before: str, stand_in: str) -> None:
    assert restored(before + stand_in + "abc") == before + LOOKUP[stand_in] + "abc"


def test_text_that_swallows_the_beginning_of_an_email_does_not_hide_it() -> None:
    # FOO_ and sixteen characters, of which the last five are `email`.
    assert restored("FOO_abcdefghijk" + EMAIL) == "FOO_abcdefghijkada@example.org"


def test_a_stand_in_split_by_a_json_escape_stays() -> None:
    split = TOKEN.replace("_", "\\u005f")
    assert restored(split) == split


@given(st.text())
def test_text_without_stand_ins_needs_no_edit(text: str) -> None:
    assert restore(text, LOOKUP) == []


@given(st.text(alphabet="AZ_az27@.- "), st.text(alphabet="AZ_az27@.- "))
def test_restoring_twice_is_restoring_once(before: str, after: str) -> None:
    once = restored(before + TOKEN + after)
    assert restored(once) == once


@given(
    st.lists(st.text(alphabet="AZ_az27@.- email", max_size=20) | st.sampled_from([TOKEN, EMAIL]), max_size=5),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_a_stream_cut_anywhere_gives_the_same_text(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    out, waiting = "", ""
    for start, end in pairwise(places):
        waiting += text[start:end]
        point = held_from(waiting)
        out += restored(waiting[:point])
        waiting = waiting[point:]
    assert out + restored(waiting) == restored(text)
