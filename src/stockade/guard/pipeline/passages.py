"""Passages: the words of a streamed answer put together again, for detectors that judge meaning.

A word means little alone, and to hold an answer back until it is whole would take streaming away. So what was judged
for form leaves at once, and is judged for meaning a stretch at a time: the stream is stopped after it, or before its
last event. Owns where stretches begin and end: at fixed numbers of characters, so that no cut of the stream moves them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from stockade.core.limits import PASSAGE_CHARS, PASSAGE_CONTEXT_CHARS
from stockade.core.segments import Channel, Kind, Path, Segment


class Passage(NamedTuple):
    """A stretch of one text of an answer; its first `context` characters stood in the stretch before."""

    segment: Segment
    context: int
    call: str = ""


@dataclass(slots=True)
class _Open:
    segment: Segment
    parts: list[str] = field(default_factory=list)
    new: int = 0
    context: int = 0


class Passages:
    """The texts of one answer that are not judged to their end."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: dict[Path, _Open] = {}

    def add(self, segment: Segment, context: int) -> list[Passage]:
        """Take what follows the first `context` characters of a segment; return the stretches that it completes."""
        if segment.channel is not Channel.ASSISTANT or segment.kind is not Kind.TEXT:
            return []
        held = self._open.get(segment.path)
        if held is None:
            held = self._open[segment.path] = _Open(segment)
        held.parts.append(segment.text[context:])
        held.new += len(segment.text) - context
        if held.new < PASSAGE_CHARS:
            return []
        text = "".join(held.parts)
        complete: list[Passage] = []
        while held.new >= PASSAGE_CHARS:
            end = held.context + PASSAGE_CHARS
            complete.append(Passage(held.segment._replace(text=text[:end]), held.context))
            kept = min(PASSAGE_CONTEXT_CHARS, end)
            text = text[end - kept :]
            held.context, held.new = kept, len(text) - kept
        held.parts = [text]
        return complete

    def rest(self) -> list[Passage]:
        """Return what is left of every text, and forget it."""
        left = [
            Passage(held.segment._replace(text="".join(held.parts)), held.context)
            for held in self._open.values()
            if held.new
        ]
        self._open.clear()
        return left
