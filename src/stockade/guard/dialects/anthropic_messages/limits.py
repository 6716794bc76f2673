"""How Anthropic's clients read rate limits: headers `anthropic-ratelimit-<what>-{limit,remaining,reset}`.

Owns the names. Resets are moments (RFC 3339), not spans.
Source: "Rate limits", Response headers, in Anthropic's API documentation (read November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from stockade.core.measures import Level, Measure

_NAMES = {
    measure: tuple(b"anthropic-ratelimit-%b-%b" % (what, part) for part in (b"limit", b"remaining", b"reset"))
    for measure, what in (
        (Measure.REQUESTS, b"requests"),
        (Measure.INPUT_TOKENS, b"input-tokens"),
        (Measure.OUTPUT_TOKENS, b"output-tokens"),
        (Measure.TOKENS, b"tokens"),
    )
}


def limit_headers(levels: Mapping[Measure, Level], at_s: float) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that tell how limits stood at `at_s` (seconds since 1970)."""
    headers: list[tuple[bytes, bytes]] = []
    for measure, level in levels.items():
        names = _NAMES.get(measure)
        if names is not None:
            limit, remaining, reset = names
            headers.append((limit, b"%d" % level.limit))
            headers.append((remaining, b"%d" % level.remaining))
            headers.append((reset, _moment(int(at_s + level.reset_s) + 1)))
    return tuple(headers)


@lru_cache(maxsize=64)
def _moment(at_s: int) -> bytes:
    """Return a moment as RFC 3339 writes it. Within a second most requests have the same."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
