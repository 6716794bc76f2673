"""Digests: how values are named in records without being told.

Plain SHA-256 names bodies (whoever has the body may check it); a keyed digest names short values, because an unkeyed
digest of a phone number is found by trying all of them.
"""

from __future__ import annotations

from hashlib import blake2b, sha256


def body_digest(body: bytes) -> str:
    """Return `sha256:<hex>` of a body."""
    return "sha256:" + sha256(body).hexdigest()


def evidence_digest(key: bytes, rule: str, value: str) -> str:
    """Return 32 hex characters that name `value` under `key` (at most 64 bytes), apart for each rule."""
    keyed = blake2b(digest_size=16, key=key)
    keyed.update(rule.encode())
    keyed.update(b"\0")
    keyed.update(value.encode("utf-8", "surrogatepass"))
    return keyed.hexdigest()
