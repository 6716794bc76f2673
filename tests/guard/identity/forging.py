"""Tokens, good and bad, for tests. Keys are made once a run: an RSA key takes a tenth of a second."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import orjson

from stockade.core.principal import Role
from stockade.guard.identity import Issuer, IssuerKeys, People, Revocations, TokenKind, read_keys
from stockade.testing.issuer import PrivateKey, make_key, sign

URL = "https://login.example.com"
NOW = 1_800_000_000.0
ISSUER = Issuer(
    URL,
    frozenset({"stockade"}),
    teams=(("eng-*", "engineering"), ("payments", "payments")),
    roles=(("gate-admins", Role.ADMIN), ("eng-*", Role.DEVELOPER)),
)
CLAIMS: dict[str, Any] = {
    "iss": URL,
    "sub": "248289761001",
    "aud": "stockade",
    "iat": NOW - 60,
    "exp": NOW + 600,
    "email": "anna@example.com",
    "jti": "one",
    "groups": ["eng-core", "payments"],
}


@cache
def key(kind: str = "RSA", key_id: str = "first") -> PrivateKey:
    return make_key(kind, key_id)


def document(*keys: PrivateKey) -> bytes:
    return orjson.dumps({"keys": [each.as_dict(private=False) for each in keys]})


@cache
def published() -> IssuerKeys:
    return read_keys(document(key()))


def people(
    issuer: Issuer = ISSUER, keys: IssuerKeys | None = None, revocations: Revocations | None = None, tokens_max: int = 8
) -> People:
    return People([issuer], {issuer.url: keys or published()}, revocations, tokens_max)


def token(*, header: dict[str, Any] | None = None, drop: tuple[str, ...] = (), **claims: Any) -> bytes:
    told = {name: value for name, value in {**CLAIMS, **claims}.items() if name not in drop}
    return sign(key(), told, header=header).encode()


def written(header: object, claims: object, signature: bytes = b"x") -> bytes:
    """Return a token with any header and claims, and a signature that is none."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)


def taking(*kinds: TokenKind) -> Issuer:
    return Issuer(URL, frozenset({"stockade"}), frozenset(kinds))
