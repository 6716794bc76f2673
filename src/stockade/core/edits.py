"""Edits: replacements of spans in a text. Owns their order, overlap and application; never decides what to replace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace code points [start, end) by `text`."""

    start: int
    end: int
    text: str


def settle(edits: Iterable[Edit]) -> list[Edit]:
    """Return edits in order without overlaps: of two that overlap, the one that starts first, then the longer, stays.

    The loser's part beyond the winner's end is removed as well (as an edit to nothing): no half of a value is left.
    """
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if kept and edit.start < kept[-1].end:
            if edit.end > kept[-1].end:
                kept.append(Edit(kept[-1].end, edit.end, ""))
            continue
        kept.append(edit)
    return kept


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with settled `edits` made."""
    if not edits:
        return text
    pieces: list[str] = []
    done = 0
    for edit in edits:
        pieces.append(text[done : edit.start])
        pieces.append(edit.text)
        done = edit.end
    pieces.append(text[done:])
    return "".join(pieces)


def apply_over(pieces: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """Make settled `edits` on a text that lies cut in `pieces`; return the pieces anew, as many as before.

    A replacement stands in the piece where its span starts; the rest of the span is cut from the pieces it covers.
    """
    out: list[str] = []
    offset = 0
    for piece in pieces:
        end = offset + len(piece)
        local: list[Edit] = []
        for edit in edits:
            if edit.end <= offset or edit.start >= end:
                continue
            starts_here = edit.start >= offset
            local.append(
                Edit(max(edit.start, offset) - offset, min(edit.end, end) - offset, edit.text if starts_here else "")
            )
        out.append(apply(piece, local))
        offset = end
    return out
