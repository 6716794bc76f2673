"""Owns the row: one labelled text, and what makes a row complete.

A row says one thing only: whether, for its head and read on its channel, the text is what the head looks for. A row of
head `injection` with label 0 says nothing of whether the text is a harmful request.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Head = Literal["injection", "jailbreak", "harm"]
Split = Literal["train", "heldout"]

HEADS: tuple[Head, ...] = ("injection", "jailbreak", "harm")
SPLITS: tuple[Split, ...] = ("train", "heldout")
CHANNELS = ("system", "user", "assistant", "tool_call", "tool_result", "tool_definition", "document")
TEXT_CHARS_MAX = 16_000


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text.

    Units: `start` and `end` are code points of `text` and enclose the planted attack; both are None where the whole
    text is meant (a jailbreak, a harmful request) or nothing was planted.
    """

    text: str
    label: int
    head: Head
    channel: str
    category: str
    source: str
    licence: str
    severity: str = ""  # of harm: low, medium, high
    start: int | None = None
    end: int | None = None

    def json(self) -> dict[str, Any]:
        """Give the row as it is written; fields that say nothing are left out."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != ""}


def fault(row: Row) -> str | None:
    """Say what is wrong with a row, or None."""
    if not row.text.strip() or len(row.text) > TEXT_CHARS_MAX:
        return f"text has {len(row.text)} characters"
    if row.label not in {0, 1} or row.head not in HEADS or row.channel not in CHANNELS:
        return f"label {row.label!r}, head {row.head!r} or channel {row.channel!r} is unknown"
    if not (row.category and row.source and row.licence):
        return "category, source or licence is empty"
    if (row.start is None) != (row.end is None):
        return "half a span"
    if row.start is not None and row.end is not None and not 0 <= row.start < row.end <= len(row.text):
        return f"span {row.start}..{row.end} lies outside the text"
    return None
