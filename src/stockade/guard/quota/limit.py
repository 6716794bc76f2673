"""Limits as values: who is counted, what is counted, over which time.

Owns what a limit means; counts nothing (`counters.py`) and knows no configuration file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from fnmatch import fnmatchcase

from stockade.core.measures import Measure


class Scope(StrEnum):
    """Whose use is counted together. With a pattern that matches several, each of them has the limit for itself."""

    ALL = "all"
    MODEL = "model"
    PRINCIPAL = "principal"  # a key or a person
    SESSION = "session"  # the client's own word; told apart by caller
    TEAM = "team"
    TENANT = "tenant"
    WORKSPACE = "workspace"


class Period(StrEnum):
    """A span of the calendar; weeks begin on Monday."""

    DAY = "day"
    HOUR = "hour"
    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `limit` of `measure` for each subject of `scope` that `match` names, over a window or a period.

    `models` narrows it to requests for those models (globs; none: all). Exactly one of `window_s` (sliding, seconds)
    and `period` (in `zone`) is given, neither for concurrency.
    """

    name: str
    scope: Scope
    measure: Measure
    limit: int
    match: str = "*"
    models: tuple[str, ...] = ()
    window_s: int = 0
    period: Period | None = None
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        assert self.limit >= 0
        spans = bool(self.window_s) + (self.period is not None)
        assert spans == (0 if self.measure is Measure.CONCURRENCY else 1)

    def concerns(self, model: str) -> bool:
        """Say whether requests for this model count."""
        return not self.models or any(fnmatchcase(model, glob) for glob in self.models)

    def names(self, subject: str) -> bool:
        """Say whether this subject of the scope is limited."""
        return fnmatchcase(subject, self.match)
