"""Measuring: which rows count, several heads together, and sources averaged, each counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.segments import Channel
from stockade.govern.bench.measuring import TOGETHER_THRESHOLD, Heads, measure, score_of
from stockade.govern.bench.rows import Row

HEADS = Heads({"injection": 0.8, "jailbreak": 0.3, "harm": 0.5})
BOTH = "injection+jailbreak"
PROBABILITY = st.floats(0.0, 1.0)


@given(injection=PROBABILITY, jailbreak=PROBABILITY)
def test_together_is_flagged_exactly_where_one_is(injection: float, jailbreak: float) -> None:
    score = score_of({"injection": injection, "jailbreak": jailbreak}, BOTH, HEADS)
    assert (score >= TOGETHER_THRESHOLD) == (injection >= 0.8 or jailbreak >= 0.3)


def rows_and_scores() -> tuple[list[Row], list[dict[str, float]]]:
    table = [
        ("a", True, 0.9),
        ("a", True, 0.85),
        ("b", True, 0.95),
        ("b", True, 0.5),
        ("b", True, 0.1),
        ("b", True, 0.2),
        ("c", False, 0.82),
        ("c", False, 0.1),
        ("d", False, 0.05),
        ("d", False, 0.15),
    ]
    return [Row("t", bad, source) for source, bad, _ in table], [{"injection": score} for *_, score in table]


def test_figures_of_one_detector() -> None:
    rows, scores = rows_and_scores()
    measured = measure("injection", rows, scores, HEADS)
    assert measured.recall is not None
    assert measured.false_positives is not None
    assert (measured.recall.hits, measured.recall.total) == (3, 6)
    assert (measured.false_positives.hits, measured.false_positives.total) == (1, 4)
    assert measured.recall_macro == pytest.approx((1.0 + 0.25) / 2)
    # wins over .82 .1 .05 .15: 4, 4, 4, 3, 1 and a half, 3
    assert measured.area == pytest.approx((4 + 4 + 4 + 3 + 1.5 + 3) / 24)
    assert measured.area_macro == pytest.approx((8 / 8 + 11.5 / 16) / 2)
    one = measured.rates[1]
    assert one.recall is not None
    assert one.recall.hits == 3  # above 0.82
    assert one.macro == pytest.approx((1.0 + 0.25) / 2)
    by_name = {each.source: each for each in measured.sources}
    assert by_name["a"].false_positives is None
    assert by_name["c"].recall is None
    assert by_name["c"].false_positives.hits == 1  # type: ignore[union-attr]


def test_a_row_with_a_head_counts_for_that_detector_alone() -> None:
    rows = [Row("t", True, head="harm"), Row("t", True, head="injection"), Row("t", False)]
    scores = [{"injection": 0.9, "jailbreak": 0.9, "harm": 0.9}] * 3
    assert len(measure("injection", rows, scores, HEADS).positives) == 1
    assert len(measure(BOTH, rows, scores, HEADS).positives) == 1
    assert len(measure("jailbreak", rows, scores, HEADS).positives) == 0
    assert len(measure("harm", rows, scores, HEADS).negatives) == 1


def test_a_row_with_several_heads_counts_for_each() -> None:
    scores = [{"injection": 0.9, "jailbreak": 0.9, "harm": 0.9}]
    counted = {
        name: len(measure(name, [Row("t", True, head=BOTH)], scores, HEADS).positives)
        for name in ("injection", "jailbreak", BOTH, "harm")
    }
    assert counted == {"injection": 1, "jailbreak": 1, BOTH: 1, "harm": 0}


@pytest.mark.parametrize("label", [True, False])
def test_one_kind_of_label_alone_gives_what_it_can(label: bool) -> None:
    measured = measure("injection", [Row("t", label)], [{"injection": 0.9}], HEADS)
    assert measured.area is None
    assert measured.area_macro is None
    assert (measured.recall is None) == (not label)
    assert measured.curve == []


def test_several_heads_have_no_calibration() -> None:
    measured = measure(BOTH, [Row("t", True)], [{"injection": 0.1, "jailbreak": 0.2}], HEADS)
    assert measured.bins is None
    assert measured.calibration_error is None


def test_a_head_counts_in_the_channels_that_the_gate_acts_on() -> None:
    heads = Heads(HEADS.thresholds, {"injection": {Channel.DOCUMENT}, "jailbreak": {Channel.USER}})
    rows = [Row("t", True, channel=channel) for channel in (Channel.DOCUMENT, Channel.USER, Channel.SYSTEM, None)]
    scores = [{"injection": 0.9, "jailbreak": 0.1, "harm": 0.9}] * 4
    both = measure(BOTH, rows, scores, heads)
    assert [score >= TOGETHER_THRESHOLD for score in both.positives] == [True, False, True]
    assert len(measure("injection", rows, scores, heads).positives) == 2
    assert len(measure("harm", rows, scores, heads).positives) == 4
