"""Measuring: labelled rows and their scores to the figures of each detector.

Owns which rows a detector is measured on, what several heads together score, and how sources are averaged. Never
scores anything itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from types import MappingProxyType
from typing import NamedTuple

from stockade.core.segments import Channel
from stockade.govern.bench.metrics import (
    Bin,
    Share,
    area,
    calibration,
    calibration_error,
    curve,
    flagged,
    mean,
    threshold_at,
)
from stockade.govern.bench.rows import Row

RATES = (0.001, 0.01, 0.05)
"""False positive rates at which recall is stated."""

TOGETHER = "+"
"""Joins heads that are measured as one detector: `injection+jailbreak`."""

TOGETHER_THRESHOLD = 0.5
"""Threshold of several heads together: where any of them reaches its own."""

_ODDS_MIN = 1e-9

Scores = Mapping[str, float]
"""The scores of one text by head, probabilities."""


class Heads(NamedTuple):
    """The heads that are measured: the shipped threshold of each, and the channels in which the gate acts on it.

    A head that `reads` does not name is acted on in every channel.
    """

    thresholds: Mapping[str, float]
    reads: Mapping[str, Collection[Channel]] = MappingProxyType({})

    def of(self, detector: str, channel: Channel | None) -> tuple[str, ...]:
        """Return those heads of a detector that look at a channel; all of them where it is not said."""
        return tuple(
            head
            for head in heads_of(detector)
            if channel is None or head not in self.reads or channel in self.reads[head]
        )


@dataclass(frozen=True, slots=True)
class AtRate:
    """Recall at the threshold that flags at most `rate` of all negatives. `macro` is the mean over positive sources."""

    rate: float
    threshold: float | None
    recall: Share | None
    macro: float | None


@dataclass(frozen=True, slots=True)
class OfSource:
    """The rows of one source. `recall` and `false_positives` are at the shipped threshold, `at_one` is recall at 1 %.

    `area` sets the source's positives against the negatives of all sources.
    """

    source: str
    recall: Share | None
    at_one: Share | None
    area: float | None
    false_positives: Share | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one detector. `bins` and `calibration_error` are None for several heads together."""

    detector: str
    threshold: float
    positives: tuple[float, ...]
    negatives: tuple[float, ...]
    area: float | None
    area_macro: float | None
    rates: tuple[AtRate, ...]
    recall: Share | None
    recall_macro: float | None
    false_positives: Share | None
    sources: tuple[OfSource, ...]
    bins: tuple[Bin, ...] | None
    calibration_error: float | None

    @property
    def curve(self) -> list[tuple[float, float]]:
        """Return the ROC curve as (false positive rate, recall)."""
        return curve(self.positives, self.negatives)


def heads_of(detector: str) -> tuple[str, ...]:
    """Return the heads that a detector's name joins."""
    return tuple(detector.split(TOGETHER))


def concerns(row: Row, detector: str, heads: Heads) -> bool:
    """Say whether a row's label is about a detector, and its channel one in which the detector is acted on."""
    asked = row.head is None or not set(heads_of(row.head)).isdisjoint(heads_of(detector))
    return asked and bool(heads.of(detector, row.channel))


def score_of(scores: Scores, detector: str, heads: Heads, channel: Channel | None = None) -> float:
    """Return one head's score, or for several how far the surest stands above its own threshold, which becomes 0.5.

    Contract: several heads together reach TOGETHER_THRESHOLD exactly where one that reads the channel reaches its own.
    """
    if TOGETHER not in detector:
        return scores[detector]
    return max(_shifted(scores[head], heads.thresholds[head]) for head in heads.of(detector, channel))


def threshold_of(detector: str, thresholds: Mapping[str, float]) -> float:
    """Return the shipped threshold of a detector's score."""
    return thresholds.get(detector, TOGETHER_THRESHOLD)


def measure(detector: str, rows: Sequence[Row], scores: Sequence[Scores], heads: Heads) -> Measured:
    """Return the figures of one detector over the rows that concern it; `scores` stand beside `rows`."""
    judged = [
        (row, score_of(each, detector, heads, row.channel))
        for row, each in zip(rows, scores, strict=True)
        if concerns(row, detector, heads)
    ]
    threshold = threshold_of(detector, heads.thresholds)
    positives = [score for row, score in judged if row.positive]
    negatives = [score for row, score in judged if not row.positive]
    cuts = [threshold_at(negatives, rate) for rate in RATES]
    by_source = _by_source(judged)
    sources = tuple(
        OfSource(
            source,
            flagged(bad, threshold),
            None if cuts[1] is None else flagged(bad, cuts[1]),
            area(bad, negatives),
            flagged(good, threshold),
        )
        for source, (bad, good) in sorted(by_source.items())
    )
    rates = tuple(
        AtRate(
            rate,
            cut,
            None if cut is None else flagged(positives, cut),
            None if cut is None else mean(_value(flagged(bad, cut)) for bad, _ in by_source.values()),
        )
        for rate, cut in zip(RATES, cuts, strict=True)
    )
    bins = None
    if len(heads_of(detector)) == 1:
        bins = tuple(calibration([score for _, score in judged], [row.positive for row, _ in judged]))
    return Measured(
        detector=detector,
        threshold=threshold,
        positives=tuple(positives),
        negatives=tuple(negatives),
        area=area(positives, negatives),
        area_macro=mean(each.area for each in sources),
        rates=rates,
        recall=flagged(positives, threshold),
        recall_macro=mean(_value(each.recall) for each in sources),
        false_positives=flagged(negatives, threshold),
        sources=sources,
        bins=bins,
        calibration_error=None if bins is None else calibration_error(bins),
    )


def _by_source(judged: Sequence[tuple[Row, float]]) -> dict[str, tuple[list[float], list[float]]]:
    """Return the scores of each source's positives and negatives."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for row, score in judged:
        found.setdefault(row.source, ([], []))[0 if row.positive else 1].append(score)
    return found


def _value(each: Share | None) -> float | None:
    return None if each is None else each.value


def _shifted(probability: float, threshold: float) -> float:
    """Return the probability after its odds are measured in those of the threshold, which itself becomes 0.5."""
    odds = _log_odds(probability) - _log_odds(threshold)
    return 1 / (1 + exp(-odds)) if odds >= 0 else exp(odds) / (1 + exp(odds))


def _log_odds(probability: float) -> float:
    held = min(max(probability, _ODDS_MIN), 1 - _ODDS_MIN)
    return log(held / (1 - held))
