"""Policies that were in force while exchanges were recorded: each document under its digest.

Owns the folder. A document is taken for nothing but what its digest says: a file that was changed is not there.
"""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path

POLICIES = ".policies"
"""The folder beside those of tenants; no tenant's name begins so."""

_PREFIX = "sha256:"


class PolicyArchive:
    """Documents by digest. Fails: OSError where `keep` cannot write."""

    def __init__(self, root: Path) -> None:
        """Use a folder below that of the recordings."""
        self._folder = root / POLICIES

    def keep(self, document: bytes) -> None:
        """Keep a document, whole or not at all."""
        path = self._path(_PREFIX + sha256(document).hexdigest())
        if path.exists():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(document)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def get(self, digest: str) -> bytes | None:
        """Return the document of a digest, None where there is none or it is another."""
        try:
            document = self._path(digest).read_bytes()
        except OSError:
            return None
        return document if _PREFIX + sha256(document).hexdigest() == digest else None

    def _path(self, digest: str) -> Path:
        name = digest.removeprefix(_PREFIX)
        assert name.isalnum(), "digests are hex"
        return self._folder / f"{name}.json"
