"""Unseen tokens: text written in characters that no screen shows, found and decoded.

Owns what such a run says. Tag characters stand for ASCII one by one; variation selectors stand for bytes. Each run
becomes a token like base64, so its text is read as itself and not only cut out of the text around it (canonical.py).
Source: Unicode 16 section 23.9 (tags) and the two blocks of variation selectors; the smuggling of bytes in selectors
was published in February 2025 (Paul Butler, "Smuggling arbitrary data through an emoji"). Read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stockade.core.edits import Edit
from stockade.core.views.encodings import as_text

UNSEEN_CHARS_MIN = 6
"""Shortest run that is read: the flags of England, Scotland and Wales hold five tag characters."""

_TAGS = re.compile(f"[\U000e0020-\U000e007e]{{{UNSEEN_CHARS_MIN},}}")
_SELECTORS = re.compile(f"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{{UNSEEN_CHARS_MIN},}}")
_BOTH_BLOCKS = b"\xf3\xa0"
"""How every tag and every selector from the 17th on begins in UTF-8; printable bytes need those selectors."""

_TAG_BLOCK = 0xE0000
_LOW_BLOCK = 0xFE00
_HIGH_BLOCK = 0xE0100


def tag_edits(text: str) -> Iterator[Edit]:
    """Yield (start, end, ASCII) of every run of tag characters."""
    if not _may_hold(text):
        return
    for match in _TAGS.finditer(text):
        yield Edit(match.start(), match.end(), "".join(chr(ord(tag) - _TAG_BLOCK) for tag in match[0]))


def selector_edits(text: str) -> Iterator[Edit]:
    """Yield (start, end, text) of every run of variation selectors whose bytes are text: selector n is byte n - 1."""
    if not _may_hold(text):
        return
    for match in _SELECTORS.finditer(text):
        codes = map(ord, match[0])
        data = bytes(code - _LOW_BLOCK if code < _HIGH_BLOCK else code - _HIGH_BLOCK + 16 for code in codes)
        if (decoded := as_text(data)) is not None:
            yield Edit(match.start(), match.end(), decoded)


def _may_hold(text: str) -> bool:
    return not text.isascii() and _BOTH_BLOCKS in text.encode("utf-8", "surrogatepass")
