"""Telephone numbers: whether a country gives out such a number. Owns the reading of `phonenumbers`' tables.

The library's own parser takes some 150 microseconds a number, ten times what a list of numbers may cost here. Its
tables are read once for each calling code instead; numbers are digits only. Source: the `phonenumbers` library
(numbering plans of all countries, a port of Google's libphonenumber). Read November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import phonenumbers

_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The numbers of one calling code, or of one country that shares it: a number fits one whole pair."""

    lengths: frozenset[int]
    numbers: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    trunk: re.Pattern[str] | None


def is_given_out(digits: str) -> bool:
    """Say whether calling code and number are in the country's plan. A trunk prefix between them may be dialled."""
    code = _calling_code(digits)
    return code > 0 and _fits(_plan(code), digits[len(str(code)) :])


def is_long_enough(digits: str) -> bool:
    """Say whether a calling code has a number of as many digits as it gives out."""
    code = _calling_code(digits)
    if not code:
        return False
    plan, rest = _plan(code), digits[len(str(code)) :]
    return len(rest) in plan.lengths or len(_bare(plan, rest)) in plan.lengths


def is_given_out_in(code: int, digits: str) -> bool:
    """Say whether a number in the country's own way of dialling is in the plan of a calling code."""
    return _fits(_plan(code), digits)


def _fits(plan: _Plan, digits: str) -> bool:
    if any(general.fullmatch(digits) and kinds.fullmatch(digits) for general, kinds in plan.numbers):
        return True
    bare = _bare(plan, digits)
    return bare != digits and any(general.fullmatch(bare) and kinds.fullmatch(bare) for general, kinds in plan.numbers)


def _bare(plan: _Plan, digits: str) -> str:
    """Return the digits without the prefix that is dialled inside the country."""
    trunk = plan.trunk.match(digits) if plan.trunk is not None else None
    return digits if trunk is None else digits[trunk.end() :]


def _calling_code(digits: str) -> int:
    """Return the calling code at the beginning, 0 for none: no code begins another."""
    if digits[:1] == "0":
        return 0
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((code for size in (1, 2, 3) if (code := int(digits[:size] or 0)) in codes), 0)


@lru_cache(maxsize=256)
def _plan(code: int) -> _Plan:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    tables: list[Any] = [phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, each) for each in regions]
    tables = [table for table in tables if table is not None]
    lengths = {
        size
        for desc in (tables[0].general_desc,)
        for size in (*desc.possible_length, *desc.possible_length_local_only)
        if size > 0
    }
    numbers = []
    for table in tables:
        descs = [getattr(table, kind) for kind in _KINDS]
        kinds = [desc.national_number_pattern for desc in descs if desc is not None and desc.national_number_pattern]
        if kinds:
            general = table.general_desc.national_number_pattern
            numbers.append((re.compile(general), re.compile("|".join(f"(?:{kind})" for kind in kinds))))
    trunk = tables[0].national_prefix_for_parsing
    return _Plan(frozenset(lengths), tuple(numbers), re.compile(trunk) if trunk else None)
