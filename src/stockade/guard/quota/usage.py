"""Usage: what exchanges came to, added up by day, caller, model and workspace.

Owns the values and their sum. Keeps nothing: `stores/usage.py` does.
"""

from __future__ import annotations

from typing import NamedTuple


class UsageKey(NamedTuple):
    """Whose use of which model. `day` is ISO 8601 in UTC; `teams` are joined by commas."""

    day: str
    tenant: str
    principal: str
    teams: str
    model: str
    workspace: str


class UsageSums(NamedTuple):
    """What it came to. `unpriced` counts the requests whose cost nobody knows."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    tool_calls: int = 0
    cost_micro_usd: int = 0
    unpriced: int = 0

    def plus(self, other: UsageSums) -> UsageSums:
        """Return both together."""
        return UsageSums(*[one + two for one, two in zip(self, other, strict=True)])


class UsageEntry(NamedTuple):
    """One exchange's part; the day is the one on which it ended."""

    tenant: str
    principal: str
    teams: tuple[str, ...]
    model: str
    workspace: str
    sums: UsageSums
