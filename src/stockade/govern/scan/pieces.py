"""Pieces: a text that is too much for one look, cut so that looking at the pieces equals looking at the whole.

Owns where pieces begin and end. Each position is owned by one piece, which reaches far enough to either side that a
value which begins there is seen whole, with its context. Pieces end at line ends: no value crosses one outside PEM
blocks (guard/detectors/patterns.py), and those are no longer than HOLD_CHARS_MAX. A line, however long, is never cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stockade.core.limits import HOLD_CHARS_MAX

PIECE_CHARS = (1 << 20, 1 << 17)
"""Characters that a piece owns: first the cheaper size, then one at which hardly anything is too dense."""


class Piece(NamedTuple):
    """Code points [start, end) of a text, of which [owned_from, owned_to) are this piece's own."""

    start: int
    end: int
    owned_from: int
    owned_to: int


def pieces(text: str, chars: int) -> Iterator[Piece]:
    """Yield pieces that own at least `chars` characters each; together they own the whole text."""
    owned_from = 0
    while True:
        owned_to = _line_start_after(text, owned_from + chars)
        start = text.rfind("\n", 0, max(0, owned_from - HOLD_CHARS_MAX)) + 1
        yield Piece(start, _line_start_after(text, owned_to + HOLD_CHARS_MAX), owned_from, owned_to)
        if owned_to >= len(text):
            return
        owned_from = owned_to


def _line_start_after(text: str, offset: int) -> int:
    """Return where the first line after `offset` starts, or the end of the text."""
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1
