import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.stores.sealing import Seal, SealError

SEAL = Seal(bytes(range(32)))


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_was_sealed_opens_at_its_place_only(text: bytes, place: bytes) -> None:
    sealed = SEAL.close(text, place)
    assert SEAL.open(sealed, place) == text
    assert SEAL.close(text, place) != sealed
    for seal, at in ((SEAL, place + b"x"), (Seal(bytes(32)), place)):
        with pytest.raises(SealError):
            seal.open(sealed, at)


@given(st.binary(min_size=1, max_size=50), st.data())
def test_any_change_is_seen(text: bytes, data: st.DataObject) -> None:
    sealed = bytearray(SEAL.close(text, b"p"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealError):
        SEAL.open(bytes(sealed), b"p")


@pytest.mark.parametrize("sealed", [b"", b"x" * 27])
def test_what_is_too_short_was_never_sealed(sealed: bytes) -> None:
    with pytest.raises(SealError):
        SEAL.open(sealed, b"p")
