"""Patterns: one format each, in two steps. Owns the value a pattern detector lists; never scans anything itself.

Step one is a Hyperscan expression, compiled with those of all detectors into one database: it only says "perhaps here".
Step two, google-re2 and the validator, runs in a bounded window around the hit and says what exactly the value is.
Both engines are linear in the text; neither knows look-around nor back-references (FIELD section 2, NeMo 2271).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from stockade.core.findings import Severity

VALUE_CHARS_MIN = 6
"""Shortest value that is a finding: the stream window does not hold back shorter words."""

BEFORE_BYTES = 200
"""How far before the end of a hit a match may begin, unless a pattern says more."""

AFTER_BYTES = 400
"""How far after the end of a hit a value is first looked for; a value that reaches the edge is followed further."""


class Seen(NamedTuple):
    """A value that fits its format, with up to 128 characters of the text on either side, for the validator."""

    before: str
    value: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One format of a value.

    Contract: `expression` is Hyperscan syntax, bytes, multi-line, and never misses what `confirm` accepts. It should
    end where the value is certain, not in an open repetition: it fires once for every end it can have.
    `confirm` is re2 syntax; its first group that took part is the value, or the whole match if it has no group; empty
    means the expression serves for both. A value lies within one unit of guard/pipeline/units.py, or a stream would
    let its beginning go: it holds white space only beside digits (a telephone number, a card) and line breaks only
    inside a block that begins with `-----BEGIN`. tests/contracts/test_detectors.py asks that of every corpus.
    `validator` is pure: check digits, entropy, not a dummy.
    `needs` are words (alternatives of an expression, any case) without which the validator never holds: hits are left
    unread where no text of the scan has one of them.
    """

    rule: str
    expression: str
    label: str
    severity: Severity
    score: float
    source: str
    confirm: str = ""
    caseless: bool = False
    before: int = BEFORE_BYTES
    after: int = AFTER_BYTES
    validator: Callable[[Seen], bool] | None = None
    needs: str = ""
