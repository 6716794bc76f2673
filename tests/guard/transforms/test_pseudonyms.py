"""Stand-ins: one for one value, found again wherever they are put, held back only while they can still become one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.transforms.pseudonyms import (
    STAND_IN_CHARS_MAX,
    Pseudonymiser,
    find,
    held_from,
    readings,
)

KEY = bytes(range(32))
TENANT = Pseudonymiser(KEY)
TOKEN = TENANT.stand_in("AWS_ACCESS_KEY_ID", "value")
EMAIL = TENANT.stand_in("EMAIL", "ada@example.org")

labels = st.from_regex(r"[A-Z][A-Z0-9_]{1,20}", fullmatch=True)
# Text that is likely to run into a stand-in and to look like one.
neighbours = st.text(alphabet="AZ_29az@.email- é", max_size=30)
stand_ins = st.builds(TENANT.stand_in, labels | st.just("EMAIL"), st.text(max_size=8))


def found_in(text: str) -> set[tuple[int, int, str]]:
    return {tuple(reading) for found in find(text) for reading in readings(found)}


def test_a_token_has_its_label_and_eighty_bits() -> None:
    assert re.fullmatch(r"AWS_ACCESS_KEY_ID_[a-z2-7]{16}", TOKEN)


def test_an_email_stays_one_under_a_name_nobody_owns() -> None:
    assert re.fullmatch(r"email-[a-z2-7]{16}@pseudonym\.example", EMAIL)


def test_the_form_is_fixed_for_ever() -> None:
    # A changed form would orphan every stored entry. Computed by `openssl dgst -mac HMAC` and coreutils `base32`.
    assert TENANT.stand_in("JWT", "a.b.c") == "JWT_axwezo6zlhzveu63"


@given(labels, st.text())
def test_a_stand_in_needs_no_escape_in_json_urls_and_shells(label: str, value: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.@-]+", TENANT.stand_in(label, value))
    assert len(TENANT.stand_in(label, value)) <= STAND_IN_CHARS_MAX


@given(st.text(), st.text())
def test_values_share_a_stand_in_only_when_equal(one: str, other: str) -> None:
    assert (TENANT.stand_in("XY", one) == TENANT.stand_in("XY", other)) == (one == other)


def test_a_hundred_thousand_values_have_as_many_stand_ins() -> None:
    assert len({TENANT.stand_in("XY", str(number)) for number in range(100_000)}) == 100_000


def test_case_spacing_and_label_make_another_value() -> None:
    assert len({TENANT.stand_in("XY", "a"), TENANT.stand_in("XY", "A"), TENANT.stand_in("XY", "a ")}) == 3
    assert TENANT.stand_in("XY", "a")[-16:] != TENANT.stand_in("YX", "a")[-16:]


def test_tenants_differ() -> None:
    assert Pseudonymiser(bytes(32)).stand_in("XY", "a") != TENANT.stand_in("XY", "a")


@pytest.mark.parametrize("label", ["", "lower", "A-B", "A" * 42, "A", "1A", "A\n"])
def test_a_label_of_another_form_is_a_programmer_error(label: str) -> None:
    with pytest.raises(AssertionError):
        TENANT.stand_in(label, "value")


def test_a_short_key_is_a_programmer_error_and_the_key_is_not_shown() -> None:
    with pytest.raises(AssertionError):
        Pseudonymiser(b"short")
    assert KEY.hex() not in repr(TENANT)


@given(neighbours, stand_ins, neighbours)
def test_a_stand_in_is_found_whatever_stands_around_it(before: str, stand_in: str, after: str) -> None:
    text = before + stand_in + after
    assert (len(before), len(before) + len(stand_in), stand_in) in found_in(text)


@given(st.lists(stand_ins, min_size=1, max_size=4))
def test_stand_ins_without_a_gap_are_all_found(row: list[str]) -> None:
    assert set(row) <= {stand_in for _, _, stand_in in found_in("".join(row))}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AWS_ACCESS_KEY_ID",
        "AWS_ACCESS_KEY_ID_",
        TOKEN[:-1],
        TOKEN.lower(),
        TOKEN[:-1] + "1",
        TOKEN[:-1] + "0",
        "_" + TOKEN[-16:],
        "9_" + TOKEN[-16:],
        "A_" + TOKEN[-16:],
        EMAIL.replace("example", "example"[:-1]),
        EMAIL.replace("-", "_").upper(),
        "email-@pseudonym.example",
    ],
)
def test_what_only_resembles_the_form_is_not_found(text: str) -> None:
    assert find(text) == []


@given(stand_ins, st.data())
def test_no_part_of_a_stand_in_is_let_go_before_the_rest_came(stand_in: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(stand_in) - 1))
    assert held_from("text " + stand_in[:cut]) <= len("text ")


@given(neighbours, stand_ins, neighbours, st.data())
def test_a_cut_changes_nothing_that_was_let_go(before: str, stand_in: str, after: str, data: st.DataObject) -> None:
    text = before + stand_in + after
    cut = data.draw(st.integers(0, len(text)))
    point = held_from(text[:cut])
    assert point <= cut
    begin = len(before)
    assert not begin < point < begin + len(stand_in)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("", 0),
        ("plain words.", 0),
        ("a word", 0),
        ("I", 1),
        ("see AWS_KEY", 7),
        ("see AWS_KEY_abc", 11),
        ("AWS_KEY is", 0),
        (TOKEN, 0),
        (EMAIL, len(EMAIL)),  # its last letter may begin the next one
        (EMAIL + ".", 0),
        ("an e", 1),
        ("an email-", 6),
        ("an email-abc!", 0),
        (EMAIL[:-1], len(EMAIL) - 1),
        (EMAIL[:22], 22),
        ("A" * 500, STAND_IN_CHARS_MAX - 1),
    ],
)
def test_only_what_can_still_become_one_is_held(text: str, held: int) -> None:
    assert len(text) - held_from(text) == held
