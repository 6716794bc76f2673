"""The first stage: a linear model over hashed features, summed over every window of a text.

Owns the table of weights and how windows are scored. Prefix sums over the tokens give the sum of any window at once, so
that all windows of a text, one a token, cost no more than a few. Stateless: safe over threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.guard.classifier import features

WINDOW_TOKENS = 48
STRIDE_TOKENS = 24
SHORT_TOKENS = 8
"""A text of fewer tokens is scored as if it had as many: three words alone prove little."""

LANES = 4
"""Columns of the table: the heads, filled up so that a row is four bytes and one read fetches it."""

Float = NDArray[np.float32]


class Chunk(NamedTuple):
    """Scores over one stretch of a text: for each window its logit by head, and where it starts and ends in bytes.

    `parts` is what each token adds to the sum of its window, before the scale.
    """

    logits: Float
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    token_starts: NDArray[np.int64]
    token_ends: NDArray[np.int64]
    parts: Float


@dataclass(frozen=True, slots=True)
class Linear:
    """The weights of the first stage: `table` of 2**bits rows of LANES int8, `scale` and `bias` by lane."""

    table: NDArray[np.int32]
    bits: int
    scale: Float
    bias: Float

    def chunks(self, data: NDArray[np.uint8]) -> list[tuple[int, Chunk]]:
        """Score a text of any length: stretches of at most CHUNK_BYTES that overlap, each with its offset in bytes."""
        step = features.CHUNK_BYTES - features.CHUNK_BYTES // 16
        offsets = range(0, max(1, len(data) - features.CHUNK_BYTES // 16), step)
        return [(offset, self.chunk(data[offset : offset + features.CHUNK_BYTES])) for offset in offsets]

    def chunk(self, data: NDArray[np.uint8]) -> Chunk:
        """Score every window of one stretch; a stretch without a token has no window."""
        tokens = features.read(data, self.bits)
        count = len(tokens.starts)
        sums = self._gather(tokens.words).reshape(count, features.SHAPES, LANES).sum(axis=1, dtype=np.int32)
        if len(tokens.runs):
            runs = np.zeros((len(tokens.runs) + 1, LANES), dtype=np.int32)
            np.cumsum(self._gather(tokens.runs), axis=0, dtype=np.int32, out=runs[1:])
            bounds = np.searchsorted(tokens.owners, np.arange(count + 1))
            sums += np.diff(runs[bounds], axis=0)
        total = np.zeros((count + 1, LANES), dtype=np.int32)
        np.cumsum(sums, axis=0, out=total[1:])
        width = min(WINDOW_TOKENS, count)
        windows = total[width:] - total[: count + 1 - width] if count else np.zeros((0, LANES), np.int32)
        spread = self.scale / np.float32(np.sqrt(max(width, SHORT_TOKENS)))
        return Chunk(
            windows.astype(np.float32) * spread + self.bias,
            tokens.starts[: count + 1 - width] if count else tokens.starts,
            tokens.ends[width - 1 :] if count else tokens.ends,
            tokens.starts,
            tokens.ends,
            sums.astype(np.float32) * self.scale,
        )

    def _gather(self, rows: NDArray[np.int64]) -> NDArray[np.int8]:
        return self.table[rows.ravel()].view(np.int8).reshape(-1, LANES)
