"""Wording: what kind of attack or harm a window speaks of, by the words in it.

Owns the naming, and what detectors that go by scores have in common: a head says how likely, not what. Never makes a
finding: the words are read only where the classifier is sure already, so that they may be common ones. Linear in the
window (re2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import re2

from stockade.core.findings import Category, Severity
from stockade.core.segments import Channel
from stockade.guard.detectors.detector import Kind


class Wording(NamedTuple):
    """A kind and the expression (re2, any case) that names it. The first that is found counts."""

    rule: str
    severity: Severity
    expression: str


class Naming:
    """Names windows by their words."""

    def __init__(self, wordings: Sequence[Wording], other: Kind) -> None:
        """Compile the expressions; `other` names what none of them does. Fails with re2's error for a bad one."""
        options = re2.Options()
        options.log_errors = False
        self._compiled: list[tuple[Any, Kind]] = [
            (re2.compile(f"(?i){each.expression}", options), Kind(each.rule, each.severity)) for each in wordings
        ]
        self._other = other
        self.rules = tuple(sorted({*(each.rule for each in wordings), other.rule}))

    def kind(self, window: str) -> Kind:
        """Return the kind of a window."""
        data = window.encode("utf-8", "replace")
        return next((kind for expression, kind in self._compiled if expression.search(data)), self._other)


@dataclass(frozen=True, slots=True)
class Judging:
    """A detector that goes by one head of the classifier and names what is found by its words.

    Implements `ScoreDetector` (detector.py). A detector of its own is a class of its own, whose docstring is its card.
    """

    id: str
    version: str
    category: Category
    head: str
    label: str
    channels: frozenset[Channel]
    naming: Naming

    @property
    def rules(self) -> tuple[str, ...]:
        """Name every rule that `kind` can return."""
        return self.naming.rules

    def kind(self, window: str, _score: float) -> Kind:
        """Return what the window is called and how grave it is."""
        return self.naming.kind(window)
