"""The public keys of an issuer, read from its JWKS document.

Owns which keys may prove a token at all. Never takes a key from a token's own header (`jwk`, `jku`, `x5c`), never a
shared secret, and never guesses between two keys of one id. Cryptography is joserfc's over pyca/cryptography.
Source: RFC 7517; RFC 8725 section 3.1 (each key is used with the algorithms of its own kind alone).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from stockade.core.limits import ISSUER_BYTES_MAX, ISSUER_KEYS_MAX

RSA_BITS_MIN = 2048
"""Shorter RSA keys prove nothing (RFC 7518, 3.3)."""

_CURVES = {"P-256": frozenset({"ES256"}), "P-384": frozenset({"ES384"}), "Ed25519": frozenset({"Ed25519", "EdDSA"})}

PublicKey = RSAKey | ECKey | OKPKey


class IssuerKeysError(ValueError):
    """A document that is no set of keys. Its sentence quotes nothing of the document."""


class SigningKey(NamedTuple):
    """One key and the algorithms that it may be used with."""

    id: str
    algorithms: frozenset[str]
    key: PublicKey


class IssuerKeys:
    """The keys of one issuer at one moment. `digest` is of the whole document: equal digest, equal keys."""

    __slots__ = ("_keys", "digest")

    def __init__(self, keys: tuple[SigningKey, ...], digest: bytes = b"") -> None:
        """Take keys over. Fails: IssuerKeysError when two of one kind have one id: nobody knows which is meant."""
        self.digest = digest
        self._keys = keys
        named = [(key.id, key.algorithms) for key in keys]
        if len(set(named)) < len(named):
            raise IssuerKeysError("two keys have the same id")

    def __len__(self) -> int:
        """Return the number of keys that can prove a token."""
        return len(self._keys)

    def find(self, key_id: str, algorithm: str) -> PublicKey | None:
        """Return the one key that a token's header means; without an id only where one alone fits."""
        fitting = [each for each in self._keys if algorithm in each.algorithms and key_id in ("", each.id)]
        return fitting[0].key if len(fitting) == 1 else None


def read_keys(document: bytes) -> IssuerKeys:
    """Return the keys of a JWKS document. Keys for other uses and of unknown kinds are left out, as RFC 7517 5 asks.

    Fails: IssuerKeysError for a document that is too large, no JWKS, or holds two keys of one id.
    """
    if len(document) > ISSUER_BYTES_MAX:
        raise IssuerKeysError(f"larger than {ISSUER_BYTES_MAX} bytes")
    try:
        told = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise IssuerKeysError("no JSON") from error
    keys = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise IssuerKeysError("no set of keys")
    if len(keys) > ISSUER_KEYS_MAX:
        raise IssuerKeysError(f"more than {ISSUER_KEYS_MAX} keys")
    found = [key for key in (_signing_key(each) for each in keys) if key is not None]
    return IssuerKeys(tuple(found), sha256(document).digest())


def _signing_key(told: Mapping[str, Any]) -> SigningKey | None:
    """Return one key, None for one that is for something else or cannot be used."""
    kind, key_id = told.get("kty"), told.get("kid", "")
    if kind not in ("RSA", "EC", "OKP") or told.get("use", "sig") != "sig" or not isinstance(key_id, str):
        return None
    operations = told.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    # What is private in a published key is no business of ours, and certificates are not looked at.
    plain = {name: told[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in told}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # short keys are left out below, not warned of
            key = import_key(plain)
            algorithms = _algorithms(key)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    told_algorithm = told.get("alg")
    if told_algorithm is not None:
        algorithms &= {told_algorithm} if isinstance(told_algorithm, str) else set()
    return SigningKey(key_id, algorithms, key) if algorithms and isinstance(key, PublicKey) else None


def _algorithms(key: Any) -> frozenset[str]:
    if isinstance(key, RSAKey):
        return frozenset({"RS256", "PS256"}) if key.public_key.key_size >= RSA_BITS_MIN else frozenset()
    if isinstance(key, ECKey | OKPKey):
        return _CURVES.get(key.curve_name, frozenset())
    return frozenset()
