import dataclasses
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import UnauthenticatedError
from stockade.core.principal import Principal
from stockade.guard.identity.keyring import Keyring, credential_of
from stockade.guard.identity.keys import ENTROPY_BYTES, generate_key

ANNA = generate_key(b"a" * ENTROPY_BYTES, name="anna", tenant="acme", created_at_s=0)
BEN = generate_key(b"b" * ENTROPY_BYTES, name="ben", tenant="default", created_at_s=0)
GONE = generate_key(b"c" * ENTROPY_BYTES, name="gone", tenant="default", created_at_s=0)
RING = Keyring([ANNA.record, BEN.record, dataclasses.replace(GONE.record, revoked_at_s=9)], generation=3)
KEY = ANNA.text.encode()


def authenticate(headers: Iterable[tuple[bytes, bytes]], ring: Keyring) -> Principal:
    return ring.principal(credential_of(headers))


def why_not(*headers: tuple[bytes, bytes]) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        authenticate(headers, RING)
    assert ANNA.text not in caught.value.message
    return caught.value.public


@pytest.mark.parametrize(
    "headers",
    [
        [(b"authorization", b"Bearer " + KEY)],
        [(b"Authorization", b"bearer  " + KEY + b" ")],
        [(b"x-api-key", KEY)],
        [(b"X-Api-Key", KEY), (b"authorization", b"Bearer " + KEY)],
        [(b"host", b"x"), (b"x-api-key", KEY), (b"x-api-key", KEY)],
    ],
)
def test_a_key_is_accepted_in_both_headers(headers: list[tuple[bytes, bytes]]) -> None:
    assert authenticate(headers, RING) == Principal(ANNA.record.id, "anna", "acme")


def test_two_different_keys_are_refused_in_either_order() -> None:
    ben = BEN.text.encode()
    for headers in (
        [(b"x-api-key", KEY), (b"authorization", b"Bearer " + ben)],
        [(b"x-api-key", ben), (b"x-api-key", KEY)],
    ):
        assert "two different keys" in why_not(*headers)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ([], "no key"),
        ([(b"cookie", KEY)], "no key"),
        ([(b"authorization", KEY)], "Bearer"),
        ([(b"authorization", b"")], "Bearer"),
        ([(b"authorization", b"Basic " + KEY)], "Bearer"),
        ([(b"authorization", b"Bearer")], "empty"),
        ([(b"x-api-key", b"")], "empty"),
        ([(b"x-api-key", b""), (b"authorization", b"Bearer " + KEY)], "empty"),
        ([(b"x-api-key", KEY + b" x")], "plain ASCII"),
        ([(b"x-api-key", "k\u00e9y".encode())], "plain ASCII"),
        ([(b"x-api-key", b"a\0b")], "plain ASCII"),
        ([(b"x-api-key", b"x" * 5000)], "too long"),
        ([(b"x-api-key", KEY[:-1])], "mistyped"),
        ([(b"x-api-key", KEY.swapcase())], "does not know"),
        ([(b"x-api-key", b"sk-ant-api03-x")], "does not know"),
        ([(b"x-api-key", GONE.text.encode())], "revoked"),
        (
            [(b"x-api-key", generate_key(b"z" * 40, name="z", tenant="z", created_at_s=0).text.encode())],
            "does not know",
        ),
        ([(b"x-api-key", b"' OR 1=1 --".replace(b" ", b""))], "does not know"),
    ],
)
def test_anything_else_has_no_principal(headers: list[tuple[bytes, bytes]], words: str) -> None:
    assert words in why_not(*headers)


@given(
    st.lists(st.tuples(st.sampled_from([b"authorization", b"x-api-key", b"X-API-KEY", b"a"]), st.binary(max_size=80)))
)
def test_any_headers_are_a_known_principal_or_a_refusal(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(UnauthenticatedError):
        authenticate(headers, RING)
    with pytest.raises(UnauthenticatedError):
        authenticate(headers, Keyring())


@given(st.binary(max_size=80))
def test_any_credential_is_looked_up_without_another_error(credential: bytes) -> None:
    with pytest.raises(UnauthenticatedError):
        RING.principal(b"sk-stockade-" + credential)


def test_a_keyring_counts_what_opens_and_refuses_doubles() -> None:
    assert (len(RING), RING.generation) == (2, 3)
    with pytest.raises(ValueError, match="same digest"):
        Keyring([ANNA.record, dataclasses.replace(ANNA.record, id="other", revoked_at_s=1)])
