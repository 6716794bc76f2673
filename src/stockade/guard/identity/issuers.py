"""Issuers of tokens: whom the gate believes, for whom, and what its claims make of a person.

Owns the map from claims to a principal. Reads claims that were proven already and proves nothing itself (`tokens.py`).
A person is `p-` and a digest of issuer and subject: the same in every token and record, and no name in either.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache
from hashlib import sha256
from typing import Any

from stockade.core.errors import UnauthenticatedError
from stockade.core.limits import CLAIM_CHARS_MAX, GROUPS_MAX
from stockade.core.principal import Principal, PrincipalKind, Role

ALGORITHMS = ("ES256", "ES384", "Ed25519", "EdDSA", "PS256", "RS256")
"""The signatures that are ever believed. None with a shared secret, and never `none` (RFC 8725, 3.1 and 3.2)."""


class TokenKind(StrEnum):
    """What a token calls itself; an issuer's configuration says which are taken."""

    ACCESS = "at+jwt"  # an access token of RFC 9068
    IDENTITY = "id"  # an ID token: made for a client's sign-in, taken only where nothing else is a JWT
    PLAIN = "jwt"  # an access token that says only that it is a JWT, as Keycloak, Entra and Okta write them


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer. `teams` and `roles` give what a group's name (or pattern) stands for; `members` are let in alone."""

    url: str
    audiences: frozenset[str]
    kinds: frozenset[TokenKind] = frozenset({TokenKind.ACCESS})
    algorithms: frozenset[str] = frozenset(ALGORITHMS)
    skew_s: float = 60.0
    lifetime_max_s: float = 86_400.0
    introspect_s: float = 0.0
    tenant: str = "default"
    name_claim: str = "email"
    groups_claim: str = "groups"
    members: tuple[str, ...] = ()
    teams: tuple[tuple[str, str], ...] = ()
    roles: tuple[tuple[str, Role], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would believe a token that anybody can make."""
        assert self.audiences, "an issuer without an audience would let in the tokens of every other service"
        assert self.algorithms <= set(ALGORITHMS)


def person_id(issuer: str, subject: str) -> str:
    """Return the id under which a person stands in records: `p-` and 160 bits of a digest."""
    digest = sha256(f"{issuer}\0{subject}".encode("utf-8", "surrogatepass")).digest()
    return "p-" + b32encode(digest[:20]).decode("ascii").lower()


def person(issuer: Issuer, claims: Mapping[str, Any]) -> Principal:
    """Return whom proven claims name. Fails: UnauthenticatedError for a person who is not let in, or past a bound."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= CLAIM_CHARS_MAX:
        raise UnauthenticatedError("The token names no subject.", hint="Its claim `sub` must be a text.")
    groups = _groups(issuer, claims)
    if issuer.members and not _matching(issuer.members, groups):
        raise UnauthenticatedError(
            "None of the groups in this token may use this gate.",
            hint="An administrator lists groups under `members:` of the issuer in stockade.yaml.",
        )
    teams = {team for pattern, team in issuer.teams if _matching((pattern,), groups)}
    roles = {role for pattern, role in issuer.roles if _matching((pattern,), groups)}
    return Principal(
        person_id(issuer.url, subject),
        _name(issuer, claims),
        issuer.tenant,
        PrincipalKind.PERSON,
        tuple(sorted(teams)),
        tuple(sorted(roles)),
    )


def _groups(issuer: Issuer, claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the groups that a token names: one text, or a list of texts, under the configured claim."""
    found = _claim(claims, issuer.groups_claim)
    if found is None:
        return ()
    groups = [found] if isinstance(found, str) else found
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise UnauthenticatedError("The token's claim of groups is no list of texts.")
    if len(groups) > GROUPS_MAX:
        raise UnauthenticatedError(
            f"The token names more than {GROUPS_MAX} groups.",
            hint="Have the issuer send only the groups that concern this gate.",
        )
    if any(len(group) > CLAIM_CHARS_MAX for group in groups):
        raise UnauthenticatedError(f"A group in the token is longer than {CLAIM_CHARS_MAX} characters.")
    return tuple(groups)


def _name(issuer: Issuer, claims: Mapping[str, Any]) -> str:
    """Return a name to show, "" where the token gives none that can be shown."""
    found = _claim(claims, issuer.name_claim)
    return found if isinstance(found, str) and found.isprintable() and len(found) <= 120 else ""


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim: of exactly this name, or inside sections where the name has dots (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _matching(patterns: tuple[str, ...], groups: tuple[str, ...]) -> bool:
    return any(_pattern(pattern).fullmatch(group) for pattern in patterns for group in groups)


@lru_cache(maxsize=1024)  # patterns are of the configuration, so they are few
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
