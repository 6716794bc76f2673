"""Stops: what an operator has halted, at once and until it is lifted.

Owns the question whether a stop meets a caller or a call. An unchanging snapshot: a change makes a new one. Where
nothing is stopped, asking costs nothing (`if stops:`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

from stockade.core.errors import StoppedError
from stockade.core.principal import Principal


class StopKind(StrEnum):
    """What is stopped."""

    ALL = "all"
    KEY = "key"
    MODEL = "model"  # a pattern
    PERSON = "person"
    SESSION = "session"
    TEAM = "team"
    TENANT = "tenant"
    WORKSPACE = "workspace"


class Stop(NamedTuple):
    """One stop. `name` is "" for all; `reason` is told to the client, `by` is who set it and whom to ask."""

    kind: StopKind
    name: str = ""
    reason: str = ""
    by: str = ""
    at_s: int = 0

    @property
    def target(self) -> str:
        """Return it as it is written on the command line."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


class Stops:
    """All stops of one moment."""

    __slots__ = ("_models", "_named", "all")

    def __init__(self, stops: Iterable[Stop] = ()) -> None:
        """Take the stops over."""
        self.all = tuple(stops)
        self._named = {(stop.kind, stop.name): stop for stop in self.all}
        self._models = tuple(stop for stop in self.all if stop.kind is StopKind.MODEL)

    def __bool__(self) -> bool:
        """Say whether anything is stopped."""
        return bool(self.all)

    def of_caller(self, principal: Principal) -> Stop | None:
        """Return the stop that meets this caller, whatever it asks."""
        asked = [
            (StopKind.ALL, ""),
            (StopKind.KEY, principal.id),
            (StopKind.PERSON, principal.id),
            (StopKind.TENANT, principal.tenant),
            *((StopKind.TEAM, team) for team in principal.teams),
        ]
        return next((self._named[each] for each in asked if each in self._named), None)

    def of_call(self, workspace: str, models: Sequence[str], session: str) -> Stop | None:
        """Return the stop that meets what is asked: the workspace, any model that is named, the session."""
        for kind, name in ((StopKind.WORKSPACE, workspace), (StopKind.SESSION, session)):
            if name and (kind, name) in self._named:
                return self._named[kind, name]
        for stop in self._models:
            if any(fnmatchcase(model, stop.name) for model in models):
                return stop
        return None


def stopped(stop: Stop) -> StoppedError:
    """Return what the client is told: what is stopped, why, and whom to ask."""
    what = "Everything" if stop.kind is StopKind.ALL else f"The {stop.kind} of this request"
    reason = f" Reason: {stop.reason.rstrip('.')}." if stop.reason else ""
    asked = stop.by or "your administrator"
    return StoppedError(f"{what} has been stopped by an operator.{reason}", hint=f"Ask {asked} to lift the stop.")
