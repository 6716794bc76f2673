"""Owns how rows of training/data become examples of the heads."""

from __future__ import annotations

from training.data.mixture import rows
from training.data.rows import Row, Split
from training.examples import Example


def examples(split: Split, limit: int, seed: int) -> list[Example]:
    """Generate and load rows of a split, and say what they mean for every head.

    An attack on the injection head says nothing of the other two. A jailbreak is one wherever it stands. Ordinary text
    is ordinary for both; a row of harm is silent about attacks unless it is ordinary itself.
    """
    return [example(row, split) for row in rows(split, limit, seed)]


def example(row: Row, split: Split) -> Example:
    """Turn one row into an example."""
    injection: int | None = row.label
    jailbreak: int | None = row.label
    harm: int | None = None if row.label or row.head == "jailbreak" else 0
    if row.head == "injection" and (row.label or "twin" in row.source):
        jailbreak = None
    if row.head == "harm":
        injection = jailbreak = None if row.label else 0
        harm = row.label
    return Example(
        row.text,
        injection,
        jailbreak,
        harm,
        row.source,
        row.category,
        row.channel,
        split == "heldout",
        start=row.start,
        end=row.end,
    )
