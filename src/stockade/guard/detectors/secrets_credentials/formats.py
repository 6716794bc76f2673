"""Formats: three shapes in which a credential is written, as builders of patterns. Knows no vendor.

`prefixed` is a value that shows its maker; `near` is one that only its context shows; `spelled` is any other.
"""

from __future__ import annotations

from collections.abc import Callable

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.secrets_credentials.values import is_mixed, not_dummy

ALNUM = "A-Za-z0-9"
URL_SAFE = "A-Za-z0-9_-"
BASE64 = "A-Za-z0-9+/"
LOWER = "a-z0-9"
UPPER = "A-Z0-9"
HEX = "0-9a-f"
ANY_HEX = "0-9a-fA-F"

OPEN = 400
"""Longest body of a value whose length its maker leaves open, in characters."""

WORD = r"\b"
"""Left edge of a value whose prefix is short or a part of common words: neither letter, digit nor underscore."""
NO_ALNUM = "(?:^|[^A-Za-z0-9])"
"""Left edge of a value that base64 can hold by chance: an underscore may stand before it, a letter not."""
ANYWHERE = ""
"""Left edge of a value that nothing else is written like: it is found glued to a word, too (`TOKENglpat-...`)."""

MARK_CHARS = 12
"""Characters of a body that the first step asks for; to count all of them there makes compiling slow."""

JOIN = r"[\w .\-]{0,24}[\"'`\]]{0,2}[ \t]{0,4}(?:=>|:=|[=:,(]|[ \t])[ \t]{0,4}(?:[A-Za-z]{1,8}[ \t]{1,2})?[\"'`]?"
"""What may stand between a telling name and its value: a little more of the name, a sign, quotes, one short word."""


def prefixed(  # noqa: PLR0913 - the parts of a published format; all but the first four by name
    rule: str,
    prefix: str,
    chars: str,
    least: int,
    most: int | None = None,
    *,
    source: str,
    severity: Severity = Severity.CRITICAL,
    score: float = 0.95,
    left: str = WORD,
) -> Pattern:
    """Return the pattern of `prefix` and a body of `least` to `most` of `chars` (None: exactly `least`)."""
    edge = "" if most is not None else f"(?:[^{chars}]|$)"
    return Pattern(
        rule=rule,
        expression=rf"{left}{prefix}[{chars}]{{{min(least, MARK_CHARS)}}}",
        confirm=rf"{left}({prefix}[{chars}]{{{least},{most or least}}}){edge}",
        label=rule.upper(),
        severity=severity,
        score=score,
        source=source,
        validator=not_dummy,
    )


def near(
    rule: str,
    names: str,
    value: str,
    *,
    source: str,
    severity: Severity = Severity.HIGH,
    score: float = 0.85,
    validator: Callable[[Seen], bool] = is_mixed,
) -> Pattern:
    """Return the pattern of a `value` that stands assigned to, or just after, one of `names` (any case)."""
    return Pattern(
        rule=rule,
        expression=f"(?i:{names})",
        confirm=rf"(?i:{names}){JOIN}({value})(?:[^A-Za-z0-9_+/-]|$)",
        label=rule.upper(),
        severity=severity,
        score=score,
        source=source,
        validator=validator,
    )


def spelled(
    rule: str,
    expression: str,
    confirm: str,
    *,
    source: str,
    severity: Severity = Severity.CRITICAL,
    score: float = 0.95,
    validator: Callable[[Seen], bool] | None = not_dummy,
    after: int = 400,
) -> Pattern:
    """Return a pattern whose two expressions are written out."""
    return Pattern(
        rule=rule,
        expression=expression,
        confirm=confirm,
        label=rule.upper(),
        severity=severity,
        score=score,
        source=source,
        validator=validator,
        after=after,
    )
