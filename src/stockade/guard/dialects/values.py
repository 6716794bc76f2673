"""Parsed JSON, read without surprise: what is not of the wanted type is read as nothing.

Owns the reading of facts out of bodies that a grammar has already accounted for. Never raises.
"""

from __future__ import annotations

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
