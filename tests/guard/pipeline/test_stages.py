"""The stages: their order is the design's, and each says what it does."""

from __future__ import annotations

from stockade.guard.pipeline.stages import ENDING, STAGES

ORDER = [
    "receive",
    "authenticate",
    "admit",
    "parse",
    "authorise",
    "reserve",
    "inspect",
    "decide",
    "transform",
    "keep_request",
    "record_intent",
    "upstream",
    "answer",
]


def test_the_order_is_the_one_that_is_written_down() -> None:
    """Authenticated before anything is read, inspected before decided, recorded before sent."""
    assert [stage.name for stage in STAGES] == ORDER
    assert [stage.name for stage in ENDING] == ["settle", "record_outcome", "keep_exchange"]


def test_each_stage_says_what_it_does_in_one_sentence() -> None:
    purposes = [stage.purpose for stage in (*STAGES, *ENDING)]
    assert all(purpose.endswith(".") and len(purpose) > 20 for purpose in purposes)
    assert len(set(purposes)) == len(purposes)
