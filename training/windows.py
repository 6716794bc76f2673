"""Owns how examples become windows for the first stage: the rows of the weight table that each window reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.guard.classifier import features
from stockade.guard.classifier.linear import STRIDE_TOKENS, WINDOW_TOKENS

TEXT_BYTES_MAX = features.CHUNK_BYTES
WINDOWS_MAX = 12


class Read(NamedTuple):
    """A text as the first stage reads it: for each window its rows, and where it stands in code points."""

    rows: list[NDArray[np.int32]]
    tokens: list[int]
    spans: list[tuple[int, int]]


def read(text: str, bits: int, chance: np.random.Generator, start: int | None = None, end: int | None = None) -> Read:
    """Cut a text into windows of WINDOW_TOKENS with half overlap; with a span, those that hold most of it.

    Of more than WINDOWS_MAX windows a random choice is kept.
    """
    data = features.to_bytes(text)[:TEXT_BYTES_MAX]
    tokens = features.read(data, bits)
    count = len(tokens.starts)
    places = features.code_points(data)
    found = Read([], [], [])
    firsts = np.arange(0, max(1, count - WINDOW_TOKENS + STRIDE_TOKENS), STRIDE_TOKENS) if count else np.zeros(0, int)
    run_bounds = np.searchsorted(tokens.owners, np.arange(count + 1))
    kept = []
    for first in firsts:
        last = min(first + WINDOW_TOKENS, count)
        span = int(places[tokens.starts[first]]), int(places[tokens.ends[last - 1]])
        if start is not None and end is not None:
            shared = min(span[1], end) - max(span[0], start)
            if shared < 0.5 * min(end - start, span[1] - span[0]):
                continue
        kept.append((int(first), int(last), span))
    if len(kept) > WINDOWS_MAX:
        kept = [kept[i] for i in sorted(chance.choice(len(kept), WINDOWS_MAX, replace=False))]
    for first, last, span in kept:
        words = tokens.words[first:last].ravel()
        runs = tokens.runs[run_bounds[first] : run_bounds[last]]
        found.rows.append(np.concatenate((words, runs)).astype(np.int32))
        found.tokens.append(last - first)
        found.spans.append(span)
    return found
