import dataclasses
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.identity.keys import ENTROPY_BYTES, KeyRecord, generate_key, is_well_formed

CHANCE = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)


@given(CHANCE)
def test_a_key_has_the_written_form(entropy: bytes) -> None:
    made = generate_key(entropy, name="n", tenant="t", created_at_s=5)
    prefix, key_id, secret = made.text.rsplit("-", 2)
    assert (prefix, key_id, len(key_id), len(secret)) == ("sk-stockade", made.record.id, 8, 43)
    assert is_well_formed(made.text)
    assert made.record == KeyRecord(key_id, "n", "t", sha256(made.text.encode()).digest(), 5)


@given(CHANCE, st.data())
def test_a_typing_error_is_seen(entropy: bytes, data: st.DataObject) -> None:
    text = generate_key(entropy, name="n", tenant="t", created_at_s=0).text
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from("0aZ_-").filter(lambda character: character != text[place]))
    assert not is_well_formed(text[:place] + wrong + text[place + 1 :])
    assert not is_well_formed(text[:place])


def test_the_same_chance_makes_the_same_key_and_other_chance_another() -> None:
    texts = {generate_key(bytes([n]) * ENTROPY_BYTES, name="n", tenant="t", created_at_s=0).text for n in (1, 1, 2, 3)}
    assert len(texts) == 3


def test_neither_key_nor_digest_is_in_a_repr() -> None:
    made = generate_key(bytes(range(ENTROPY_BYTES)), name="n", tenant="t", created_at_s=0)
    assert made.text not in repr(made)
    assert repr(made.record.digest) not in repr(made)


@pytest.mark.parametrize(
    "change",
    [
        *({"name": name} for name in ("", " a", "a\n", "x" * 121)),
        *({"tenant": tenant} for tenant in ("", "A", "a/b", "a-", "x" * 64)),
        {"digest": b"short"},
        {"id": ""},
    ],
)
def test_a_record_that_would_make_an_empty_principal_is_refused(change: dict[str, object]) -> None:
    record = generate_key(bytes(ENTROPY_BYTES), name="n", tenant="t", created_at_s=0).record
    with pytest.raises(ValueError, match=r"a (?:key|tenant)"):
        dataclasses.replace(record, **change)  # type: ignore[arg-type]
