from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.recording.recording import Tape


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=9), st.integers(0, 60))
def test_a_tape_keeps_all_or_nothing(pieces: list[bytes], bytes_max: int) -> None:
    tape = Tape(bytes_max)
    for piece in pieces:
        tape.add(piece)
    assert tape.over is (sum(map(len, pieces)) > bytes_max)
    assert tape.pieces == ([] if tape.over else pieces)
    assert not tape.whole
    tape.add(b"")
    assert tape.whole


def test_a_tape_without_room_is_over_from_the_start() -> None:
    assert Tape(-1).over
    assert not Tape(0).over
