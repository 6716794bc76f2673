"""Limits as OpenAI's clients read them."""

from __future__ import annotations

import pytest

from stockade.core.measures import Level, Measure
from stockade.guard.dialects.openai_limits import limit_headers, span


def test_of_all_limits_of_tokens_the_one_with_the_least_left_is_told() -> None:
    levels = {
        Measure.REQUESTS: Level("r", Measure.REQUESTS, 600, 599, 0.05),
        Measure.TOKENS: Level("t", Measure.TOKENS, 5000, 4000, 60),
        Measure.OUTPUT_TOKENS: Level("o", Measure.OUTPUT_TOKENS, 1000, 10, 3601),
        Measure.TOOL_CALLS: Level("c", Measure.TOOL_CALLS, 1, 1, 1),
    }
    assert dict(limit_headers(levels, 0.0)) == {
        b"x-ratelimit-limit-requests": b"600",
        b"x-ratelimit-remaining-requests": b"599",
        b"x-ratelimit-reset-requests": b"1s",
        b"x-ratelimit-limit-tokens": b"1000",
        b"x-ratelimit-remaining-tokens": b"10",
        b"x-ratelimit-reset-tokens": b"1h0m1s",
    }


@pytest.mark.parametrize(("seconds", "told"), [(0, "0s"), (0.2, "1s"), (59.5, "1m0s"), (90000, "25h0m0s")])
def test_spans_are_written_as_openai_writes_them(seconds: float, told: str) -> None:
    assert span(seconds) == told
