"""The list of models that configuration allows: globs over model ids. A later register takes its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from typing import NamedTuple


class Standing(NamedTuple):
    """How a model stands: listed at all; approved for everybody, or only for those who evaluate it."""

    listed: bool
    approved: bool


UNLISTED = Standing(listed=False, approved=False)
EVALUATED = Standing(listed=True, approved=False)
APPROVED = Standing(listed=True, approved=True)


class ModelList:
    """Globs (`*`, `?`, `[...]`) that a whole model id must match, upper and lower case apart."""

    __slots__ = ("_approved", "_evaluating", "globs")

    def __init__(self, globs: Sequence[str], evaluating: Sequence[str] = ()) -> None:
        """Approve the models that any of `globs` matches, list those of `evaluating` too; empty lists allow none."""
        self.globs = tuple(globs)
        self._approved = _pattern(globs)
        self._evaluating = _pattern(evaluating)

    def lists(self, model: str) -> bool:
        """Say whether anybody may call `model`."""
        return self.standing(model).listed

    def standing(self, model: str) -> Standing:
        """Return how `model` stands; one that is under evaluation is not approved, whatever else matches it."""
        if self._evaluating is not None and self._evaluating.match(model) is not None:
            return EVALUATED
        return APPROVED if self._approved is not None and self._approved.match(model) is not None else UNLISTED


def _pattern(globs: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(translate(glob) for glob in globs)) if globs else None
