"""What a token must be: each check on its own, with a token that fails this check alone."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import UnauthenticatedError
from stockade.core.limits import CLAIMS_MAX, TOKEN_BYTES_MAX
from stockade.guard.identity import TokenKind, read_keys
from stockade.guard.identity.tokens import is_token, read_token
from stockade.testing.issuer import sign
from tests.guard.identity.forging import (
    CLAIMS,
    ISSUER,
    NOW,
    document,
    key,
    people,
    published,
    taking,
    token,
    written,
)


def why_not(text: bytes, now_s: float = NOW, **how: Any) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        people(**how).prove(text, now_s)
    assert "anna" not in caught.value.message
    assert text.decode("latin-1") not in caught.value.message
    return caught.value.public


def test_a_token_proves_who_calls() -> None:
    proof = people().prove(token(), NOW)
    assert proof.principal.kind == "person"
    assert (proof.principal.name, proof.principal.tenant) == ("anna@example.com", "default")
    assert proof.principal.teams == ("engineering", "payments")
    assert proof.expires_at_s == NOW + 600 + ISSUER.skew_s


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"iss": "https://login.example.com/"}, "does not know the issuer"),
        ({"iss": "https://evil.example.com"}, "does not know the issuer"),
        ({"aud": "another"}, "another service"),
        ({"aud": ["another", 7]}, "another service"),
        ({"aud": None}, "another service"),
        ({"aud": "stockade2"}, "another service"),
        ({"exp": NOW - 61}, "expired"),
        ({"nbf": NOW + 61}, "not valid yet"),
        ({"iat": NOW + 61, "exp": NOW + 100}, "not valid yet"),
        ({"exp": NOW + 90_000}, "lives longer"),
        ({"exp": "tomorrow"}, "its time (exp)"),
        ({"exp": True}, "its time (exp)"),
        ({"exp": 1e300}, "its time (exp)"),
        ({"iat": -1}, "its time (iat)"),
        ({"nbf": "x"}, "its time (nbf)"),
        ({"sub": ""}, "no subject"),
        ({"sub": 7}, "no subject"),
        ({"sub": "x" * 600}, "no subject"),
        ({"jti": 7}, "id is malformed"),
        ({"groups": {"a": 1}}, "no list of texts"),
        ({"groups": ["a", 1]}, "no list of texts"),
        ({"groups": ["x" * 600]}, "longer than 512"),
        ({"groups": ["g"] * 501}, "more than 500 groups"),
        ({f"claim{number}": 1 for number in range(CLAIMS_MAX)}, "past their bound"),
    ],
)
def test_a_claim_that_is_wrong_is_told(changed: dict[str, Any], words: str) -> None:
    assert words in why_not(token(**changed))


@pytest.mark.parametrize("missing", ["exp", "iat", "sub", "aud", "iss"])
def test_a_claim_that_must_be_there_is_missed(missing: str) -> None:
    assert why_not(token(drop=(missing,)))


def test_ten_thousand_groups_are_refused_with_a_clear_word() -> None:
    text = token(groups=[f"group-{number}" for number in range(10_000)])
    assert len(text) > TOKEN_BYTES_MAX
    assert "larger than 16384 bytes" in why_not(text)


@pytest.mark.parametrize("at_s", [NOW + 659, NOW - 119])
def test_clocks_may_differ_a_little(at_s: float) -> None:
    assert people().prove(token(), at_s).principal.name


@pytest.mark.parametrize("at_s", [NOW + 660, NOW - 121, 0.0, 1e12])
def test_a_clock_that_jumps_ends_tokens_and_opens_nothing(at_s: float) -> None:
    assert why_not(token(), at_s)


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"alg": "RS512"}, {"alg": ""}, {"alg": 5}, {}, {"alg": "rs256"}],
)
def test_an_algorithm_that_proves_nothing_is_refused(header: dict[str, Any]) -> None:
    assert why_not(written({"kid": "first", "typ": "at+jwt", **header}, CLAIMS))


def test_an_unsigned_token_is_refused() -> None:
    text = written({"alg": "none", "typ": "at+jwt"}, CLAIMS)
    assert "not signed" in why_not(text.rpartition(b".")[0] + b".")
    assert "algorithm" in why_not(text)


def test_the_public_key_is_no_shared_secret() -> None:
    for secret in (key().as_pem(private=False), document(key())):
        unsigned = written({"alg": "HS256", "kid": "first", "typ": "at+jwt"}, CLAIMS).rpartition(b".")[0]
        signature = urlsafe_b64encode(hmac.digest(secret, unsigned, "sha256")).rstrip(b"=")
        assert "algorithm" in why_not(unsigned + b"." + signature)


def test_a_key_in_the_header_is_not_believed() -> None:
    own = key("RSA", "own")
    forged = sign(own, CLAIMS, header={"kid": "first", "jwk": own.as_dict(private=False), "jku": "https://x.test"})
    assert "signature" in why_not(forged.encode())


def test_every_algorithm_of_the_list_is_believed_with_its_own_key_alone() -> None:
    for kind, algorithms in {
        "RSA": ("RS256", "PS256"),
        "P-256": ("ES256",),
        "P-384": ("ES384",),
        "Ed25519": ("EdDSA", "Ed25519"),
    }.items():
        keys = read_keys(document(key(kind, "k")))
        for algorithm in algorithms:
            signed = sign(key(kind, "k"), CLAIMS, algorithm=algorithm).encode()
            assert people(keys=keys).prove(signed, NOW).principal.name
            assert why_not(signed)


@pytest.mark.parametrize(
    "header",
    [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False}, {"typ": "JOSE"}, {"typ": "logout+jwt"}, {"typ": 7}],
)
def test_a_header_that_asks_for_more_is_refused(header: dict[str, Any]) -> None:
    assert why_not(written({"alg": "RS256", "kid": "first", "typ": "at+jwt", **header}, CLAIMS))


@pytest.mark.parametrize(
    ("kinds", "header", "claims", "taken"),
    [
        ((TokenKind.ACCESS,), {"typ": "at+jwt"}, {}, True),
        ((TokenKind.ACCESS,), {"typ": "application/AT+JWT"}, {}, True),
        ((TokenKind.ACCESS,), {"typ": "JWT"}, {}, False),
        ((TokenKind.ACCESS,), {"typ": ""}, {}, False),
        ((TokenKind.PLAIN,), {"typ": "JWT"}, {}, True),
        ((TokenKind.PLAIN,), {"typ": ""}, {}, True),
        ((TokenKind.PLAIN,), {"typ": "JWT"}, {"nonce": "n"}, False),
        ((TokenKind.PLAIN,), {"typ": "JWT"}, {"at_hash": "n"}, False),
        ((TokenKind.PLAIN,), {"typ": "JWT"}, {"typ": "ID"}, False),
        ((TokenKind.PLAIN,), {"typ": "at+jwt"}, {}, False),
        ((TokenKind.IDENTITY,), {"typ": "JWT"}, {"nonce": "n"}, True),
        ((TokenKind.IDENTITY,), {"typ": "JWT"}, {}, True),
        ((TokenKind.IDENTITY,), {"typ": "at+jwt"}, {}, False),
        ((TokenKind.PLAIN, TokenKind.IDENTITY), {"typ": "JWT"}, {"nonce": "n"}, True),
    ],
)
def test_only_the_configured_kinds_are_taken(
    kinds: tuple[TokenKind, ...], header: dict[str, Any], claims: dict[str, Any], taken: bool
) -> None:
    text = token(header=header, **claims)
    if taken:
        assert people(taking(*kinds)).prove(text, NOW).principal.name
    else:
        assert "kind of token" in why_not(text, issuer=taking(*kinds))


@given(st.binary(max_size=200))
def test_nonsense_is_no_token(noise: bytes) -> None:
    with pytest.raises(UnauthenticatedError):
        read_token(noise)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_proves_nothing(at: int, to: int) -> None:
    good = token()
    changed = bytearray(good)
    changed[at % len(good)] = to
    if bytes(changed) != good:
        # The last letter may hold bits that decode to nothing; then it is the same signature written otherwise.
        same_signature = at % len(good) == len(good) - 1
        try:
            people().prove(bytes(changed), NOW)
        except UnauthenticatedError:
            return
        assert same_signature


@pytest.mark.parametrize(
    ("text", "answer"),
    [(b"eyJ.a.b", True), (b"eyJhbGciOi", False), (b"sk-stockade-a.b.c", False), (b"eyJ.a.b.c.d", False)],
)
def test_what_looks_like_a_token(text: bytes, answer: bool) -> None:
    assert is_token(text) is answer


def test_the_keys_of_this_moment_alone_are_asked() -> None:
    assert published().find("first", "RS256") is not None
    assert published().find("second", "RS256") is None
