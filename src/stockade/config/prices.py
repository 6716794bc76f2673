"""Prices of models: read from YAML, the operator's rows before the built-in ones of `prices.yaml` beside this file.

Owns what may stand in such a file. Every built-in row names where the vendor publishes it and when that was read:
prices change without notice, and a wrong one is a wrong bill.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from stockade.config.keys import Key, glob_complaint
from stockade.config.reader import read_section
from stockade.guard.quota.prices import Price, PriceList, PriceRow

BUILT_IN = Path(__file__).parent / "prices.yaml"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_USD = "US dollars for a million tokens"
_USD_MAX = 1e6


def _day_complaint(text: str) -> str:
    return "" if _DAY.fullmatch(text) else 'must be a day such as "2026-11-22", in quotes'


@dataclass(frozen=True, slots=True)
class Row:
    """What the models of some patterns cost."""

    models: Annotated[
        tuple[str, ...], Key("patterns (* and ?)", "The first row that fits counts.", check=glob_complaint)
    ]
    input: Annotated[float, Key(_USD, "Tokens of the request that came from no cache.", low=0, high=_USD_MAX)]
    output: Annotated[float, Key(_USD, "Tokens of the answer, thinking included.", low=0, high=_USD_MAX)]
    source: Annotated[str, Key("URL or words", "Where the vendor says so.")]
    read: Annotated[str, Key("day", "When somebody looked.", check=_day_complaint)]
    cache_read: Annotated[
        float | None, Key(_USD, "Tokens read from the vendor's cache.", low=0, high=_USD_MAX, default="as input")
    ] = None
    cache_write: Annotated[
        float | None, Key(_USD, "Tokens written to the vendor's cache.", low=0, high=_USD_MAX, default="as input")
    ] = None
    prompt_tokens_over: Annotated[
        int, Key("tokens", "Only for prompts longer than this; such a row stands before the common one.", low=0)
    ] = 0


@dataclass(frozen=True, slots=True)
class PriceFile:
    """A whole file."""

    prices: Annotated[tuple[Row, ...], Key("list of sections", "One for each price.")]


def read_prices(path: Path | None) -> PriceList:
    """Return the rows of the file at `path`, if any, and after them the built-in ones. Fails: ConfigError."""
    files = (path, BUILT_IN) if path is not None else (BUILT_IN,)
    return PriceList([_row(row) for file in files for row in read_section(file, PriceFile).prices])


def _row(row: Row) -> PriceRow:
    read = row.input if row.cache_read is None else row.cache_read
    written = row.input if row.cache_write is None else row.cache_write
    price = Price(*[round(usd * 1_000_000) for usd in (row.input, row.output, read, written)])
    return PriceRow(row.models, price, row.prompt_tokens_over, row.source, row.read)
