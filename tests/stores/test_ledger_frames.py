from hypothesis import given
from hypothesis import strategies as st

from stockade.stores.ledger_frames import Tail, frame, frames, has_header, header, next_frame, scan

PAYLOADS = st.lists(st.binary(min_size=1, max_size=200), max_size=8)


def file_of(payloads: list[bytes]) -> bytes:
    return header(1) + b"".join(frame(payload) for payload in payloads)


@given(PAYLOADS)
def test_what_was_framed_is_read(payloads: list[bytes]) -> None:
    raw = file_of(payloads)
    assert has_header(raw)
    assert [one.payload for one in frames(raw)] == payloads
    assert scan(raw) == (len(raw), len(payloads), Tail.CLEAN)


@given(PAYLOADS, st.binary(min_size=1, max_size=300), st.data())
def test_a_file_cut_anywhere_gives_the_frames_before_the_cut(
    payloads: list[bytes], last: bytes, data: st.DataObject
) -> None:
    whole = file_of(payloads)
    end = len(whole) + data.draw(st.integers(1, len(frame(last)) - 1))
    assert scan((whole + frame(last))[:end]) == (len(whole), len(payloads), Tail.TORN)


@given(PAYLOADS, st.binary(min_size=1, max_size=300), PAYLOADS.filter(bool), st.data())
def test_any_changed_byte_is_damage_and_what_follows_is_found(
    before: list[bytes], hurt: bytes, after: list[bytes], data: st.DataObject
) -> None:
    start = len(file_of(before))
    raw = bytearray(file_of([*before, hurt, *after]))
    position = start + data.draw(st.integers(0, len(frame(hurt)) - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    found = scan(bytes(raw))
    assert (found.end, found.frames, found.tail) == (start, len(before), Tail.DAMAGED)
    follows = next_frame(bytes(raw), start)
    assert follows is not None
    assert follows.payload == after[0]


def test_a_foreign_header_is_none() -> None:
    assert not has_header(b"STOCKADE")
    assert not has_header(b"stockade" + header(1)[8:])
    assert not has_header(b"")
