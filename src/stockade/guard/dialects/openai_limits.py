"""How OpenAI's clients read rate limits: headers `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`.

Owns the names. Resets are spans, written as `1s`, `6m0s`, `1h0m0s`. OpenAI has one header for tokens: it tells of the
limit of tokens that has the least left.
Source: "Rate limits", Rate limits in headers, in OpenAI's API documentation (read November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from stockade.core.measures import Level, Measure

_NAMES = {
    what: tuple(b"x-ratelimit-%b-%b" % (part, what) for part in (b"limit", b"remaining", b"reset"))
    for what in (b"requests", b"tokens")
}
_TOKENS = (Measure.TOKENS, Measure.INPUT_TOKENS, Measure.OUTPUT_TOKENS)


def limit_headers(levels: Mapping[Measure, Level], _at_s: float) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that tell how limits stood."""
    headers: list[tuple[bytes, bytes]] = []
    if (requests := levels.get(Measure.REQUESTS)) is not None:
        headers += _three(b"requests", requests)
    if tokens := [levels[measure] for measure in _TOKENS if measure in levels]:
        headers += _three(b"tokens", min(tokens, key=lambda level: level.remaining))
    return tuple(headers)


def _three(what: bytes, level: Level) -> list[tuple[bytes, bytes]]:
    limit, remaining, reset = _NAMES[what]
    return [
        (limit, b"%d" % level.limit),
        (remaining, b"%d" % level.remaining),
        (reset, span(level.reset_s).encode()),
    ]


def span(seconds: float) -> str:
    """Return a span as OpenAI writes it.

    >>> span(3601)
    '1h0m1s'
    """
    hours, rest = divmod(ceil(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{left}s"
