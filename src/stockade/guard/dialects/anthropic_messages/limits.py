"""How Anthropic's clients read rate limits: headers `anthropic-ratelimit-<what>-{limit,remaining,reset}`.

Owns the names. Resets are moments (RFC 3339), not spans.
Source: "Rate limits", Response headers, in Anthropic's API documentation (read November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from stockade.core.measures import Level, Measure

_WHAT = {
    Measure.REQUESTS: b"requests",
    Measure.INPUT_TOKENS: b"input-tokens",
    Measure.OUTPUT_TOKENS: b"output-tokens",
    Measure.TOKENS: b"tokens",
}


def limit_headers(levels: Mapping[Measure, Level], at_s: float) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that tell how limits stood at `at_s` (seconds since 1970)."""
    headers: list[tuple[bytes, bytes]] = []
    for measure, level in levels.items():
        if (what := _WHAT.get(measure)) is not None:
            reset = datetime.fromtimestamp(int(at_s + level.reset_s) + 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            headers.append((b"anthropic-ratelimit-%b-limit" % what, b"%d" % level.limit))
            headers.append((b"anthropic-ratelimit-%b-remaining" % what, b"%d" % level.remaining))
            headers.append((b"anthropic-ratelimit-%b-reset" % what, reset.encode()))
    return tuple(headers)
