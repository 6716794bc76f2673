"""Metrics against cases counted by hand and against plain definitions."""

from itertools import pairwise, product
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.govern.bench.metrics import (
    area,
    calibration,
    calibration_error,
    curve,
    flagged,
    mean,
    quantile,
    share,
    threshold_at,
)

SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), min_size=1, max_size=40)


def test_an_area_counts_pairs_and_half_the_ties() -> None:
    # pairs: 0.9 beats three; 0.4 beats 0.1 and 0.2, ties 0.4
    assert area([0.9, 0.4], [0.1, 0.2, 0.4]) == pytest.approx((3 + 2 + 0.5) / 6)
    assert area([1.0], [0.0]) == 1.0
    assert area([0.0], [1.0]) == 0.0
    assert area([0.5, 0.5], [0.5]) == 0.5
    assert area([], [0.5]) is None
    assert area([0.5], []) is None


@given(positives=SCORES, negatives=SCORES)
def test_an_area_is_what_its_definition_says(positives: list[float], negatives: list[float]) -> None:
    wins = sum((good < bad) + (good == bad) / 2 for bad, good in product(positives, negatives))
    assert area(positives, negatives) == pytest.approx(wins / len(positives) / len(negatives))


@given(positives=SCORES, negatives=SCORES)
def test_the_curve_has_that_area_and_never_falls(positives: list[float], negatives: list[float]) -> None:
    points = curve(positives, negatives)
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (1.0, 1.0)
    assert points == sorted(points)
    under = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
    assert under == pytest.approx(area(positives, negatives))


def test_a_threshold_flags_at_most_its_rate() -> None:
    negatives = [number / 100 for number in range(100)]
    threshold = threshold_at(negatives, 0.05)
    assert threshold is not None
    assert [score for score in negatives if score >= threshold] == [0.95, 0.96, 0.97, 0.98, 0.99]
    assert threshold_at([0.5] * 10, 0.3) > 0.5  # type: ignore[operator]  # ties are flagged together or not at all
    assert threshold_at([0.1, 0.2], 0.01) > 0.2  # type: ignore[operator]
    assert threshold_at([0.1], 1.0) == -inf
    assert threshold_at([], 0.5) is None


@given(negatives=SCORES, rate=st.floats(0, 0.99))
def test_no_lower_threshold_would_do(negatives: list[float], rate: float) -> None:
    threshold = threshold_at(negatives, rate)
    assert threshold is not None
    reached = sum(score >= threshold for score in negatives)
    assert reached <= rate * len(negatives) + 1e-6
    below = max((score for score in negatives if score < threshold), default=None)
    if below is not None:
        assert sum(score >= below for score in negatives) > rate * len(negatives)


def test_an_interval_is_that_of_wilson() -> None:
    # Wilson 1927 for 8 of 10 at 95 %: 0.490 to 0.943; for 0 of 10: 0 to 0.278
    eight = share(8, 10)
    none = share(0, 10)
    assert eight is not None
    assert none is not None
    assert (eight.value, eight.low, eight.high) == (
        0.8,
        pytest.approx(0.4902, abs=1e-4),
        pytest.approx(0.9433, abs=1e-4),
    )
    assert (none.low, none.high) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert share(0, 0) is None


def test_the_threshold_itself_is_flagged() -> None:
    found = flagged([0.4, 0.5, 0.6], 0.5)
    assert found is not None
    assert (found.hits, found.total) == (2, 3)


def test_a_calibration_error_by_hand() -> None:
    # bin [0, .5): scores .2 .4, one of two positive: |.3 - .5| = .2; bin [.5, 1]: .9 1.0, both positive: .05
    bins = calibration([0.2, 0.4, 0.9, 1.0], [False, True, True, True], bins=2)
    assert [(each.texts, each.positive_share) for each in bins] == [(2, 0.5), (2, 1.0)]
    assert calibration_error(bins) == pytest.approx((2 * 0.2 + 2 * 0.05) / 4)
    assert calibration_error([]) is None


@pytest.mark.parametrize(
    ("part", "expected"), [(0.0, 1.0), (0.5, 2.5), (1.0, 4.0), (0.25, 1.75)]
)  # numpy.quantile([1, 2, 3, 4], part)
def test_a_quantile_lies_between_its_neighbours(part: float, expected: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], part) == pytest.approx(expected)
    assert quantile([], part) is None


def test_a_mean_leaves_out_what_is_unknown() -> None:
    assert mean([0.5, None, 1.0]) == 0.75
    assert mean([None]) is None
