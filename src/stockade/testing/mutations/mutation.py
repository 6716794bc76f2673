"""The shape of a mutation. Owns how one is named, seeded and undone; knows none of them.

A mutation keeps the meaning for a reader who undoes it, and is pure: the same text and seed give the same result in
every process. It never adds an instruction of its own ("decode this"), so that what is measured is the writing alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way of writing a text otherwise.

    `write` takes a text and a seeded source of chance and returns the text in one or several segments. `undo`, where
    the writing loses nothing, returns the original from the joined segments; None where it does lose something (case,
    which letter a digit stood for). The docstring of `write` says what it does and shows an example with seed 0.
    """

    name: str
    write: Callable[[str, random.Random], tuple[str, ...]]
    undo: Callable[[str], str] | None = None

    def mutate(self, text: str, seed: int) -> str:
        """Return the text written otherwise; of a splitting mutation, the segments joined by nothing."""
        return "".join(self.segments(text, seed))

    def segments(self, text: str, seed: int) -> tuple[str, ...]:
        """Return the segments that a request would hold, in order; all mutations but the splitting ones have one."""
        # Seeded by name as well: two mutations that are used together do not choose the same places.
        return self.write(text, random.Random(f"{self.name}:{seed}"))  # noqa: S311 - chance that repeats is the point

    @property
    def summary(self) -> str:
        """Return what it does in one sentence."""
        return (self.write.__doc__ or "").split("\n", 1)[0]
