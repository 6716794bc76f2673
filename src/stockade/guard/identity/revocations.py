"""Revocations: people and tokens that open nothing, though an issuer still vouches for them.

An unchanging snapshot, as the keyring is one. Keeps digests: whom a revocation is about is read from records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

_SUBJECT = re.compile(r"p-[a-z2-7]{32}|[0-9a-f]{64}")


class RevocationKind(StrEnum):
    """Whom a revocation is about."""

    EVERYBODY = "everybody"  # all tokens issued before a time
    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - the name of a kind; one token, by the id that its issuer gave it (`jti`)


@dataclass(frozen=True, slots=True)
class Revocation:
    """One revocation. `subject` is a person's id, a token's digest, or "" for everybody.

    Units: `before_s` and `created_at_s` are Unix seconds; without `before_s` it holds whenever a token was issued.
    Fails: ValueError for what names nobody.
    """

    kind: RevocationKind
    subject: str
    before_s: int | None
    created_at_s: int

    def __post_init__(self) -> None:
        """Refuse a revocation that would reach nobody, or all people for ever."""
        if self.kind is RevocationKind.EVERYBODY:
            if self.subject or self.before_s is None:
                raise ValueError("everybody is revoked up to a time")
        elif not _SUBJECT.fullmatch(self.subject):
            raise ValueError("a person is named by the id that stands in records (p-...), a token by its digest")


class Revocations:
    """All revocations of one moment."""

    __slots__ = ("_before_s", "_people", "_tokens")

    def __init__(self, records: Iterable[Revocation] = ()) -> None:
        """Take the records over."""
        self._before_s = 0
        self._people: dict[str, int | None] = {}
        self._tokens: set[str] = set()
        for record in records:
            match record.kind:
                case RevocationKind.EVERYBODY:
                    self._before_s = max(self._before_s, record.before_s or 0)
                case RevocationKind.PERSON:
                    self._people[record.subject] = record.before_s
                case RevocationKind.TOKEN:
                    self._tokens.add(record.subject)

    def reached(self, person: str, token: str, issued_at_s: float) -> bool:
        """Say whether a proven token opens nothing all the same; `token` is its digest, "" where it has no id."""
        if issued_at_s < self._before_s or (token and token in self._tokens):
            return True
        if person not in self._people:
            return False
        before_s = self._people[person]
        return before_s is None or issued_at_s < before_s


def token_digest(issuer: str, token_id: str) -> str:
    """Return under what name a revoked token is kept."""
    return sha256(f"{issuer}\0{token_id}".encode("utf-8", "surrogatepass")).hexdigest()
