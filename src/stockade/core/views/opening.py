"""Opening: all views of a text, encodings inside encodings included.

Owns the order of opening and its bounds. Escapes change a text in place: their views are windows of the text around
the escapes, wide enough for a value and the context before it. Tokens (base64, hex, unseen characters) are views of
their own. `open_views` is for detectors of form, `open_readings` for those of meaning (readings.py). Never returns a
part of the views: past the bound the guard has failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from stockade.core import limits
from stockade.core.edits import Edit
from stockade.core.errors import GuardFailedError
from stockade.core.views import readings
from stockade.core.views.canonical import canonical_edits
from stockade.core.views.encodings import base64_edits, hex_edits
from stockade.core.views.escapes import backslash_edits, entity_edits, percent_edits
from stockade.core.views.unseen import selector_edits, tag_edits
from stockade.core.views.view import View, rewritten_view, token_view

_ESCAPES: tuple[tuple[str, Callable[[str], Iterator[Edit]]], ...] = (
    ("url", percent_edits),
    ("json", backslash_edits),
    ("html", entity_edits),
)
_TOKENS: tuple[tuple[str, Callable[[str], Iterator[Edit]]], ...] = (
    ("base64", base64_edits),
    ("hex", hex_edits),
    ("tags", tag_edits),
    ("selectors", selector_edits),
)
_CANONICAL = "canonical"

READINGS_DEEP = 2
"""Readings made of one another."""

_WORD_CHARS_MAX = 4096


class ViewLimitError(GuardFailedError):
    """The views of one segment hold more characters than `limits.VIEW_CHARS_MAX`; nobody looked at all of them."""

    code = "view_limit"


class _Window(NamedTuple):
    start: int
    end: int
    edits: list[Edit]


class _Reader:
    """The views opened so far, with what is left of the bound.

    Works level by level, so that a text that can be read on two ways is kept for the shorter one, from which more can
    still be opened.
    """

    def __init__(self) -> None:
        self.views: list[View] = []
        self._seen: set[tuple[str, int, int]] = set()
        self._left = limits.VIEW_CHARS_MAX

    def read(self, text: str) -> None:
        """Open everything in `text`, down to the depth bound."""
        level: list[tuple[str, View | None]] = [(text, None)]
        for depth in range(limits.VIEW_DEPTH_MAX + 1):
            readings = [
                (view.text, view)
                for source, parent in level
                if parent is None or parent.chain[-1] != _CANONICAL
                for view in self._canonical(source, parent)
            ]
            if depth == limits.VIEW_DEPTH_MAX:
                return
            level = [
                (view.text, view) for source, parent in [*level, *readings] for view in self._opened(source, parent)
            ]

    def read_meaning(self, text: str) -> None:
        """Add the readings of `text`, of every view of it, and of those readings once more (spaced-out leet)."""
        level: list[tuple[str, View | None]] = [(text, None), *((view.text, view) for view in self.views)]
        for _ in range(READINGS_DEEP):
            level = [(view.text, view) for source, parent in level for view in self._readings(source, parent)]

    def _readings(self, text: str, parent: View | None) -> list[View]:
        read: list[View] = []
        for name, reading in readings.read(text):
            if isinstance(reading, readings.Passage):
                read += self._kept(token_view(reading.text, name, reading.start, reading.end, parent))
            else:
                read += self._rewrite(text, parent, name, reading)
        return read

    def _canonical(self, text: str, parent: View | None) -> list[View]:
        return self._rewrite(text, parent, _CANONICAL, canonical_edits(text))

    def _opened(self, text: str, parent: View | None) -> list[View]:
        opened = [
            view
            for name, find in _TOKENS
            for edit in find(text)
            for view in self._kept(token_view(edit.text, name, edit.start, edit.end, parent))
        ]
        for name, find in _ESCAPES:
            opened += self._rewrite(text, parent, name, find(text))
        return opened

    def _rewrite(self, text: str, parent: View | None, name: str, edits: Iterable[Edit]) -> list[View]:
        return [
            view
            for window in _windows(text, list(edits))
            for view in self._kept(rewritten_view(text, window.edits, window.start, window.end, name, parent))
        ]

    def _kept(self, view: View) -> Iterator[View]:
        """Keep a view, unless the same text was read from the same place another way."""
        key = (view.text, *view.span(0, len(view.text)))
        if key in self._seen:
            return
        self._seen.add(key)
        self._left -= len(view.text)
        if self._left < 0:
            raise ViewLimitError(
                "The encoded parts of one text are too large to be inspected.",
                hint="Send less encoded data in one message.",
            )
        self.views.append(view)
        yield view


def open_views(text: str) -> list[View]:
    """Return every view of `text`; none for plain ASCII that holds nothing encoded.

    Fails: ViewLimitError past `limits.VIEW_CHARS_MAX` characters of views.
    """
    reader = _Reader()
    reader.read(text)
    return reader.views


def open_readings(text: str) -> list[View]:
    """Return every view of `text` and the readings of both: what a detector of meaning looks through.

    Contract: the views of `open_views` come first, so a detector of form and one of meaning see the same encodings.
    Fails: as `open_views`; readings count towards the same bound.
    """
    reader = _Reader()
    reader.read(text)
    reader.read_meaning(text)
    return reader.views


def _windows(text: str, edits: Sequence[Edit]) -> Iterator[_Window]:
    """Yield the parts of `text` around `edits`: the context a detector may look back at, to the ends of the words."""
    if not edits:
        return
    start = _word_start(text, edits[0].start, 0)
    kept = [edits[0]]
    for edit in edits[1:]:
        gap = edit.start - kept[-1].end
        if gap > 2 * limits.CONTEXT_CHARS and edit.start - limits.CONTEXT_CHARS > (
            end := _word_end(text, kept[-1].end)
        ):
            yield _Window(start, end, kept)
            start = _word_start(text, edit.start, end)
            kept = []
        kept.append(edit)
    yield _Window(start, _word_end(text, kept[-1].end), kept)


def _word_start(text: str, offset: int, floor: int) -> int:
    start = offset - limits.CONTEXT_CHARS
    if start <= floor:
        return floor
    low = max(floor, start - _WORD_CHARS_MAX)
    return max(low, text.rfind(" ", low, start) + 1, text.rfind("\n", low, start) + 1)


def _word_end(text: str, offset: int) -> int:
    end = offset + limits.CONTEXT_CHARS
    if end >= len(text):
        return len(text)
    high = min(len(text), end + _WORD_CHARS_MAX)
    ends = [place for place in (text.find(" ", end, high), text.find("\n", end, high)) if place >= 0]
    return min(ends, default=high)
