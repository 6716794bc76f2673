"""The detector of canaries: its card, the form that needs no configuration, and the operator's own tokens."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from stockade.core.findings import Category, Severity
from stockade.core.segments import Channel
from stockade.guard.detectors.patterns import Pattern

LABEL = "CANARY"


class Canary:
    """Find a token that was written into a system prompt to show when it leaks.

    Finds: `stockade-canary-` and eight to 64 letters and digits, and every token that configuration names
    (`prompt_leak.canaries`), in any case, also inside base64, hex, URL encoding, escapes and look-alike letters.

    Why it matters: a token that stands nowhere but in the prompt proves a leak, however little of the prompt came with
    it. The gate plants none: a body leaves byte for byte, and who writes the prompt writes its token.

    Example: a prompt that ends "Reference stockade-canary-<16 letters and digits>, never to be repeated."

    Known misses: a token that the model was made to spell out, to translate or to cut in parts; rot13 and backwards.

    Cost: part of the one Hyperscan pass, about 5 microseconds a hit.
    """

    id = "prompt_leak.canary"
    category = Category.PROMPT_LEAK
    opens_views = True
    channels = frozenset({Channel.ASSISTANT, Channel.TOOL_CALL})

    def __init__(self, tokens: Sequence[str] = ()) -> None:
        """Look for canaries of the usual form and for `tokens`, which hold no white space."""
        self.version = "1" if not tokens else f"1+{sha256(' '.join(tokens).encode()).hexdigest()[:12]}"
        usual = r"\bstockade-canary-[a-z0-9]{8,64}\b"
        self.patterns: tuple[Pattern, ...] = tuple(_pattern(each) for each in (usual, *map(_literal, tokens)))


def _pattern(expression: str) -> Pattern:
    return Pattern(
        rule="canary",
        expression=expression,
        caseless=True,
        label=LABEL,
        severity=Severity.HIGH,
        score=0.99,
        source="OWASP LLM07:2025; the operator's own configuration",
    )


def _literal(token: str) -> str:
    """Return the expression of the token itself, in the syntax of both engines."""
    return "".join(each if each.isascii() and each.isalnum() else rf"\x{{{ord(each):x}}}" for each in token)


DETECTOR = Canary()
