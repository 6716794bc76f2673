"""JSON numbers that are long enough to be somebody's: a card, an account, a telephone number written without quotes.

Owns which numbers are told to the guards, how they are spelt for them, and where they stand in a raw body. A number has
no place in the count of strings, so it is found by its path. See docs/decisions/0016 for why it becomes a string.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import orjson

from stockade.core.segments import Path

LONG = 10_000_000
"""The least number that is told: eight digits. Shorter ones name nobody; bodies are full of them."""

_EXACT_MAX = 10**20
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],]|[^\s{}\[\],:"]+', re.DOTALL)


def long_number(value: float) -> str:
    """Return the digits of a long number however it was written (4.1e15 too), or "" for a short one.

    Integers past 64 bits come from the parser as floats: their first 17 digits are exact.
    """
    if -LONG < value < LONG:
        return ""
    if type(value) is int or (value.is_integer() and -_EXACT_MAX < value < _EXACT_MAX):
        return str(int(value))
    return repr(value)


def number_spans(raw: bytes, paths: Collection[Path]) -> dict[Path, tuple[int, int]]:
    """Return (start, end) of the numbers, truth values and nulls that stand at `paths` of valid JSON `raw`."""
    spans: dict[Path, tuple[int, int]] = {}
    here: list[str | int | None] = []  # of each open object its current key (None before it), of each list the index
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token == b"{":
            here.append(None)
        elif token == b"[":
            here.append(0)
        elif token in (b"}", b"]"):
            here.pop()
        elif token == b",":
            last = here[-1]
            here[-1] = last + 1 if isinstance(last, int) else None
        elif token.startswith(b'"'):
            if here and here[-1] is None:
                here[-1] = orjson.loads(token)
        elif (path := tuple(here)) in paths:
            spans[path] = match.span()  # type: ignore[index]  # a value stands behind its key: no part is None
    return spans
