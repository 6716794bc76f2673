"""Context: whether words that name a value stand shortly before it. Owns the look back; never looks ahead.

What stands after a value is never needed to take it for true, so that a stream does not have to wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stockade.guard.detectors.patterns import Seen

Check = Callable[[str], bool]

LOOK_BACK_CHARS = 60

_OTHER = re.compile(r"[^\x00-\x7f]")


class NamedBy:
    """A validator: `check` holds and one of `words` (alternatives of an expression) begins a word before the value."""

    __slots__ = ("_check", "_named", "needs")

    def __init__(self, words: str, check: Check) -> None:
        """Compile the words. `needs` is what a scanner may ask for first: other letters stay open."""
        self._named = re.compile(rf"(?<![^\W_])(?:{words})", re.IGNORECASE)
        self._check = check
        self.needs = _OTHER.sub(".{1,4}", words)

    def __call__(self, seen: Seen) -> bool:
        """Judge one value."""
        return self._check(seen.value) and self._named.search(seen.before[-LOOK_BACK_CHARS:]) is not None


def named_by(words: str, check: Check) -> NamedBy:
    """Return the validator of a value that only words before it make certain."""
    return NamedBy(words, check)


def alone(check: Check) -> Callable[[Seen], bool]:
    """Return a validator for a format that is strong enough by itself: `check` holds and no word runs into it."""

    def holds(seen: Seen) -> bool:
        return stands_free(seen) and check(seen.value)

    return holds


def stands_free(seen: Seen) -> bool:
    """Say whether the value is no part of a longer number, name, path or address."""
    before, after = seen.before[-1:], seen.after[:2]
    if before.isalnum() or before in {"_", "@", "#", "%", "$", "\\"} or after[:1].isalnum() or after[:1] == "_":
        return False
    if before in {".", "-", "/", ":", "+"} and seen.before[-2:-1].isalnum() and before != ":":
        return False
    return not (after[:1] in {".", "-", "/", "@"} and after[1:].isalnum())
