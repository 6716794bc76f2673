"""Which windows of a text deserve a closer look. Owns the choice and the places of windows in code points.

The choice is bounded whatever the length of the text: of each stretch the worst few for each head, of those the worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.guard.classifier import features
from stockade.guard.classifier.linear import LANES, Chunk, Linear

EVIDENCE_MAX = 3
EVIDENCE_CHARS_MAX = 24


class Suspect(NamedTuple):
    """One window: its logits by lane, its place in code points, and for each lane the tokens that spoke for it."""

    logits: NDArray[np.float32]
    start: int
    end: int
    evidence: tuple[tuple[str, ...], ...]


def suspects(linear: Linear, text: str, lanes: Sequence[int], most: int) -> list[Suspect]:
    """Return for each lane the worst windows of a text that do not overlap, `most` a lane, each window once.

    Contract: a text that holds a token gives at least one window; any other gives none.
    """
    data = features.to_bytes(text)
    found: list[tuple[int, int, Chunk, int]] = []
    for offset, chunk in linear.chunks(data):
        if len(chunk.logits):
            found += [(lane, offset, chunk, row) for lane in lanes for row in _apart(chunk, lane, most)]
    chosen: dict[tuple[int, int], Suspect] = {}
    places = None if text.isascii() else features.code_points(data)
    for lane in lanes:
        ranked = sorted((f for f in found if f[0] == lane), key=lambda f: -float(f[2].logits[f[3], lane]))
        for _, offset, chunk, row in ranked[:most]:
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
