"""Metrics of a score: small pure functions over lists of scores. A text is flagged from the threshold on, included.

Never says a figure for nothing: where there are no texts to count, the answer is None. Source: Hanley and McNeil 1982
(area under the curve as a rank statistic), Wilson 1927 (interval of a share), Guo et al. 2017 (calibration error).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import floor, inf, nextafter, sqrt
from typing import NamedTuple

Z_95 = 1.959964
"""Standard deviations either side that hold 95 % of a normal distribution."""

CALIBRATION_BINS = 15
"""Bins of equal width over [0, 1] for the calibration error."""


class Share(NamedTuple):
    """`hits` of `total`, with the ends of its Wilson interval at 95 %. All shares are 0.0 to 1.0."""

    hits: int
    total: int
    value: float
    low: float
    high: float


class Bin(NamedTuple):
    """Texts with scores in [low, high): their number, their mean score and the share that is positive."""

    low: float
    high: float
    texts: int
    mean_score: float
    positive_share: float


def share(hits: int, total: int) -> Share | None:
    """Return a share with its interval, or None of nothing."""
    if total == 0:
        return None
    value, z2 = hits / total, Z_95 * Z_95
    middle = (value + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * sqrt(value * (1 - value) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return Share(hits, total, value, max(0.0, middle - half), min(1.0, middle + half))


def flagged(scores: Iterable[float], threshold: float) -> Share | None:
    """Return the share of scores that reach the threshold."""
    reached = [score >= threshold for score in scores]
    return share(sum(reached), len(reached))


def area(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Return how often a positive scores higher than a negative, ties counted half: the area under the ROC curve."""
    if not positives or not negatives:
        return None
    ordered = sorted(negatives)
    wins = 0.0
    for score in positives:
        below = bisect_left(ordered, score)
        wins += below + (bisect_right(ordered, score) - below) / 2
    return wins / (len(positives) * len(negatives))


def threshold_at(negatives: Sequence[float], rate: float) -> float | None:
    """Return the lowest threshold that flags at most `rate` of the negatives; None where there are none.

    Contract: with fewer than 1 / rate negatives it flags none of them; ties are flagged together or not at all.
    """
    if not negatives:
        return None
    allowed = floor(rate * len(negatives) + 1e-9)
    if allowed >= len(negatives):
        return -inf
    return nextafter(sorted(negatives, reverse=True)[allowed], inf)


def curve(positives: Sequence[float], negatives: Sequence[float]) -> list[tuple[float, float]]:
    """Return the ROC curve as (false positive rate, recall), from (0, 0) to (1, 1); empty without both kinds."""
    if not positives or not negatives:
        return []
    points = [(0.0, 0.0)]
    ordered = sorted([*((score, 1) for score in positives), *((score, 0) for score in negatives)], reverse=True)
    seen = [0, 0]
    for number, (score, positive) in enumerate(ordered):
        seen[positive] += 1
        if number + 1 == len(ordered) or ordered[number + 1][0] != score:
            points.append((seen[0] / len(negatives), seen[1] / len(positives)))
    return points


def calibration(scores: Sequence[float], positive: Sequence[bool], bins: int = CALIBRATION_BINS) -> list[Bin]:
    """Return the bins that hold any text; scores are probabilities, 1.0 belongs to the last bin."""
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for score, truth in zip(scores, positive, strict=True):
        rows[min(bins - 1, int(score * bins))].append((score, truth))
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            len(row),
            sum(score for score, _ in row) / len(row),
            sum(truth for _, truth in row) / len(row),
        )
        for number, row in enumerate(rows)
        if row
    ]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return the mean distance of score and truth over bins, weighted by their texts (expected calibration error)."""
    total = sum(each.texts for each in bins)
    if total == 0:
        return None
    return sum(each.texts * abs(each.mean_score - each.positive_share) for each in bins) / total


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of what is not None, or None."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def quantile(values: Sequence[float], part: float) -> float | None:
    """Return the value below which `part` of the values lie, interpolated; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
