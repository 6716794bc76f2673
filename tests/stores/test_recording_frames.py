from __future__ import annotations

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from stockade.stores.recording_frames import Damage, Frame, Label, frame, header, place, read_header, sealed_at, walk

LABEL = Label("acme", "2026-11-22", "00" * 8, "11" * 16)
SEALED = st.lists(st.binary(min_size=1, max_size=120), max_size=6)


def file_of(sealed: list[bytes]) -> bytes:
    return header(LABEL) + b"".join(frame(each) for each in sealed)


def walked(raw: bytes) -> list[bytes | Damage | None]:
    file = BytesIO(raw)
    found = read_header(file)
    assert found is not None
    return [sealed_at(file, each) if isinstance(each, Frame) else each for each in walk(file, found[1], len(raw))]


@given(SEALED)
def test_what_was_framed_is_found(sealed: list[bytes]) -> None:
    raw = file_of(sealed)
    found = read_header(BytesIO(raw))
    assert found == (LABEL, len(header(LABEL)))
    assert walked(raw) == sealed


@given(SEALED, st.binary(min_size=1, max_size=200), st.data())
def test_a_file_cut_anywhere_gives_the_frames_before_the_cut_and_says_so(
    sealed: list[bytes], last: bytes, data: st.DataObject
) -> None:
    whole = file_of(sealed)
    end = len(whole) + data.draw(st.integers(1, len(frame(last)) - 1))
    assert walked((whole + frame(last))[:end]) == [*sealed, Damage(len(whole), end, torn=True)]


@given(SEALED, st.binary(min_size=1, max_size=200), SEALED.filter(bool), st.data())
def test_any_changed_byte_is_damage_and_what_follows_is_found(
    before: list[bytes], hurt: bytes, after: list[bytes], data: st.DataObject
) -> None:
    start = len(file_of(before))
    raw = bytearray(file_of([*before, hurt, *after]))
    position = start + data.draw(st.integers(0, len(frame(hurt)) - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    found = walked(bytes(raw))
    # A changed size or mark is a stretch without a frame; a changed content is a frame whose check does not hold.
    assert found[: len(before)] == before
    assert found[-len(after) :] == after
    [damaged] = found[len(before) : -len(after)]
    assert damaged is None or damaged == Damage(start, start + len(frame(hurt)), torn=False)


def test_a_foreign_file_has_no_label() -> None:
    for raw in b"", b"STOCKREC", b"stockrec" + header(LABEL)[8:], header(LABEL)[:-1], b"STOCKADE" + bytes(40):
        assert read_header(BytesIO(raw)) is None


def test_each_place_is_another() -> None:
    places = {place(LABEL, 1), place(LABEL, 2)}
    places |= {place(LABEL._replace(**{name: "x"}), 1) for name in Label._fields}
    assert len(places) == 2 + len(Label._fields)
