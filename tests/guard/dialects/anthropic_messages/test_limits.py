"""Limits as Anthropic's clients read them."""

from __future__ import annotations

from stockade.core.measures import Level, Measure
from stockade.guard.dialects.anthropic_messages.limits import limit_headers


def test_requests_and_tokens_are_told_and_the_rest_is_not() -> None:
    levels = {
        Measure.REQUESTS: Level("r", Measure.REQUESTS, 600, 599, 0.05),
        Measure.OUTPUT_TOKENS: Level("o", Measure.OUTPUT_TOKENS, 1000, 0, 3600),
        Measure.COST_MICRO_USD: Level("c", Measure.COST_MICRO_USD, 1, 1, 1),
        Measure.CONCURRENCY: Level("p", Measure.CONCURRENCY, 64, 63, 0),
    }
    told = dict(limit_headers(levels, 1_700_000_000.0))
    assert told == {
        b"anthropic-ratelimit-requests-limit": b"600",
        b"anthropic-ratelimit-requests-remaining": b"599",
        b"anthropic-ratelimit-requests-reset": b"2023-11-14T22:13:21Z",
        b"anthropic-ratelimit-output-tokens-limit": b"1000",
        b"anthropic-ratelimit-output-tokens-remaining": b"0",
        b"anthropic-ratelimit-output-tokens-reset": b"2023-11-14T23:13:21Z",
    }
