"""Sealing: AES-256-GCM with a random nonce, bound to the place where the ciphertext stands.

Never opens a text at another place than it was sealed for. One key seals at most 2**32 texts (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealError(Exception):
    """The text was not sealed by this key for this place, or was changed since."""


class Seal:
    """Seals and opens under one key."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes."""
        assert len(key) == 32
        self._cipher = AESGCM(key)

    def close(self, text: bytes, place: bytes) -> bytes:
        """Return `text` sealed for `place`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Return the text. Fails: SealError."""
        if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            raise SealError
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
        except InvalidTag as error:
            raise SealError from error
