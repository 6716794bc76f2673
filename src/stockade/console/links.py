"""Links: a signed pointer to one thing that waits, for one use until a time.

Owns the form of a link and its signature. A link gives no rights: whoever opens it must be proven and hold the
permission, as everywhere; it saves the search, and it is bound to the round in which it was made.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

import orjson

from stockade.core.errors import NotFoundError, NotOpenError

LINK_CHARS_MAX = 512
_SIGNATURE_BYTES = 32


class Link(NamedTuple):
    """What a link points to. `nonce` tells links apart: each is used once."""

    approval: str
    round: int
    expires_at_s: int
    nonce: str


def signed(key: bytes, link: Link) -> str:
    """Return the text of a link."""
    told = orjson.dumps(list(link))
    return urlsafe_b64encode(_signature(key, told) + told).decode().rstrip("=")


def opened(key: bytes, text: str, now_s: float) -> Link:
    """Return the link of a text. Fails: NotFoundError for what this gate did not sign, NotOpenError past its time."""
    unknown = NotFoundError("There is no such link.")
    if len(text) > LINK_CHARS_MAX or not text.isascii():
        raise unknown
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise unknown from None
    signature, told = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    # Two texts may decode to the same bytes; only the one that was given out counts.
    if not hmac.compare_digest(signature, _signature(key, told)) or urlsafe_b64encode(raw).decode().rstrip("=") != text:
        raise unknown
    link = Link(*orjson.loads(told))
    if now_s >= link.expires_at_s:
        raise NotOpenError("This link has run out.", hint="Ask for another one.")
    return link


def _signature(key: bytes, told: bytes) -> bytes:
    return hmac.digest(key, b"approval link\0" + told, "sha256")
