"""Wording: what kind of attack or harm a window speaks of, by the words in it.

Owns the naming, for detectors that go by scores: a head says how likely, not what. Never makes a finding: the words are
read only where the classifier is sure already, so that they may be common ones. Linear in the window (re2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import re2

from stockade.core.findings import Severity
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
