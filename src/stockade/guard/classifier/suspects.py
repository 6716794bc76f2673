"""Which windows of a text deserve a closer look. Owns the choice and the places of windows in code points.

The choice is bounded whatever the length of the text: of each stretch the worst few for each head, of those the worst.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.guard.classifier import features
from stockade.guard.classifier.linear import LANES, Chunk, Linear

NEAR_LOGITS = 1.0
"""Windows that score less than the worst by more than this are not looked at. Of orders planted in pages the windows
within it, at most four, hold 94 of 100 at two windows a page; the two worst hold 86 (a source held out of training)."""

EVIDENCE_MAX = 3
EVIDENCE_CHARS_MAX = 24


class Suspect(NamedTuple):
    """One window: its logits by lane, its place in code points, and for each lane the tokens that spoke for it."""

    logits: NDArray[np.float32]
    start: int
    end: int
    evidence: tuple[tuple[str, ...], ...]


def suspects(linear: Linear, text: str, most: Mapping[int, int]) -> list[Suspect]:
    """Return for each lane of `most` at most as many windows of a text: the worst and those near it, each window once.

    Contract: windows of one lane do not overlap. A text that holds a token gives at least one; any other gives none.
    """
    data = features.to_bytes(text)
    found: list[tuple[int, int, Chunk, int]] = []
    for offset, chunk in linear.chunks(data):
        if len(chunk.logits):
            found += [(lane, offset, chunk, row) for lane, count in most.items() for row in _apart(chunk, lane, count)]
    chosen: dict[tuple[int, int], Suspect] = {}
    places = None if text.isascii() else features.code_points(data)
    for lane, count in most.items():
        ranked = sorted((f for f in found if f[0] == lane), key=lambda f: -float(f[2].logits[f[3], lane]))
        for _, offset, chunk, row in ranked[:count]:
            if chunk.logits[row, lane] < ranked[0][2].logits[ranked[0][3], lane] - NEAR_LOGITS:
                break
            start, end = offset + int(chunk.starts[row]), offset + int(chunk.ends[row])
            if (start, end) not in chosen:
                chosen[start, end] = Suspect(
                    chunk.logits[row], *_place(places, start, end), _evidence(data, offset, chunk, row)
                )
    return list(chosen.values())


def _apart(chunk: Chunk, lane: int, most: int) -> list[int]:
    """Choose the windows with the highest logit of a lane, none of which overlaps another."""
    logits = chunk.logits[:, lane].copy()
    rows: list[int] = []
    while len(rows) < most:
        row = int(np.argmax(logits))
        if not np.isfinite(logits[row]):
            break
        rows.append(row)
        low = int(np.searchsorted(chunk.ends, chunk.starts[row], side="right"))
        high = int(np.searchsorted(chunk.starts, chunk.ends[row], side="left"))
        logits[low:high] = -np.inf
    return rows


def _place(places: NDArray[np.int64] | None, start: int, end: int) -> tuple[int, int]:
    return (start, end) if places is None else (int(places[start]), int(places[end]))


def _evidence(data: NDArray[np.uint8], offset: int, chunk: Chunk, row: int) -> tuple[tuple[str, ...], ...]:
    """Name for each lane the tokens of a window that add most to its logit, as they stand in the text."""
    first = int(np.searchsorted(chunk.token_starts, chunk.starts[row]))
    last = int(np.searchsorted(chunk.token_ends, chunk.ends[row], side="right"))
    parts = chunk.parts[first:last]
    best = np.argsort(-parts, axis=0)[:EVIDENCE_MAX]
    return tuple(
        tuple(_token(data, offset, chunk, first + int(i)) for i in best[:, lane] if parts[i, lane] > 0)
        for lane in range(LANES)
    )


def _token(data: NDArray[np.uint8], offset: int, chunk: Chunk, token: int) -> str:
    piece = data[offset + int(chunk.token_starts[token]) : offset + int(chunk.token_ends[token])]
    return piece.tobytes().decode("utf-8", "replace")[:EVIDENCE_CHARS_MAX]
