"""Prices: what tokens of a model cost, by kind, and what a request may or did cost.

Owns the arithmetic, in whole micro-USD, rounded up. Knows no file: `config/prices.py` reads the rows. A model without a
price has none; it is never taken for free.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from stockade.core.exchange import Usage

_MILLION = 1_000_000
_MODELS_KEPT = 1024


class Price(NamedTuple):
    """Micro-USD for a million tokens of each kind; as many as USD for a million millions."""

    input: int
    output: int
    cache_read: int
    cache_write: int


class PriceRow(NamedTuple):
    """The price of the models that a glob matches, for prompts of more than `prompt_tokens_over` tokens.

    `source` says where the vendor publishes it, `read` on which day somebody looked (ISO 8601).
    """

    models: tuple[str, ...]
    price: Price
    prompt_tokens_over: int = 0
    source: str = ""
    read: str = ""


class PriceList:
    """Rows in the order in which they are tried."""

    __slots__ = ("_known", "rows")

    def __init__(self, rows: Sequence[PriceRow] = ()) -> None:
        """Take the rows over."""
        self.rows = tuple(rows)
        self._known: dict[str, tuple[PriceRow, ...]] = {}

    def price(self, model: str, prompt_tokens: int) -> Price | None:
        """Return the price for a prompt of that length, None where no row names the model."""
        for row in self._of(model):
            if prompt_tokens > row.prompt_tokens_over or not row.prompt_tokens_over:
                return row.price
        return None

    def at_most(self, model: str, input_tokens: int, output_tokens: int) -> int | None:
        """Return the most that a request may cost: its input read anew or written to a cache, whichever is dearer."""
        price = self.price(model, input_tokens)
        if price is None:
            return None
        dearest = max(price.input, price.cache_write, price.cache_read)
        return -(-(input_tokens * dearest + output_tokens * price.output) // _MILLION)

    def cost(self, model: str, usage: Usage) -> int | None:
        """Return what was used costs; what the vendor did not say counts as nothing."""
        read, written, fresh = usage.cache_read or 0, usage.cache_write or 0, usage.input or 0
        price = self.price(model, fresh + read + written)
        if price is None:
            return None
        paid = fresh * price.input + (usage.output or 0) * price.output
        return -(-(paid + read * price.cache_read + written * price.cache_write) // _MILLION)

    def _of(self, model: str) -> tuple[PriceRow, ...]:
        found = self._known.get(model)
        if found is None:
            if len(self._known) >= _MODELS_KEPT:
                self._known.clear()
            found = tuple(row for row in self.rows if any(fnmatchcase(model, glob) for glob in row.models))
            self._known[model] = found
        return found
