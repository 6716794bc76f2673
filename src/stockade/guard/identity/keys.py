"""API keys: what one looks like, how it is made, and what is kept of it.

A key is `sk-stockade-<id>-<secret>`: eight characters that name it in records, 37 of chance, six of a checksum by which
a mistyped key is told from an unknown one without asking anybody. Only the SHA-256 digest of the whole text is kept:
220 bits of chance need no slow hash, and a prefix in its place let keys collide (CVE-2026-35030).
Never keeps, logs or represents the text of a key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from zlib import crc32

from stockade.core.principal import Principal, Role

PREFIX = "sk-stockade-"
ENTROPY_BYTES = 40
"""Chance that one key takes: 8 bytes for its id, 32 for its secret."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_SECRET_CHARS = 37
_CHECK_CHARS = 6
_KEY = re.compile(rf"{PREFIX}([0-9a-z]{{8}})-([0-9A-Za-z]{{{_SECRET_CHARS}}})([0-9A-Za-z]{{{_CHECK_CHARS}}})")
_TENANT = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of a key. `digest` is the SHA-256 of the whole text; times are Unix seconds.

    Fails: ValueError for a name, tenant, team, workspace or role that no principal may have.
    """

    id: str
    name: str
    tenant: str
    digest: bytes = field(repr=False)
    created_at_s: int
    revoked_at_s: int | None = None
    team: str = ""
    roles: tuple[Role, ...] = ()
    workspace: str = ""
    suspended_at_s: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would become an empty or unreadable principal."""
        if not 1 <= len(self.name) <= 120 or not self.name.isprintable() or self.name.strip() != self.name:
            raise ValueError("a key's name has 1 to 120 printable characters and no space at its ends")
        if not _TENANT.fullmatch(self.tenant):
            raise ValueError(
                "a tenant has 1 to 63 characters of a-z, 0-9, '.', '_', '-' and begins and ends with a-z, 0-9"
            )
        for what, word in (("team", self.team), ("workspace", self.workspace)):
            if word and not _TENANT.fullmatch(word):
                raise ValueError(f"a {what} is named as a tenant is: 1 to 63 characters of a-z, 0-9, '.', '_', '-'")
        if not self.id or len(self.digest) != 32:
            raise ValueError("a key has an id and a whole digest")

    @property
    def revoked(self) -> bool:
        """Say whether the key opens nothing any more."""
        return self.revoked_at_s is not None

    @property
    def suspended(self) -> bool:
        """Say whether the key opens nothing until it is resumed."""
        return self.suspended_at_s is not None

    @property
    def principal(self) -> Principal:
        """Return whom the key stands for."""
        teams = (self.team,) if self.team else ()
        return Principal(
            self.id, self.name, self.tenant, teams=teams, roles=tuple(sorted(self.roles)), workspace=self.workspace
        )


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the one moment when its text is known."""

    text: str = field(repr=False)
    record: KeyRecord


def generate_key(
    entropy: bytes,
    *,
    name: str,
    tenant: str,
    created_at_s: int,
    team: str = "",
    roles: tuple[Role, ...] = (),
    workspace: str = "",
) -> NewKey:
    """Return a key made of `entropy`, and what to keep of it.

    Units: `entropy` is `ENTROPY_BYTES` from the system's source of chance.
    Fails: ValueError for a name or a tenant that no principal may have.
    """
    assert len(entropy) == ENTROPY_BYTES
    key_id = _written(int.from_bytes(entropy[:8], "big"), _ID_ALPHABET, 8)
    # 256 bits folded onto 220: the bias is below 2**-35 a key.
    secret = _written(int.from_bytes(entropy[8:], "big"), _ALPHABET, _SECRET_CHARS)
    text = f"{PREFIX}{key_id}-{secret}{_checksum(key_id, secret)}"
    record = KeyRecord(
        key_id, name, tenant, key_digest(text), created_at_s, team=team, roles=roles, workspace=workspace
    )
    return NewKey(text, record)


def key_digest(text: str) -> bytes:
    """Return the digest under which a key is kept: of all of it, never of a part."""
    return sha256(text.encode("ascii")).digest()


def is_well_formed(text: str) -> bool:
    """Say whether `text` has the form of a key and its checksum fits; a typing error changes it."""
    match = _KEY.fullmatch(text)
    return match is not None and match[3] == _checksum(match[1], match[2])


def _checksum(key_id: str, secret: str) -> str:
    return _written(crc32(f"{key_id}-{secret}".encode("ascii")), _ALPHABET, _CHECK_CHARS)


def _written(number: int, alphabet: str, length: int) -> str:
    """Return the last `length` digits of `number` in the base of `alphabet`."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))
