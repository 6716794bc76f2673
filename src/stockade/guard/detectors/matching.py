"""Matching: from hits to values. Runs each pattern's second step in bounded windows around its hits, inside one text.

Owns windows, the check of a value and offsets in code points. Never sees a detector or a segment.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, NamedTuple

import re2

from stockade.core.limits import WINDOW_BYTES_MAX
from stockade.guard.detectors.patterns import VALUE_CHARS_MIN, Pattern, Seen
from stockade.guard.detectors.placeholders import is_placeholder
from stockade.guard.detectors.scanner import Scan

CONTEXT_BYTES = 128
CONTINUATIONS = bytes(range(0x80, 0xC0))


class Match(NamedTuple):
    """One value: `text` is the index of the text, `start` and `end` its code points there."""

    text: int
    start: int
    end: int
    value: str


class Matcher:
    """The second step of one pattern."""

    def __init__(self, pattern: Pattern, labels: Container[bytes] = frozenset()) -> None:
        """Compile the confirming expression; fails with re2's own error for a bad one.

        `labels` are those of all patterns: a placeholder that bears one of them is no value.
        """
        flags = "(?mi)" if pattern.caseless else "(?m)"
        options = re2.Options()
        options.never_capture = False
        options.log_errors = False
        self._regexp: Any = re2.compile((flags + (pattern.confirm or pattern.expression)).encode(), options)
        self._groups = range(1, self._regexp.groups + 1)
        self._pattern = pattern
        self._labels = labels

    def matches(self, scan: Scan, ends: list[int]) -> Iterator[Match]:
        """Yield the values around the hits that end at `ends` (bytes of the joined texts, in order)."""
        piece, counted, current = b"", _Points(b"", True), -1
        for index, low, high in self._windows(scan, ends):
            if index != current:
                piece, current = scan.piece(index), index
                counted = _Points(piece, scan.ascii)
            for start, end in self._spans(piece, low, high):
                value = piece[start:end].decode("utf-8", "surrogatepass" if not scan.ascii else "strict")
                yield Match(index, counted.at(start), counted.at(end), value)

    def _windows(self, scan: Scan, ends: list[int]) -> Iterator[tuple[int, int, int]]:
        """Yield (text, low, high) with windows that touch made one; offsets are bytes inside the text."""
        starts, before, after = scan.starts, self._pattern.before, self._pattern.after
        index = -1
        origin = low = reached = next_text = 0  # bytes of the joined texts
        for end in sorted(ends):
            if end <= next_text and end - before <= reached:
                reached = end + after
                continue
            if index >= 0:
                yield index, low - origin, reached - origin
            if end > next_text:
                index = scan.text_at(end)
                origin = starts[index]
                next_text = starts[index + 1] if index + 1 < len(starts) else len(scan.joined)
            low, reached = max(origin, end - before), end + after
        if index >= 0:
            yield index, low - origin, reached - origin

    def _spans(self, piece: bytes, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Yield the checked values of one window as bytes of the text."""
        position, high = low, min(high, len(piece))
        while (found := self._regexp.search(piece, position, high)) is not None:
            if found.end() == high < len(piece) and high - found.start() < WINDOW_BYTES_MAX:
                high = min(len(piece), high + 4 * (high - found.start()) + CONTEXT_BYTES)
                continue
            start, end = self._value_span(found)
            position = max(end, found.start() + 1)
            if start >= 0 and end - start >= VALUE_CHARS_MIN and self._holds(piece, start, end):
                yield start, end
            elif start < 0:
                position = max(found.end(), position)

    def _holds(self, piece: bytes, start: int, end: int) -> bool:
        if is_placeholder(piece, start, end, self._labels):
            return False
        if self._pattern.validator is None:
            return True
        before = piece[max(0, start - CONTEXT_BYTES) : start].decode("utf-8", "replace")
        after = piece[end : end + CONTEXT_BYTES].decode("utf-8", "replace")
        return self._pattern.validator(Seen(before, piece[start:end].decode("utf-8", "replace"), after))

    def _value_span(self, found: Any) -> tuple[int, int]:
        """Return the span of the first group that took part, or of the whole match where the expression has none."""
        for number in self._groups:
            span: tuple[int, int] = found.span(number)
            if span[0] >= 0:
                return span
        return (-1, -1) if self._groups else found.span()


class _Points:
    """Counts code points up to byte offsets that come in order."""

    def __init__(self, piece: bytes, plain: bool) -> None:
        self._piece, self._plain = piece, plain
        self._offset = self._count = 0

    def at(self, offset: int) -> int:
        if self._plain:
            return offset
        if offset < self._offset:
            self._offset = self._count = 0
        self._count += len(self._piece[self._offset : offset].translate(None, CONTINUATIONS))
        self._offset = offset
        return self._count
