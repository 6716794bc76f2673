"""The two stages put together: what clears a text, what the encoder reads of the rest, and what is said of both.

Implements `Classifier` (classifier.py). Owns calibration: a logit of the first stage, or both stages' logits of one
window, become a probability by a logistic function fitted on sources that neither stage was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.core.segments import UNTRUSTED, Channel
from stockade.guard.classifier.classifier import HeadScore, Scores
from stockade.guard.classifier.encoder import Encoder
from stockade.guard.classifier.linear import Linear
from stockade.guard.classifier.suspects import Suspect, suspects

HEADS = ("injection", "jailbreak", "harm")

ASKED: Mapping[Channel | None, tuple[int, ...]] = MappingProxyType(
    {
        **dict.fromkeys(UNTRUSTED, (0,)),
        Channel.USER: (1, 2),
        Channel.ASSISTANT: (2,),
        None: (0, 1, 2),
    }
)
"""Which heads, by their place in HEADS, can call for the second stage. What an operator wrote calls none,
a text whose channel is not said calls all."""

ONE_EACH: Mapping[int, int] = MappingProxyType(dict.fromkeys(range(len(HEADS)), 1))
NOTHING = HeadScore(0.0, 0, 0)

SHORT_CHARS = 256
DOUBLINGS_MAX = 5
"""Up to 8 KB; past that a text's length excuses nothing more."""


class Calibration(NamedTuple):
    """One head's numbers.

    `clear`: the first stage's logit below which a short text is cleared, and what each doubling of its length adds.
    `alone`: slope and offset over the first stage's logit. `both`: slopes over the first stage's and the encoder's
    logit of one window, and the offset. `threshold`: the probability that ships. `windows`: how many windows of a text
    the encoder reads for this head.
    """

    clear: tuple[float, float]
    alone: tuple[float, float]
    both: tuple[float, float, float]
    threshold: float
    windows: int

    def cleared_below(self, text: str) -> float:
        """Give the logit below which a text is cleared: it rises with each doubling, as of more windows one is bad."""
        doublings = math.log2(max(len(text), SHORT_CHARS) / SHORT_CHARS)
        base, rise = self.clear
        return base + rise * min(doublings, DOUBLINGS_MAX)


@dataclass(frozen=True, slots=True)
class Cascade:
    """The classifier that ships. Without an encoder the first stage answers for both."""

    version: str
    linear: Linear
    encoder: Encoder | None
    calibrations: tuple[Calibration, ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """Name the heads."""
        return HEADS

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Give for each head the probability from which on it is meant to be acted upon."""
        return {head: calibration.threshold for head, calibration in zip(HEADS, self.calibrations, strict=True)}

    def first(self, texts: Sequence[tuple[str, Channel | None]]) -> list[Scores | None]:
        """Score by the first stage; None where a head that the channel asks is not below its bound."""
        return [self._first(text, channel) for text, channel in texts]

    def second(self, texts: Sequence[tuple[str, Channel | None]]) -> list[Scores]:
        """Score by both stages: the encoder reads the worst windows of each text, one after the other.

        One window a run: the encoder's int8 scales are taken over all that a run holds, so that windows read together
        would change each other's scores.
        """
        return [self._second(text, channel) for text, channel in texts]

    def _first(self, text: str, channel: Channel | None) -> Scores | None:
        found = suspects(self.linear, text, ONE_EACH)
        asked = ASKED.get(channel, ())
        bounds = [calibration.cleared_below(text) for calibration in self.calibrations]
        if any(s.logits[lane] >= bounds[lane] for s in found for lane in asked):
            return None
        return {head: self._alone(found, lane, bounds[lane]) for lane, head in enumerate(HEADS)}

    def _second(self, text: str, channel: Channel | None) -> Scores:
        if self.encoder is None:
            found = suspects(self.linear, text, ONE_EACH)
            return {head: self._alone(found, lane, math.inf) for lane, head in enumerate(HEADS)}
        asked = ASKED.get(channel, range(len(HEADS)))
        found = suspects(self.linear, text, {lane: self.calibrations[lane].windows for lane in asked})
        logits = [self.encoder.logits(text, s.start, s.end) for s in found]
        return {head: self._both(found, logits, lane) for lane, head in enumerate(HEADS)}

    def _alone(self, found: Sequence[Suspect], lane: int, bound: float) -> HeadScore:
        """Say what the first stage alone says; what it cleared stays below the probability of the bound."""
        if not found:
            return NOTHING
        worst = max(found, key=lambda suspect: suspect.logits[lane])
        calibration = self.calibrations[lane]
        logit = min(float(worst.logits[lane]), bound)
        slope, offset = calibration.alone
        return HeadScore(sigmoid(slope * logit + offset), worst.start, worst.end, worst.evidence[lane])

    def _both(self, found: Sequence[Suspect], logits: Sequence[NDArray[np.float32]], lane: int) -> HeadScore:
        if not found:
            return NOTHING
        cheap, costly, offset = self.calibrations[lane].both
        sums = [
            cheap * float(s.logits[lane]) + costly * float(e[lane]) + offset for s, e in zip(found, logits, strict=True)
        ]
        worst = max(range(len(found)), key=sums.__getitem__)
        suspect = found[worst]
        return HeadScore(sigmoid(sums[worst]), suspect.start, suspect.end, suspect.evidence[lane])


def sigmoid(logit: float) -> float:
    """Turn a logit into a probability without overflow."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
