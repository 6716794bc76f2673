from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from stockade.core.errors import UnauthenticatedError
from stockade.guard.identity import SignIn
from stockade.guard.identity.signin import (
    ENTROPY_BYTES,
    SIGN_IN_S,
    Client,
    authorization_url,
    begin,
    code_form,
    code_of,
)
from stockade.testing.issuer import sign
from tests.guard.identity.forging import CLAIMS, NOW, URL, key, people

BEGUN = begin(bytes(range(ENTROPY_BYTES)), URL, "http://127.0.0.1:1/callback", int(NOW))
CLIENT = Client("gate", ("openid", "offline_access"), "https://gate.example/")
MADE = SignIn("gate", BEGUN.nonce)


def test_the_browser_takes_along_what_ties_the_answer_to_this_sign_in() -> None:
    asked = {
        name: values[0]
        for name, values in parse_qs(urlsplit(authorization_url(URL + "/a?x=1", CLIENT, BEGUN)).query).items()
    }
    assert asked["x"] == "1"
    assert (asked["state"], asked["nonce"], asked["code_challenge_method"]) == (BEGUN.state, BEGUN.nonce, "S256")
    digest = sha256(BEGUN.verifier.encode()).digest()
    assert asked["code_challenge"] == urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert BEGUN.verifier not in authorization_url(URL, CLIENT, BEGUN)
    assert code_form("abc", CLIENT, BEGUN)["code_verifier"] == BEGUN.verifier


def test_two_sign_ins_share_nothing() -> None:
    other = begin(bytes(range(100, 100 + ENTROPY_BYTES)), URL, "http://127.0.0.1:1/callback", int(NOW))
    assert len({BEGUN.state, BEGUN.nonce, BEGUN.verifier, other.state, other.verifier}) == 5
    assert 43 <= len(BEGUN.verifier) <= 128  # RFC 7636, 4.1


@pytest.mark.parametrize(
    ("answer", "at_s"),
    [
        ({"code": "a"}, NOW),
        ({"code": "a", "state": ""}, NOW),
        ({"code": "a", "state": "ü"}, NOW),
        ({"code": "", "state": BEGUN.state}, NOW),
        ({"code": "a" * 5000, "state": BEGUN.state}, NOW),
        ({"code": "a", "state": BEGUN.state, "iss": "https://evil.test"}, NOW),
        ({"code": "a", "state": BEGUN.state, "error": "x"}, NOW),
        ({"code": "a", "state": BEGUN.state}, NOW + SIGN_IN_S + 1),
        ({"code": "a", "state": BEGUN.state}, NOW - 1),
    ],
)
def test_an_answer_that_is_not_to_this_sign_in_holds_no_code(answer: dict[str, str], at_s: float) -> None:
    with pytest.raises(UnauthenticatedError):
        code_of(answer, BEGUN, at_s)
    assert code_of({"code": "a", "state": BEGUN.state, "iss": URL}, BEGUN, NOW) == "a"


def identity(header: dict[str, Any] | None = None, **changed: Any) -> bytes:
    claims = {**CLAIMS, "aud": "gate", "nonce": BEGUN.nonce, **changed}
    told = {name: value for name, value in claims.items() if value is not None}
    return sign(key(), told, header={"typ": "JWT", **(header or {})}).encode()


def test_an_id_token_of_this_sign_in_proves_who_signed_in() -> None:
    assert people().prove(identity(), NOW, MADE).principal.name == "anna@example.com"
    assert people().prove(identity(aud=["gate", "other"], azp="gate"), NOW, MADE).issuer == URL


@pytest.mark.parametrize(
    ("header", "changed"),
    [
        ({}, {"nonce": "another"}),
        ({}, {"nonce": None}),
        ({}, {"nonce": 7}),
        ({}, {"aud": "stockade"}),
        ({}, {"aud": ["gate", "other"]}),
        ({}, {"aud": ["gate", "other"], "azp": "other"}),
        ({}, {"exp": NOW - 100}),
        ({}, {"iss": "https://evil.test"}),
        ({"typ": "at+jwt"}, {}),
        ({"typ": "logout+jwt"}, {}),
    ],
)
def test_an_id_token_of_another_sign_in_proves_nothing(header: dict[str, Any], changed: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        people().prove(identity(header, **changed), NOW, MADE)


def test_an_id_token_is_no_key_to_the_gate() -> None:
    with pytest.raises(UnauthenticatedError, match="kind of token"):
        people().prove(identity(aud="stockade"), NOW)
