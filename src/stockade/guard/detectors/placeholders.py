"""Placeholders: what the gate itself puts in the place of a value, so that a cleaned text is clean.

Owns their recognition in a found value; they are made in guard/transforms, which this room does not import. A token
counts only under a label that some detector uses: anybody else's `NAME_` before sixteen letters is a value like any
other. What has the form and the label and is no stand-in of the tenant is left alone all the same, because only the
tenant's map could tell and a verdict must not depend on it (docs/detection.md says what that costs).
"""

from __future__ import annotations

import re
from collections.abc import Container

EMAIL = re.compile(rb"email-[a-z2-7]{16}@pseudonym\.example")
TAIL = re.compile(rb"_[a-z2-7]{16}")
LABEL_BEFORE = re.compile(rb"[A-Z][A-Z0-9_]{1,40}\Z")
LABEL_CHARS_MAX = 41
REACH = 64
"""Bytes around a value in which a placeholder that it lies in begins or ends."""
REST_MAX = 5
"""Characters beside a placeholder that are punctuation, not a value (shorter than patterns.VALUE_CHARS_MIN)."""


def is_placeholder(text: bytes, start: int, end: int, labels: Container[bytes]) -> bool:
    """Say whether text[start:end] is a placeholder, lies inside one, or is one with a little around it."""
    low, high = max(0, start - REACH), min(len(text), end + REACH)
    if text.find(b"_", low, high) < 0 and text.find(b"@pseudonym", low, high) < 0:
        return False
    covered = 0
    for tail in TAIL.finditer(text, low, high):
        label = _label(text, tail.start(), labels)
        if label:
            covered += max(0, min(tail.end(), end) - max(tail.start() - label, start))
    for address in EMAIL.finditer(text, low, high):
        covered += max(0, min(address.end(), end) - max(address.start(), start))
    return covered > 0 and end - start - covered <= REST_MAX


def _label(text: bytes, end: int, labels: Container[bytes]) -> int:
    """Return the length of the longest known label that ends at `end`, 0 for none."""
    before = LABEL_BEFORE.search(text[max(0, end - LABEL_CHARS_MAX) : end])
    run = before[0] if before else b""
    return next((len(run) - skipped for skipped in range(len(run)) if run[skipped:] in labels), 0)
