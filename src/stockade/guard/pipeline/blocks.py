"""Blocks: the texts of a streamed answer while they wait for judgement. Parts of `window.py`, which owns their order.

A block's text lies cut in pieces, one for each stream event; an edit made on the text is brought back onto the pieces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stockade.core.edits import Edit, apply_over, settle
from stockade.core.json_tokens import splice_inner
from stockade.core.limits import CONTEXT_CHARS
from stockade.core.segments import Path, Segment
from stockade.guard.dialects.dialect import BlockKind, StreamEvent
from stockade.guard.pipeline.units import unit_end


@dataclass(slots=True, eq=False)
class Queued:
    """An event that waits for `waiting` judgements; `texts` are its edited strings by piece, `instead` other bytes."""

    event: StreamEvent
    waiting: int = 0
    texts: dict[int, str] = field(default_factory=dict)
    instead: bytes | None = None
    sent: bool = False


class PieceRef(NamedTuple):
    """One string of a queued event, by its number among the event's pieces."""

    queued: Queued
    number: int
    text: str

    def let_go(self, text: str) -> None:
        """Say that this string was judged and leaves as `text`."""
        if text != self.text:
            self.queued.texts[self.number] = text
        self.queued.waiting -= 1


@dataclass(slots=True, eq=False)
class Block:
    """A text that comes piece by piece. Offsets count from its beginning; `text[0]` stands at offset `base`."""

    kind: BlockKind
    segment: Segment
    call: str
    pieces: deque[PieceRef] = field(default_factory=deque)
    text: str = ""
    base: int = 0
    taken: int = 0
    judged: int = 0
    before: str = ""
    edits: list[Edit] = field(default_factory=list)
    withheld: bool = False

    size: int = 0

    def push(self, piece: PieceRef) -> None:
        """Add a piece at the end. Arguments are put together once, at the end: `joined`."""
        self.pieces.append(piece)
        self.size += len(piece.text)
        if self.kind is not BlockKind.ARGUMENTS:
            self.text += piece.text

    def joined(self) -> str:
        """Return the text of all pieces still here."""
        return "".join(piece.text for piece in self.pieces)

    def units(self, *, final: bool) -> Iterator[tuple[str, str]]:
        """Yield (context, unit) for every unit that is complete and not yet taken."""
        while (end := unit_end(self.text, self.taken - self.base, final=final)) is not None:
            start = self.taken - self.base
            self.taken = self.base + end
            context = self.text[max(0, start - CONTEXT_CHARS) : start]
            if start < CONTEXT_CHARS:
                context = (self.before + context)[-CONTEXT_CHARS:]
            yield context, self.text[start:end]

    def resolve(self, size: int, edits: Sequence[Edit], withhold: str) -> None:
        """Take the answer on the next unit (`size` characters) and let the pieces go that end inside what was judged.

        Contract: units are resolved in the order in which they were taken.
        """
        start = self.judged
        self.judged = start + size
        if withhold or self.withheld:
            self.edits.append(Edit(start, self.judged, "" if self.withheld else withhold))
            self.withheld = True
        else:
            self.edits.extend(Edit(start + e.start, start + e.end, e.text) for e in settle(edits))
        self._let_go()

    def _let_go(self) -> None:
        leaving: list[PieceRef] = []
        size = 0
        while self.pieces and self.base + size + len(self.pieces[0].text) <= self.judged:
            piece = self.pieces.popleft()
            size += len(piece.text)
            leaving.append(piece)
        if not leaving:
            return
        local = [Edit(e.start - self.base, e.end - self.base, e.text) for e in self.edits]
        for piece, text in zip(leaving, apply_over([piece.text for piece in leaving], local), strict=True):
            piece.let_go(text)
        base = self.base + size
        # An edit whose beginning has left with its replacement goes on cutting what is still here.
        self.edits = [e if e.start >= base else Edit(base, e.end, "") for e in self.edits if e.end > base]
        self.before = (self.before + self.text[:size])[-CONTEXT_CHARS:]
        self.text = self.text[size:]
        self.base = base


@dataclass(slots=True, eq=False)
class Arguments:
    """A JSON text under judgement: its inner strings come back one by one, then it leaves as a whole."""

    pieces: Sequence[PieceRef]
    text: str
    missing: int
    replaced: dict[int, str] = field(default_factory=dict)
    numbers: dict[Path, str] = field(default_factory=dict)

    def resolve(self, segment: Segment, text: str) -> None:
        """Take the answer on one inner string or number, or on the whole text when it is judged whole."""
        if text != segment.text:
            if segment.inner is None:
                self.text = text
            elif segment.inner < 0:
                self.numbers[segment.path[segment.inner :]] = text
            else:
                self.replaced[segment.inner] = text
        self.missing -= 1
        if not self.missing:
            self.let_go()

    def let_go(self) -> None:
        """Let all pieces go; an edited text leaves in the first one."""
        original = "".join(piece.text for piece in self.pieces)
        edited = self.replaced or self.numbers
        text = splice_inner(self.text, self.replaced, self.numbers) if edited else self.text
        for index, piece in enumerate(self.pieces):
            if text == original:
                piece.let_go(piece.text)
            else:
                piece.let_go(text if index == 0 else "")
