"""Spans of the calendar follow each other without a gap, in every zone and over every change of the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.quota.limit import Period
from stockade.guard.quota.periods import span

ZONES = [UTC, *map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"))]
TIMES = st.integers(946_684_800, 4_102_444_800)


@given(st.sampled_from(list(Period)), st.sampled_from(ZONES), TIMES)
def test_a_moment_lies_in_its_span_and_the_next_begins_where_it_ends(period: Period, zone: ZoneInfo, at: int) -> None:
    start, end = span(period, zone, at)
    assert start <= at < end
    assert span(period, zone, start) == (start, end)
    assert span(period, zone, end).start_s == end
    assert span(period, zone, end - 1).start_s == start


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (Period.HOUR, ("2026-10-25T10:00", "2026-10-25T11:00")),
        (Period.DAY, ("2026-10-25T00:00", "2026-10-26T00:00")),
        (Period.WEEK, ("2026-10-19T00:00", "2026-10-26T00:00")),
        (Period.MONTH, ("2026-10-01T00:00", "2026-11-01T00:00")),
    ],
)
def test_spans_begin_and_end_by_the_clock_on_the_wall(period: Period, expected: tuple[str, str]) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = datetime(2026, 10, 25, 10, 30, tzinfo=berlin).timestamp()
    told = tuple(datetime.fromtimestamp(edge, berlin).strftime("%Y-%m-%dT%H:%M") for edge in span(period, berlin, at))
    assert told == expected


def test_the_day_on_which_the_clock_goes_back_has_25_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start, end = span(Period.DAY, berlin, datetime(2026, 10, 25, 12, tzinfo=berlin).timestamp())
    assert end - start == 25 * 3600
