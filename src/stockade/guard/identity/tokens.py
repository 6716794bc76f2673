"""Bearer tokens: JSON Web Tokens (RFC 7519) that an issuer signed for this gate.

Owns what is checked and in which order: size, form, algorithm, key, signature, then every claim. Time and keys are
arguments. Nothing of a token is believed before its signature holds; until then it only says which key to try.
Source: RFC 8725 (best practices), RFC 9068 (access tokens), OpenID Connect Core 2 and 3.1.3.7; read November 2026.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, NamedTuple

import orjson
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, deserialize_compact

from stockade.core.errors import UnauthenticatedError
from stockade.core.limits import CLAIM_CHARS_MAX, CLAIMS_MAX, TOKEN_BYTES_MAX
from stockade.core.principal import Principal
from stockade.guard.identity.issuer_keys import PublicKey
from stockade.guard.identity.issuers import Issuer, TokenKind, person
from stockade.guard.identity.revocations import token_digest

_HEADER_BYTES_MAX = 4096
_PART = re.compile(rb"[A-Za-z0-9_-]+")  # the decoder would pass over whatever else stands there
_TIME_MAX_S = 2**40  # some 35,000 years: past it a float no longer counts seconds
_ACCESS_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_PLAIN_TYPES = frozenset({"", "jwt", "application/jwt"})
_IDENTITY_SIGNS = ("nonce", "at_hash", "c_hash", "s_hash")
"""Claims that only ID tokens bear (OpenID Connect Core 2, 3.1.3.6, 3.3.2.11)."""


class _Chosen(JWSRegistry):
    """joserfc's checks, with the algorithm chosen by us: the name stands on the issuer's list when this is asked."""

    max_header_length = _HEADER_BYTES_MAX

    def get_alg(self, name: str) -> Any:
        """Return the algorithm, without the warning that EdDSA has been called Ed25519 since RFC 9864."""
        return self.algorithms[name]


_CHOSEN = _Chosen(strict_check_header=False)


class Token(NamedTuple):
    """A token as it was read. Unproven: good for nothing but finding the issuer and the key to try."""

    text: bytes
    algorithm: str
    key_id: str
    type: str
    issuer: str
    claims: Mapping[str, Any]


class SignIn(NamedTuple):
    """What an ID token must have been made for: a client of the issuer, and one sign-in of it."""

    client_id: str
    nonce: str


class Proof(NamedTuple):
    """What a token proved: who calls, until and since when (Unix seconds), which token it was (a digest, or "")."""

    principal: Principal
    expires_at_s: float
    issued_at_s: float
    token: str
    issuer: str


def is_token(credential: bytes) -> bool:
    """Say whether a credential looks like a JWT; keys of the gate never do."""
    return credential.startswith(b"eyJ") and credential.count(b".") == 2


def read_token(text: bytes) -> Token:
    """Return what a token says of itself. Fails: UnauthenticatedError for what is too large or no signed token."""
    if len(text) > TOKEN_BYTES_MAX:
        raise UnauthenticatedError(
            f"The token is larger than {TOKEN_BYTES_MAX} bytes.",
            hint="Have the issuer send only the groups that concern this gate.",
        )
    parts = text.split(b".")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise UnauthenticatedError("The token is not signed, or not written as a token is.")
    header, claims = _object(parts[0]), _object(parts[1])
    if len(parts[0]) > _HEADER_BYTES_MAX or len(claims) > CLAIMS_MAX:
        raise UnauthenticatedError(f"The token has a header or claims past their bound ({CLAIMS_MAX} claims).")
    if "crit" in header or "b64" in header:
        raise UnauthenticatedError("The token asks for an extension that this gate does not know.")
    algorithm, key_id, kind = (header.get(name, "") for name in ("alg", "kid", "typ"))
    issuer = claims.get("iss")
    if not all(isinstance(each, str) and len(each) <= CLAIM_CHARS_MAX for each in (algorithm, key_id, kind, issuer)):
        raise UnauthenticatedError("The token's header or issuer is malformed.")
    assert isinstance(issuer, str)
    return Token(text, algorithm, key_id, kind.lower(), issuer, claims)


def verify_token(token: Token, issuer: Issuer, key: PublicKey, now_s: float) -> Proof:
    """Return what `token` proves. Contract: everything of `Proof` was signed by `key`, an issuer's key of this moment.

    Fails: UnauthenticatedError that says which check failed and quotes nothing of the token.
    """
    _check_signature(token, issuer, key)
    claims = token.claims
    if token.issuer != issuer.url:
        raise UnauthenticatedError("The token was issued by somebody else.")
    _check_kind(token, issuer)
    check_audience(claims, issuer.audiences)
    expires_at_s, issued_at_s = check_times(claims, issuer, now_s)
    token_id = claims.get("jti", "")
    if not isinstance(token_id, str) or len(token_id) > CLAIM_CHARS_MAX:
        raise UnauthenticatedError("The token's id is malformed.")
    return Proof(
        person(issuer, claims),
        expires_at_s + issuer.skew_s,
        issued_at_s,
        token_digest(issuer.url, token_id) if token_id else "",
        issuer.url,
    )


def verify_identity(token: Token, issuer: Issuer, key: PublicKey, sign_in: SignIn, now_s: float) -> Proof:
    """Return what an ID token proves that was given to us at a sign-in. Fails: UnauthenticatedError.

    Source: OpenID Connect Core 3.1.3.7: made for this client, by this issuer, and for this very sign-in (nonce).
    """
    _check_signature(token, issuer, key)
    claims = token.claims
    if token.issuer != issuer.url or token.type not in _PLAIN_TYPES:
        raise UnauthenticatedError("The issuer gave no ID token of its own.")
    check_audience(claims, frozenset({sign_in.client_id}))
    if isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1 and claims.get("azp") != sign_in.client_id:
        raise UnauthenticatedError("The ID token was made for another client.")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), sign_in.nonce.encode()):
        raise UnauthenticatedError("The ID token belongs to another sign-in.", hint="Begin again.")
    expires_at_s, issued_at_s = check_times(claims, issuer, now_s)
    return Proof(person(issuer, claims), expires_at_s, issued_at_s, "", issuer.url)


def check_audience(claims: Mapping[str, Any], wanted: frozenset[str]) -> None:
    """Refuse a token that was made for another service. Fails: UnauthenticatedError."""
    told = claims.get("aud")
    audiences = [told] if isinstance(told, str) else told
    if not isinstance(audiences, list) or not any(isinstance(each, str) and each in wanted for each in audiences):
        raise UnauthenticatedError(
            "The token was made for another service.", hint="Its audience must be one of the issuer's `audiences:`."
        )


def check_times(claims: Mapping[str, Any], issuer: Issuer, now_s: float) -> tuple[float, float]:
    """Return when the token ends and when it was issued. Fails: UnauthenticatedError outside that span."""
    expires_at_s, issued_at_s = _time(claims, "exp"), _time(claims, "iat")
    if now_s >= expires_at_s + issuer.skew_s:
        raise UnauthenticatedError("The token has expired.", hint="Sign in again, or refresh it.")
    begins_at_s = _time(claims, "nbf") if "nbf" in claims else issued_at_s
    if now_s < max(issued_at_s, begins_at_s) - issuer.skew_s:
        raise UnauthenticatedError("The token is not valid yet.", hint="Do the clocks of issuer and gate agree?")
    if expires_at_s - issued_at_s > issuer.lifetime_max_s:
        raise UnauthenticatedError(
            "The token lives longer than this gate allows.", hint="See `lifetime_max_s:` of the issuer."
        )
    return expires_at_s, issued_at_s


def _check_signature(token: Token, issuer: Issuer, key: PublicKey) -> None:
    if token.algorithm not in issuer.algorithms:
        raise UnauthenticatedError("The token is signed by an algorithm that this gate does not take.")
    try:
        deserialize_compact(token.text, key, registry=_CHOSEN)
    except (JoseError, ValueError, TypeError) as error:
        raise UnauthenticatedError("The token's signature does not fit.") from error


def _check_kind(token: Token, issuer: Issuer) -> None:
    """Refuse a kind of token that configuration does not take: one made for a sign-in is no key to an interface."""
    claims = token.claims
    if token.type in _ACCESS_TYPES:
        kind = TokenKind.ACCESS
    elif token.type not in _PLAIN_TYPES:
        raise UnauthenticatedError("The token is of a type that this gate does not know.")
    elif claims.get("typ") == "ID" or any(sign in claims for sign in _IDENTITY_SIGNS):
        kind = TokenKind.IDENTITY
    else:
        kind = TokenKind.PLAIN
    if kind is TokenKind.PLAIN and kind not in issuer.kinds:
        kind = TokenKind.IDENTITY  # an ID token need not bear any sign of one
    if kind not in issuer.kinds:
        raise UnauthenticatedError(
            "The gate does not take this kind of token from its issuer.", hint="See `tokens:` of the issuer."
        )


def _object(part: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except ValueError as error:
        raise UnauthenticatedError("The token cannot be read.") from error
    if not isinstance(found, dict):
        raise UnauthenticatedError("The token cannot be read.")
    return found


def _time(claims: Mapping[str, Any], name: str) -> float:
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < _TIME_MAX_S:
        raise UnauthenticatedError(f"The token does not say its time ({name}).")
    return float(found)
