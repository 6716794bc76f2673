from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, RSAKey

from stockade.core.limits import ISSUER_BYTES_MAX, ISSUER_KEYS_MAX
from stockade.guard.identity.issuer_keys import IssuerKeysError, read_keys
from tests.guard.identity.forging import document, key


def told(**changed: object) -> dict[str, object]:
    return {**key().as_dict(private=False), **changed}


def test_keys_are_found_by_id_and_algorithm() -> None:
    keys = read_keys(document(key(), key("P-256", "curve")))
    assert len(keys) == 2
    assert keys.find("first", "RS256") is not None
    assert keys.find("first", "ES256") is None
    assert keys.find("curve", "ES256") is not None
    assert keys.find("", "ES256") is not None
    assert keys.find("other", "RS256") is None


def test_without_an_id_two_that_fit_are_none() -> None:
    assert read_keys(document(key(), key("RSA", "second"))).find("", "RS256") is None


def test_the_digest_is_of_the_whole_document() -> None:
    one = document(key())
    assert read_keys(one).digest == read_keys(one).digest
    assert read_keys(one).digest != read_keys(one + b" ").digest


@pytest.mark.parametrize(
    "unfit",
    [
        told(use="enc"),
        told(key_ops=["encrypt"]),
        told(key_ops="verify"),
        told(alg="RS512"),
        told(alg=7),
        told(kid=7),
        told(n="!"),
        told(n=None),
        told(e=""),
        told(kty="EC"),
        told(kty=["RSA"]),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "first"},
        {**key("P-256", "c").as_dict(private=False), "x": "AA"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {},
    ],
)
def test_what_cannot_prove_a_token_is_left_out(unfit: dict[str, object]) -> None:
    keys = read_keys(orjson.dumps({"keys": [unfit, key("RSA", "good").as_dict(private=False)]}))
    assert len(keys) == 1
    assert keys.find("first", "RS256") is None
    assert keys.find("good", "RS256") is not None


def test_a_short_key_and_a_shared_secret_prove_nothing() -> None:
    with pytest.warns(SecurityWarning):
        short = RSAKey.generate_key(1024, {"kid": "short"})
    secret = OctKey.generate_key(256, {"kid": "secret"})
    keys = read_keys(orjson.dumps({"keys": [short.as_dict(private=False), secret.as_dict(private=True)]}))
    assert len(keys) == 0


@pytest.mark.parametrize(
    ("garbage", "words"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"[]", "no set of keys"),
        (b'{"keys":{}}', "no set of keys"),
        (b'{"keys":["x"]}', "no set of keys"),
        (b" " * (ISSUER_BYTES_MAX + 1), "larger than"),
        (orjson.dumps({"keys": [{}] * (ISSUER_KEYS_MAX + 1)}), "more than"),
        (orjson.dumps({"keys": [told(), told()]}), "same id"),
        (orjson.dumps({"keys": [told(), key("RSA", "second").as_dict(private=False) | {"kid": "first"}]}), "same id"),
    ],
)
def test_a_document_that_is_none_is_refused_whole(garbage: bytes, words: str) -> None:
    with pytest.raises(IssuerKeysError, match=words):
        read_keys(garbage)


@given(
    st.dictionaries(
        st.sampled_from(["kty", "n", "e", "crv", "x", "y", "kid", "use", "alg"]),
        st.text() | st.integers(-(2**60), 2**60),
    )
)
def test_no_key_breaks_the_reading(noise: dict[str, object]) -> None:
    assert len(read_keys(orjson.dumps({"keys": [noise, {**key().as_dict(private=False), **noise}]}))) <= 2
