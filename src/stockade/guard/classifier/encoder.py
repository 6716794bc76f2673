"""The second stage: a small encoder read by ONNX Runtime in int8, one window at a time.

Owns the session and the cut of a window to PIECES_MAX pieces. A window is read with some of the text
around it, as far as the bound allows. One thread a run; the runtime releases the interpreter while it computes.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from stockade.guard.classifier.pieces import Pieces

PIECES_MAX = 128
AROUND_CHARS = 96
"""Code points of the text that are read before and after a window."""


class Encoder:
    """The encoder over bytes of its model (ONNX) and of its vocabulary (a piece a line). Safe over threads."""

    def __init__(self, model: bytes, vocabulary: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._pieces = Pieces(vocabulary)

    def logits(self, text: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the logit of each head for the window of a text between two code points.

        Fails: whatever the runtime raises; that is a fault of the machine, never of the text.
        """
        ids = self.cut(self._pieces, text[max(0, start - AROUND_CHARS) : end + AROUND_CHARS])
        outputs = self._session.run(["logits"], {"ids": np.array([ids], dtype=np.int64)})
        logits: NDArray[np.float32] = outputs[0][0]
        return logits

    @staticmethod
    def cut(pieces: Pieces, window: str) -> list[int]:
        """Cut a window into the ids of its pieces, at most PIECES_MAX, taken from its middle."""
        ids = pieces.ids(window)
        over = max(0, len(ids) + 2 - PIECES_MAX)
        kept = ids[over // 2 : len(ids) - (over - over // 2)]
        return [pieces.first, *kept, pieces.last]
