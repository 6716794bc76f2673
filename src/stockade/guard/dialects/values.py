"""Parsed JSON, read without surprise: what is not of the wanted type is read as nothing.

Owns the reading of facts out of bodies that a grammar has already accounted for. Never raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast


def table(value: object) -> dict[str, object]:
    """Return `value` when it is an object, else an empty one."""
    return cast("dict[str, object]", value) if type(value) is dict else {}


def rows(value: object) -> list[object]:
    """Return `value` when it is a list, else an empty one."""
    return cast("list[object]", value) if type(value) is list else []


def text(value: object) -> str:
    """Return `value` when it is a string, else an empty one."""
    return value if type(value) is str else ""


def count(value: object) -> int | None:
    """Return `value` when it is a count, else None."""
    return value if type(value) is int and value >= 0 else None


def most_tokens(value: Mapping[str, object], *names: str) -> int | None:
    """Return the bound on an answer's tokens that stands under the first of `names` that holds one, else None."""
    return next((found for name in names if (found := count(value.get(name)))), None)
