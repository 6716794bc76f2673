"""What requests cost: by kind of token, rounded up, never free by accident."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stockade.core.exchange import Usage
from stockade.guard.quota.prices import Price, PriceList, PriceRow

LONG = Price(500_000, 2_500_000, 50_000, 625_000)
SHORT = Price(100_000, 500_000, 10_000, 125_000)
LIST = PriceList([PriceRow(("small-*",), LONG, 100_000), PriceRow(("small-*", "tiny"), SHORT)])
COUNTS = st.integers(0, 10**7)


def test_each_kind_has_its_price_and_the_sum_is_rounded_up_once() -> None:
    assert LIST.cost("tiny", Usage(10, 10, 10, 10)) == -(-(1_000_000 + 5_000_000 + 100_000 + 1_250_000) // 10**6)
    assert LIST.cost("tiny", Usage(1, None, None, None)) == 1
    assert LIST.cost("tiny", Usage()) == 0


def test_a_long_prompt_has_the_price_of_long_prompts() -> None:
    assert LIST.price("small-1", 100_000) == SHORT
    assert LIST.price("small-1", 100_001) == LONG
    # What came from the cache is part of the prompt.
    assert LIST.cost("small-1", Usage(1, 0, 100_000, 0)) == -(-(500_000 + 100_000 * 50_000) // 10**6)


def test_a_model_that_no_row_names_has_no_price() -> None:
    assert LIST.price("large", 1) is None
    assert LIST.cost("large", Usage(1, 1, 1, 1)) is None
    assert LIST.at_most("large", 1, 1) is None


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_what_was_held_is_never_less_than_what_it_costs(fresh: int, output: int, read: int, written: int) -> None:
    held = LIST.at_most("small-1", fresh + read + written, output)
    cost = LIST.cost("small-1", Usage(fresh, output, read, written))
    assert held is not None
    assert cost is not None
    assert held >= cost
