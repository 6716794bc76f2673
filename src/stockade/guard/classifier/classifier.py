"""The seam of the classifier: what whoever asks it may rely on. Owns the values and the protocol; computes nothing.

It says how likely; what is made of a score (a finding, its severity, its effect) is said elsewhere. Never reads a
file: weights are handed in as bytes whose digest was checked (`stores/weights.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from stockade.core.segments import Channel


class HeadScore(NamedTuple):
    """One head's calibrated probability for a text, of the window that is worst.

    `start` and `end` are the window in code points of the text. `evidence` names what spoke for it, the strongest
    first: a few short strings, which may quote the text.
    """

    probability: float
    start: int
    end: int
    evidence: tuple[str, ...] = ()


Scores = Mapping[str, HeadScore]
"""The scores of one text by head: `injection`, `jailbreak`, `harm`; always all of them."""


Asked = tuple[str, Channel | None]
"""A text and who speaks in it. None: nobody said, so that all heads are asked with care."""


class Classifier(Protocol):
    """A cascade of two stages over whole texts.

    `version` changes with weights, features and thresholds. `thresholds` holds for each head the probability from
    which on it is meant to be acted upon.

    Contract: pure, and used by several threads at once. What a text is given does not depend on the texts beside it.
    No text raises, whatever it holds; what raises is a fault of the machine.
    """

    @property
    def version(self) -> str:
        """Return what verdicts are kept under."""
        ...

    @property
    def heads(self) -> tuple[str, ...]:
        """Name the heads."""
        ...

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Return the probability from which on each head is meant."""
        ...

    def first(self, texts: Sequence[Asked]) -> list[Scores | None]:
        """Return the scores of every text that the cheap stage clears, None for each it cannot."""
        ...

    def second(self, texts: Sequence[Asked]) -> list[Scores]:
        """Return the scores of texts that the first stage did not clear, after a closer look."""
        ...
