"""Words: a text as what is left of it when case, spacing, punctuation and markup do not count.

Owns tokens and shingles (four words in a row as one number). Digests are CRC-32, so that a shingle is the same number
in every process. Characters are folded as the canonical view folds them; scripts that are written without spaces count
each character as a word.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from zlib import crc32

from stockade.core.views.canonical import canonical_edits
from stockade.core.views.view import rewritten_view

SHINGLE_WORDS = 4
"""Words in a shingle. With three, ordinary English shares one in ten with any long prompt; with five, one changed word
in six hides a copy."""

_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+|(?=\w)[{_UNSPACED}]")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_FOLDED = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 or 48 <= c <= 57 else 32 for c in range(256))


def words(text: str) -> list[bytes]:
    """Return the words of a text, folded, in order."""
    if text.isascii():
        return text.encode("ascii").translate(_FOLDED).split()
    return [text[start:end].casefold().encode("utf-8", "surrogatepass") for text, start, end in _unfolded(text)]


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each word of `words(text)` stands, in code points of `text`."""
    if text.isascii():
        return [match.span() for match in _ASCII_WORD.finditer(text)]
    edits = list(canonical_edits(text))
    if not edits:
        return [match.span() for match in _WORD.finditer(text)]
    view = rewritten_view(text, edits, 0, len(text), "canonical", None)
    return [view.span(*match.span()) for match in _WORD.finditer(view.text)]


def digests(tokens: Sequence[bytes]) -> list[int]:
    """Return one number for each word."""
    return list(map(crc32, tokens))


def shingles(numbers: Sequence[int]) -> list[int]:
    """Return one number for each row of SHINGLE_WORDS words, by where it ends."""
    return list(map(hash, zip(numbers, numbers[1:], numbers[2:], numbers[3:], strict=False)))


def rotated(tokens: Sequence[bytes]) -> list[bytes]:
    """Return words with their letters moved by thirteen (rot13)."""
    return [token.translate(_ROT13) for token in tokens]


def mirrored(tokens: Sequence[bytes]) -> list[bytes]:
    """Return words with their characters in reverse order."""
    return [
        token[::-1]
        if token.isascii()
        else token.decode("utf-8", "surrogatepass")[::-1].encode("utf-8", "surrogatepass")
        for token in tokens
    ]


def _unfolded(text: str) -> Iterator[tuple[str, int, int]]:
    edits = list(canonical_edits(text))
    if edits:
        text = rewritten_view(text, edits, 0, len(text), "canonical", None).text
    for match in _WORD.finditer(text):
        yield text, match.start(), match.end()


_ROT13 = bytes(ord(codecs.encode(chr(c), "rot13")) if c < 128 else c for c in range(256))
