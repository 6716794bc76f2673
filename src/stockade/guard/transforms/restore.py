"""Restore: the way back from stand-ins to the values they stand for.

Owns which of the look-alikes in a text are real: those the map knows. What a model invented stays as it is.
Never guesses: a stand-in that a model wrote with JSON escapes inside (`\\u005f` for `_`) is not recognised, and then
the client sees the stand-in, never somebody else's value.
"""

from __future__ import annotations

from collections.abc import Mapping

from stockade.core.edits import Edit
from stockade.guard.transforms.pseudonyms import find, readings


def restore(text: str, lookup: Mapping[str, str]) -> list[Edit]:
    """Return the edits, in order and without overlaps, that put the values back into `text`, a decoded string."""
    edits: list[Edit] = []
    done = 0
    for found in find(text):
        for start, end, stand_in in readings(found):
            value = lookup.get(stand_in)
            if value is None or start < done:
                continue
            edits.append(Edit(start, end, value))
            done = end
            break
    return edits
