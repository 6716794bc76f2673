"""The list of models that configuration allows: globs over model ids. A later register takes its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate


class ModelList:
    """Globs (`*`, `?`, `[...]`) that a whole model id must match, upper and lower case apart."""

    __slots__ = ("_pattern", "globs")

    def __init__(self, globs: Sequence[str]) -> None:
        """Allow the models that any glob matches; an empty list allows none."""
        self.globs = tuple(globs)
        self._pattern = re.compile("|".join(translate(glob) for glob in globs)) if globs else None

    def lists(self, model: str) -> bool:
        """Say whether `model` may be called."""
        return self._pattern is not None and self._pattern.match(model) is not None
