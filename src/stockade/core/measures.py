"""Measures: what can be counted of exchanges, and how a count stands against its limit."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Measure(StrEnum):
    """What a limit counts."""

    CACHE_READ_TOKENS = "cache_read_tokens"
    CACHE_WRITE_TOKENS = "cache_write_tokens"
    CONCURRENCY = "concurrency"  # requests open at the same time
    COST_MICRO_USD = "cost_micro_usd"
    INPUT_TOKENS = "input_tokens"  # those that came from no cache and went into none
    OUTPUT_TOKENS = "output_tokens"
    REQUESTS = "requests"
    TOKENS = "tokens"  # all four kinds together
    TOOL_CALLS = "tool_calls"  # calls in answers that reached the client
    TURNS = "turns"  # answers that the model gave


class Level(NamedTuple):
    """How one limit stood when a request was let in: `remaining` of `limit`, all of it again in `reset_s` seconds."""

    name: str
    measure: Measure
    limit: int
    remaining: int
    reset_s: float
