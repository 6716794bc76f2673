"""Blocks: the texts of a streamed answer while they wait for judgement. Parts of `window.py`, which owns their order.

A block's text lies cut in pieces, one for each stream event; an edit made on the text is brought back onto the pieces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from stockade.core.edits import Edit, apply_over, settle
from stockade.core.json_tokens import splice_inner
from stockade.core.limits import CONTEXT_CHARS
from stockade.core.segments import Path, Segment
from stockade.guard.dialects.dialect import BlockKind, StreamEvent
from stockade.guard.pipeline.units import unit_end

_PASSED_CHARS = 4 * CONTEXT_CHARS
"""Judged text that a block keeps at most: it is cut back to its context now and then, not with every word."""


@dataclass(slots=True, eq=False)
class Queued:
    """An event that waits for `waiting` judgements; `texts` are its edited strings by piece, `instead` other bytes."""

    event: StreamEvent
    waiting: int = 0
    texts: dict[int, str] | None = None
    instead: bytes | None = None
    sent: bool = False


@dataclass(slots=True, eq=False)
class PieceRef:
    """One string of a queued event, by its number among the event's pieces; `end` is where it ends in its block."""

    queued: Queued
    number: int
    text: str
    end: int = 0

    def let_go(self, text: str) -> None:
        """Say that this string was judged and leaves as `text`."""
        if text != self.text:
            if self.queued.texts is None:
                self.queued.texts = {}
            self.queued.texts[self.number] = text
        self.queued.waiting -= 1


@dataclass(slots=True, eq=False)
class Work:
    """One text to judge: the first `context` characters of `segment.text` went before, the rest is new.

    `call` is the tool call's key when the text belongs to one. `edits` are the answer: offsets count in the new text.
    """

    segment: Segment
    context: int
    call: str
    target: Block | Arguments | Whole
    edits: Sequence[Edit] = ()
    withhold: str = ""

    @property
    def new_text(self) -> str:
        """Return the text to be judged without its context."""
        return self.segment.text[self.context :]


@dataclass(slots=True, eq=False)
class Whole:
    """A string that came whole, and perhaps again in later events: it is judged once, and the answer holds for all."""

    segment: Segment
    pieces: list[PieceRef]
    text: str | None = None

    def push(self, piece: PieceRef) -> None:
        """Add another event that says it."""
        if self.text is None:
            self.pieces.append(piece)
        else:
            piece.let_go(self.text)

    def resolve(self, text: str) -> None:
        """Take the answer and let all pieces go."""
        self.text = text
        for piece in self.pieces:
            piece.let_go(text)
        self.pieces.clear()


@dataclass(slots=True, eq=False)
class Block:
    """A text that comes piece by piece. Offsets count from its beginning; `text[0]` stands at offset `base`.

    `text` holds what is not judged yet and at least CONTEXT_CHARS of what stood before.
    """

    kind: BlockKind
    segment: Segment
    call: str
    pieces: deque[PieceRef] = field(default_factory=deque)
    size: int = 0
    text: str = ""
    base: int = 0
    taken: int = 0
    judged: int = 0
    edits: list[Edit] = field(default_factory=list)
    withheld: bool = False

    def push(self, queued: Queued, number: int, text: str) -> None:
        """Add a piece at the end. Arguments are put together once, at the end: `joined`."""
        self.size += len(text)
        self.pieces.append(PieceRef(queued, number, text, self.size))
        if self.kind is not BlockKind.ARGUMENTS:
            self.text += text

    def joined(self) -> str:
        """Return the text of all pieces still here."""
        return "".join([piece.text for piece in self.pieces])

    def units(self, *, final: bool) -> list[Work]:
        """Return the work on every unit that is complete and not yet taken."""
        work: list[Work] = []
        text, start = self.text, self.taken - self.base
        path, _, role, channel, kind, token, inner = self.segment
        while (end := unit_end(text, start, final=final)) is not None:
            context = start if start < CONTEXT_CHARS else CONTEXT_CHARS
            unit = tuple.__new__(Segment, (path, text[start - context : end], role, channel, kind, token, inner))
            work.append(Work(unit, context, self.call, self))
            start = end
        self.taken = self.base + start
        return work

    def resolve(self, size: int, edits: Sequence[Edit], withhold: str) -> None:
        """Take the answer on the next unit (`size` characters) and let the pieces go that end inside what was judged.

        Contract: units are resolved in the order in which they were taken.
        """
        start = self.judged
        self.judged = start + size
        if withhold or self.withheld:
            self.edits.append(Edit(start, self.judged, "" if self.withheld else withhold))
            self.withheld = True
        elif edits:
            self.edits.extend(Edit(start + e.start, start + e.end, e.text) for e in settle(edits))
        pieces = self.pieces
        if self.edits:
            self._let_go_edited()
        else:
            while pieces and pieces[0].end <= self.judged:
                pieces.popleft().queued.waiting -= 1
        passed = self.judged - self.base
        if passed > _PASSED_CHARS:
            self.text = self.text[passed - CONTEXT_CHARS :]
            self.base = self.judged - CONTEXT_CHARS

    def _let_go_edited(self) -> None:
        leaving: list[PieceRef] = []
        while self.pieces and self.pieces[0].end <= self.judged:
            leaving.append(self.pieces.popleft())
        if not leaving:
            return
        begin, end = leaving[0].end - len(leaving[0].text), leaving[-1].end
        local = [Edit(e.start - begin, e.end - begin, e.text) for e in self.edits]
        for piece, text in zip(leaving, apply_over([piece.text for piece in leaving], local), strict=True):
            piece.let_go(text)
        # An edit whose beginning has left with its replacement goes on cutting what is still here.
        self.edits = [e if e.start >= end else Edit(end, e.end, "") for e in self.edits if e.end > end]


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
