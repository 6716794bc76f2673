"""The keyring: an unchanging snapshot of all keys, and the proof of who calls by key.

Never asks a database (a change makes a new keyring) and never makes a principal that no record names: there is no
default and no anonymous caller (DESIGN invariant 7, CVE-2026-59822).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from stockade.core.errors import StoppedError, UnauthenticatedError
from stockade.core.limits import TOKEN_BYTES_MAX
from stockade.core.principal import Principal
from stockade.guard.identity.keys import PREFIX, KeyRecord, is_well_formed

KEY_BYTES_MAX = 512
"""Longest credential that is looked at as a key; a key has 64 characters."""

SUSPENDED = "suspended"

_VISIBLE = re.compile(rb"[!-~]+")
_HINT = "Send a key of this gate as `Authorization: Bearer` or `x-api-key`; `stockade keys create` makes one."


class Keyring:
    """All keys of one moment. `generation` tells snapshots apart."""

    __slots__ = ("_closed", "_closed_ids", "_principals", "generation")

    def __init__(self, records: Iterable[KeyRecord] = (), generation: int = 0) -> None:
        """Take the records over. Fails: ValueError when two keys have one digest."""
        self.generation = generation
        self._principals: dict[bytes, Principal] = {}
        self._closed: dict[bytes, str] = {}
        self._closed_ids: dict[str, str] = {}
        for record in records:
            if record.digest in self._principals or record.digest in self._closed:
                raise ValueError("two keys have the same digest")
            if record.revoked or record.suspended:
                self._closed[record.digest] = "revoked" if record.revoked else SUSPENDED
                self._closed_ids[record.id] = self._closed[record.digest]
            else:
                self._principals[record.digest] = record.principal

    def __len__(self) -> int:
        """Return the number of keys that open the gate."""
        return len(self._principals)

    def closed(self, key_id: str) -> str:
        """Return how a key was closed, "" for one that is open or none of this keyring."""
        return self._closed_ids.get(key_id, "")

    def principal(self, credential: bytes) -> Principal:
        """Return whom `credential` names. Fails: UnauthenticatedError; StoppedError for a key that is suspended.

        The look-up is not constant in time and need not be: what is compared is the SHA-256 of the credential, of which
        a caller cannot choose the leading bytes, so the time tells nothing about the digests that are kept.
        """
        if len(credential) > KEY_BYTES_MAX:
            raise UnauthenticatedError("The key is empty, too long or not plain ASCII.", hint=_HINT)
        digest = sha256(credential).digest()
        principal = self._principals.get(digest)
        if principal is not None:
            return principal
        closed = self._closed.get(digest)
        if closed == SUSPENDED:
            # Who calls is proven and no typing error: a 401 would have clients try for a minute (FIELD section 1).
            raise StoppedError("This key has been suspended.", hint="Ask your administrator to resume it.")
        if closed:
            raise UnauthenticatedError(f"This key has been {closed}.", hint=_HINT)
        if credential.startswith(PREFIX.encode()) and not is_well_formed(credential.decode("latin-1")):
            raise UnauthenticatedError("This key is mistyped or cut: its checksum does not fit.", hint=_HINT)
        raise UnauthenticatedError("This gate does not know the key.", hint=_HINT)


def credential_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the one credential among `headers` (names in any case): a key or a token. Fails: UnauthenticatedError.

    The same credential may stand in both headers (the Anthropic SDK does that); two different ones are refused, so that
    no proxy in front and the gate can mean different callers.
    """
    credentials: set[bytes] = set()
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"x-api-key":
            credentials.add(_visible(value))
        elif lowered == b"authorization":
            scheme, _, token = value.strip(b" \t").partition(b" ")
            if scheme.lower() != b"bearer":
                raise UnauthenticatedError("Authorization must be a Bearer token.", hint=_HINT)
            credentials.add(_visible(token))
    if not credentials:
        raise UnauthenticatedError("The request carries no key.", hint=_HINT)
    if len(credentials) > 1:
        raise UnauthenticatedError("The request carries two different keys.", hint=_HINT)
    return credentials.pop()


def _visible(value: bytes) -> bytes:
    """Return a credential without the space around it. Fails: UnauthenticatedError when it cannot be one."""
    stripped = value.strip(b" \t")
    if not stripped or len(value) > TOKEN_BYTES_MAX or not _VISIBLE.fullmatch(stripped):
        raise UnauthenticatedError("The key is empty, too long or not plain ASCII.", hint=_HINT)
    return stripped
