"""Spans of the calendar: in which hour, day, week or month of a time zone a moment lies.

Pure arithmetic. Where a clock is put forward or back at a span's edge, spans are shorter or longer and still follow
each other without a gap.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from stockade.guard.quota.limit import Period

_HOUR_S = 3600


class Span(NamedTuple):
    """From `start_s` on and before `end_s`, in whole seconds since 1970."""

    start_s: int
    end_s: int


def span(period: Period, zone: tzinfo, at_s: float) -> Span:
    """Return the span of `period` in `zone` in which the moment `at_s` (seconds since 1970) lies."""
    local = datetime.fromtimestamp(at_s, zone)
    if period is Period.HOUR:
        offset = local.utcoffset()
        assert offset is not None
        shift = int(offset.total_seconds()) % _HOUR_S
        start = (int(at_s) + shift) // _HOUR_S * _HOUR_S - shift
        return Span(start, start + _HOUR_S)
    first = local.date()
    if period is Period.WEEK:
        first -= timedelta(days=first.weekday())
    elif period is Period.MONTH:
        first = first.replace(day=1)
    return Span(_midnight(first, zone), _midnight(_following(period, first), zone))


def _following(period: Period, first: date) -> date:
    if period is Period.MONTH:
        return (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if period is Period.WEEK else 1)


def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
