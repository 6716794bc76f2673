"""Loads: how much an address carries beside its address. Pure counting; thresholds are in `judging.py`.

What counts, each in characters of what a reader gets at the other end: encoded text (base64, base32, hex, letters in
percent-encoding), plain text, and machine-made characters that say nothing (opaque). Slugs, digests and UUIDs are parts
of ordinary addresses and count only past a length that those do not have.
"""

from __future__ import annotations

import re
from base64 import b32decode, b64decode
from binascii import Error
from collections.abc import Iterable
from typing import NamedTuple

from stockade.guard.detectors.exfiltration_links.urls import Url, read_url, unquoted

READABLE_CHARS_MIN = 12
"""Of random base64 one string in a hundred thousand decodes to so many printable characters."""

TEXT_WORDS_MIN = 4
SLUG_CHARS_MIN = 120
"""Longest slugs and file names of ordinary addresses are about a hundred characters."""

OPAQUE_CHARS_MIN = 24
"""Shorter machine-made pieces (ids of documents, videos, photos) are parts of ordinary addresses."""

DIGESTS_MAX = 2
"""Digests and UUIDs in one address that are taken for names of what it addresses."""

_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,6}")
_BASE32 = re.compile(r"[A-Z2-7]{20,}={0,6}|[a-z2-7]{20,}={0,6}")
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){12,})")
_DIGEST = re.compile(
    r"(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)
_QUOTED_LETTER = re.compile(r"%(?:25)*(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])")
_WORD = re.compile(r"[^\W_]{2,}")
_OPAQUE = re.compile(rf"[A-Za-z0-9+/_=.~-]{{{OPAQUE_CHARS_MIN},}}")
_URL_SAFE = str.maketrans("-_", "+/")
_OUTERMOST = 0


class Load(NamedTuple):
    """What an address carries, in characters; `host` is what its sub-domains do."""

    encoded: int
    text: int
    opaque: int
    host: int


def load_of(url: Url, depth: int = _OUTERMOST) -> Load:
    """Return what an address carries. An address inside it is taken apart as well, once."""
    pieces = url.pieces
    encoded = text = opaque = digests = 0
    for piece in pieces:
        if _is_known(url.host, piece, pieces):
            continue
        plain = unquoted(piece)
        decoded = decode(plain)
        if decoded is None and len(_QUOTED_LETTER.findall(piece)) >= READABLE_CHARS_MIN // 2:
            decoded = plain
        if decoded is not None:
            inner = _inner(decoded, depth)
            encoded += len(decoded) if inner is None else inner.encoded + inner.text
        elif _DIGEST.fullmatch(plain):
            digests += 1
            opaque += len(plain) if digests > DIGESTS_MAX else 0
        elif (inner := _inner(plain, depth)) is not None:
            encoded, text, opaque = encoded + inner.encoded, text + inner.text, opaque + inner.opaque
        elif is_text(plain):
            text += len(plain)
        else:
            opaque += _opaque(plain)
    if not encoded:
        encoded = _joined(pieces)
    return Load(encoded, text, opaque, _host_load(url))


def decode(piece: str) -> str | None:
    """Return the readable texts that runs of a piece encode as base64, base32 or hex, None where there are none."""
    found = [text for run in _RUN.findall(piece) if (text := _decoded(run)) is not None]
    return " ".join(found) if found else None


def _decoded(run: str) -> str | None:
    if (match := _HEX.fullmatch(run)) and (text := _readable(bytes.fromhex(match[1]))) is not None:
        return text
    if _BASE32.fullmatch(run) and (text := _decoded_32(run)) is not None:
        return text
    return _decoded_64(run)


def is_text(plain: str) -> bool:
    """Say whether a piece is a text that somebody wrote: words with spaces between, or a slug of unusual length."""
    words = len(_WORD.findall(plain.replace("+", " ")))
    spaced = sum(plain.count(mark) for mark in " +\n,")
    return words >= TEXT_WORDS_MIN and (spaced >= TEXT_WORDS_MIN - 1 or len(plain) >= SLUG_CHARS_MIN)


def _decoded_64(piece: str) -> str | None:
    body = piece.rstrip("=").translate(_URL_SAFE)
    body = body[:-1] if len(body) % 4 == 1 else body
    try:
        return _readable(b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (Error, ValueError):
        return None


def _decoded_32(piece: str) -> str | None:
    body = piece.rstrip("=").upper()
    while len(body) % 8 in (1, 3, 6):  # lengths that no encoding has
        body = body[:-1]
    try:
        return _readable(b32decode(body + "=" * (-len(body) % 8)))
    except (Error, ValueError):
        return None


def _readable(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if len(text) < READABLE_CHARS_MIN or not all(each.isprintable() or each in "\r\n\t" for each in text):
        return None
    return text


def _opaque(plain: str) -> int:
    """Return how many characters of a piece look made by a machine."""
    found = 0
    for match in _OPAQUE.finditer(plain):
        part = match[0]
        digits = sum(map(str.isdigit, part))
        capitals = sum(map(str.isupper, part))
        mixed = digits >= len(part) // 12 and (capitals >= len(part) // 8 or digits >= len(part) // 4)
        found += len(part) if mixed and not _is_slug(part) else 0
    return found


def _is_slug(part: str) -> bool:
    """Say whether a piece is words and numbers with separators between."""
    pieces = [each for each in re.split(r"[._~=+/-]", part) if each]
    return len(part) < SLUG_CHARS_MIN and max((len(each) for each in pieces), default=0) <= 12


def _joined(pieces: Iterable[str]) -> int:
    """Return the length of a text that is encoded over several pieces."""
    short = [
        plain.rstrip("=")
        for piece in pieces
        if len(plain := unquoted(piece)) >= 4 and re.fullmatch(r"[\w+/=-]+", plain)
    ]
    decoded = decode("".join(short)) if len(short) > 1 else None
    return len(decoded) if decoded is not None else 0


def _inner(plain: str, depth: int) -> Load | None:
    """Return the load of an address that is a piece of this one (a redirect, a proxy of images)."""
    if depth or not re.match(r"(?:https?:)?//[\w.-]+", plain):
        return None
    return load_of(read_url(plain), depth + 1)


def _host_load(url: Url) -> int:
    """Return how many characters the sub-domains carry."""
    labels = url.labels
    if not labels or url.host.endswith((".onion", ".ipfs.io", ".ipfs.dweb.link")) or "ipfs" in labels:
        return 0
    decoded = decode("".join(labels))
    for label in labels:
        decoded = decoded or decode(label)
    if decoded is not None:
        return len(decoded)
    opaque = sum(_opaque(label) for label in labels)
    return opaque if opaque >= 2 * OPAQUE_CHARS_MIN else 0


def _is_known(host: str, piece: str, pieces: list[str]) -> bool:
    """Say whether a piece is the same for everybody: Unsplash names the application that links to a photo."""
    before = pieces[pieces.index(piece) - 1] if piece in pieces[1:] else ""
    return host == "images.unsplash.com" and before in ("ixid", "ixlib")
