"""One view: a reading of a text with the map of its offsets back to the original.

Owns the map. A map is a list of runs: in a linear run every view character is one source character; in a whole run
the view characters came out of one encoded token together, so any part of them stands for all of it. Views are read
only, nest by reference to the view they were opened from, and never show their text in a repr.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stockade.core.edits import Edit


class Run(NamedTuple):
    """View characters from `view_start` up to the next run, read from source characters [start, end)."""

    view_start: int
    start: int
    end: int
    linear: bool


@dataclass(frozen=True, slots=True)
class View:
    """A reading of a text. `chain` names what was opened, outermost first: ("url", "base64"), ("canonical",)."""

    text: str = field(repr=False)
    chain: tuple[str, ...]
    _runs: tuple[Run, ...] = field(default=(), repr=False)
    _parent: View | None = field(default=None, repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original span of view code points [start, end), widened to whole encoded tokens.

        Units: Unicode code points. Contract: monotone in both ends, and inside the original text; what was removed
        between two kept characters is in the span, what was removed beside them is not.
        """
        low, high = self._source(start, end)
        return (low, high) if self._parent is None else self._parent.span(low, high)

    def _source(self, start: int, end: int) -> tuple[int, int]:
        if not self._runs:
            return start, end
        start = min(max(start, 0), len(self.text))
        end = min(end, len(self.text))
        if start == len(self.text):
            return self._runs[-1].end, self._runs[-1].end
        first = self._run(start)
        low = first.start + (start - first.view_start if first.linear else 0)
        if end <= start:
            return low, low
        last = self._run(end - 1)
        return low, last.start + end - last.view_start if last.linear else last.end

    def _run(self, offset: int) -> Run:
        return self._runs[bisect_right(self._runs, offset, key=lambda run: run.view_start) - 1]


def token_view(text: str, name: str, start: int, end: int, parent: View | None) -> View:
    """Return the view of one encoded token [start, end): every part of it stands for the whole token."""
    return View(text, _chain(parent, name), (Run(0, start, end, False),), parent)


def rewritten_view(source: str, edits: Sequence[Edit], start: int, end: int, name: str, parent: View | None) -> View:
    """Return the view of source [start, end) with `edits` made, which lie inside it, in order, without overlaps."""
    pieces: list[str] = []
    runs: list[Run] = []
    length = 0
    done = start
    for edit in edits:
        if edit.start > done:
            runs.append(Run(length, done, edit.start, True))
            pieces.append(source[done : edit.start])
            length += edit.start - done
        if edit.text:
            runs.append(Run(length, edit.start, edit.end, False))
            pieces.append(edit.text)
            length += len(edit.text)
        done = edit.end
    if done < end:
        runs.append(Run(length, done, end, True))
        pieces.append(source[done:end])
    return View("".join(pieces), _chain(parent, name), tuple(runs), parent)


def _chain(parent: View | None, name: str) -> tuple[str, ...]:
    return (name,) if parent is None else (*parent.chain, name)
