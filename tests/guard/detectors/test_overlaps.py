"""Of overlapping findings the surest stays, and each that reaches past it, whatever the order in which they came."""

from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Category, Finding, Severity
from stockade.guard.detectors.overlaps import without_overlaps


def finding(start: int, end: int, score: float = 0.5, segment: int = 0, views: tuple[str, ...] = ()) -> Finding:
    return Finding("d", "1", "r", Category.CREDENTIAL, Severity.LOW, score, segment, start, end, "L", "e", views)


def covers(row: list[Finding]) -> set[tuple[int, int]]:
    return {(one.segment, place) for one in row for place in range(one.start, one.end)}


def test_the_higher_score_stays_then_the_plainer_then_the_longer() -> None:
    assert without_overlaps([finding(2, 5), finding(0, 9, 0.9)]) == [finding(0, 9, 0.9)]
    assert without_overlaps([finding(0, 9, views=("base64",)), finding(0, 9)]) == [finding(0, 9)]
    assert without_overlaps([finding(2, 5), finding(0, 9)]) == [finding(0, 9)]


def test_what_reaches_past_a_better_one_stays_beside_it() -> None:
    better, longer = finding(2, 5, 0.9), finding(0, 9)
    assert without_overlaps([better, longer]) == [longer, better]
    assert without_overlaps([better, finding(4, 8), finding(5, 8)]) == [better, finding(4, 8)]
    assert without_overlaps([finding(0, 4, 0.9), finding(4, 8, 0.9), finding(2, 6)]) == [
        finding(0, 4, 0.9),
        finding(4, 8, 0.9),
    ]


def test_neighbours_and_other_segments_stay() -> None:
    row = [finding(0, 3), finding(3, 6), finding(0, 6, 0.9, segment=1)]
    assert without_overlaps(reversed(row)) == row


@given(
    st.lists(
        st.builds(
            lambda start, length, score, segment: finding(start, start + length, score, segment),
            st.integers(0, 30),
            st.integers(1, 10),
            st.sampled_from([0.5, 0.7, 0.9]),
            st.integers(0, 1),
        ),
        max_size=20,
    )
)
def test_no_character_of_a_finding_is_lost_and_none_stays_for_what_better_ones_cover(row: list[Finding]) -> None:
    kept = without_overlaps(row)
    assert covers(kept) == covers(row)
    for one in kept:
        better = [other for other in kept if (other.score, other.end - other.start) > (one.score, one.end - one.start)]
        assert covers([one]) - covers(better)
    assert kept == without_overlaps(sorted(row, key=lambda each: each.end))
