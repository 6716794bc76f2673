"""Wildcards: one text for each way in which some patterns of `like` can match and fail together.

A pattern is letters and `*`. All patterns run side by side as one machine whose state is a set of places, kept as the
bits of one number; every state that can be reached is visited, so no combination is overlooked. Where there are more
states than `STATES_MAX` it says so instead of leaving some out silently.
Source: the bit-parallel simulation of Baeza-Yates and Gonnet, "A new approach to text searching", CACM 35(10), 1992.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

STATES_MAX = 60_000
"""States that are visited at most: some half a second."""

OTHERS = "xq7"
"""Letters that stand for all that no pattern holds; the first that none holds is taken."""

Pattern = tuple[str | None, ...]
"""Letters, and None for a `*`."""


class Witnesses(NamedTuple):
    """Texts, one for each combination of matches, and whether these are all combinations."""

    texts: tuple[str, ...]
    exact: bool


def witnesses(patterns: Sequence[Pattern]) -> Witnesses:
    """Return texts that tell all combinations apart, the shortest first; without patterns one text."""
    machine = _Machine(patterns)
    letters = sorted({letter for pattern in patterns for letter in pattern if letter is not None})
    other = next((letter for letter in OTHERS if letter not in letters), "\u00b7")
    alphabet = (other, *letters)
    first = machine.closed(machine.start)
    came: dict[int, tuple[int, str]] = {first: (0, "")}
    found: dict[int, int] = {}
    waiting = [first]
    while waiting and len(came) <= STATES_MAX:
        later = []
        for state in waiting:
            found.setdefault(state & machine.ends, state)
            for letter in alphabet:
                after = machine.step(state, letter)
                if after not in came:
                    came[after] = (state, letter)
                    later.append(after)
        waiting = later
    texts = [_text(came, state, first) for state in found.values()]
    return Witnesses(tuple(sorted(texts, key=lambda text: (len(text), text))), not waiting)


def _text(came: dict[int, tuple[int, str]], state: int, first: int) -> str:
    letters = []
    while state != first:
        state, letter = came[state]
        letters.append(letter)
    return "".join(reversed(letters))


class _Machine:
    """All patterns at once. Each has a bit for every letter and star, and one for its end."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.start = self.ends = self._stars = 0
        self._letters: dict[str, int] = {}
        bit = 1
        for pattern in patterns:
            self.start |= bit
            for part, before in zip(pattern, (..., *pattern), strict=False):
                if part is None:
                    if before is None:
                        continue  # two stars are one
                    self._stars |= bit
                else:
                    self._letters[part] = self._letters.get(part, 0) | bit
                bit <<= 1
            self.ends |= bit
            bit <<= 1

    def closed(self, state: int) -> int:
        """Return the state with what a star may skip."""
        return state | (state & self._stars) << 1

    def step(self, state: int, letter: str) -> int:
        """Return the state after one more letter."""
        return self.closed((state & self._letters.get(letter, 0)) << 1 | state & self._stars)
