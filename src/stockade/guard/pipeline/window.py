"""The window on a streamed answer: holds events back until what they carry was judged, then lets them go in order.

Pure and driven by `pipeline/answer.py`: events in, work to judge out; edits in, bytes out. Whole events wait, not
characters: an event of which nothing is edited leaves byte for byte as it came, and an edit changes only the strings it
must. A text event waits until the unit (`units.py`) at its end is complete; the events of a tool call wait until the
call is complete and judged (DESIGN invariants 3, 4, 5).
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import NamedTuple

from stockade.core.edits import apply, settle
from stockade.core.errors import UpstreamError
from stockade.core.json_tokens import inner_segments
from stockade.core.limits import KEEPALIVE_EVENTS, TOOL_CALL_CHARS_MAX
from stockade.core.segments import Segment
from stockade.guard.dialects.dialect import BlockKind, Piece, StreamEvent, StreamReader
from stockade.guard.pipeline.blocks import Arguments, Block, PieceRef, Queued, Whole, Work

_KEEPALIVE = b": stockade holds a tool call until it is complete\n\n"
_WHOLES_KEPT = 64
"""Texts that came whole and may come again; each event of a stream brings a few."""


class CompleteCall(NamedTuple):
    """A call with the names of the tools it asks for ("" for one that names none) and its arguments as JSON texts."""

    key: str
    names: tuple[str, ...]
    arguments: list[str]


class Window:
    """The events of one stream between the vendor and the client."""

    def __init__(self, reader: StreamReader) -> None:
        """Watch over a stream that `reader` reads."""
        self._reader = reader
        self._queue: deque[Queued] = deque()
        self._blocks: dict[str, Block] = {}
        self._held: dict[str, list[Queued]] = {}
        self._complete: list[str] = []
        self._names: dict[str, dict[str, None]] = {}
        self._arguments: dict[str, list[str]] = {}
        self._notices: dict[str, str] = {}
        self._ahead: list[Queued] = []
        self._withdrew = False
        self._ending: list[Queued] = []
        self._wholes: dict[int, Whole] = {}  # by identity of the segment, which a reader hands out again and again

    def accept(self, event: StreamEvent) -> list[Work]:
        """Queue an event; return what must now be judged.

        Contract: while `call_complete`, the work is resolved and `settle_calls` called before the next event. An event
        that ends the answer waits for `let_end`.
        """
        if self._withdrew:
            event = self._reader.amend(event) or event
        queued = Queued(event)
        self._queue.append(queued)
        if event.ahead and not event.pieces:
            self._ahead.append(queued)
            return []
        if event.last:
            queued.waiting += 1
            self._ending.append(queued)
        if event.holds:
            queued.waiting += 1
            held = self._held.setdefault(event.holds, [])
            held.append(queued)
            self._names.setdefault(event.holds, {}).update(dict.fromkeys(event.names))
            if len(held) % KEEPALIVE_EVENTS == 0:
                self._ahead.append(Queued(event, instead=_KEEPALIVE))
        work: list[Work] = []
        for number, piece in enumerate(event.pieces):
            if piece.segment.text:
                self._take(queued, number, piece, work)
        for key in event.closes:
            self._close(key, work)
        return work

    def finish(self) -> list[Work]:
        """Return what is left to judge when the stream has ended."""
        work: list[Work] = []
        for key in dict.fromkeys([*self._blocks, *self._held]):
            self._close(key, work)
        return work

    def resolve(self, work: Work) -> None:
        """Take the answer (`edits`, `withhold`) on judged work."""
        target = work.target
        if type(target) is Block:
            target.resolve(len(work.segment.text) - work.context, work.edits, work.withhold)
            return
        text = work.withhold or apply(work.segment.text, settle(work.edits))
        if type(target) is Arguments:
            target.resolve(work.segment, text)
        elif type(target) is Whole:
            target.resolve(text)

    def withdraw(self, call: str, notice: str) -> int:
        """Put a text with `notice` in the place of a tool call, once all of it is here; return 1 the first time."""
        if call in self._notices:
            return 0
        self._notices[call] = notice
        return 1

    def is_withdrawn(self, call: str) -> bool:
        """Say whether a notice takes the place of a tool call already."""
        return call in self._notices

    @property
    def call_complete(self) -> bool:
        """Say whether a tool call is complete and not settled yet."""
        return bool(self._complete)

    def tools(self) -> list[CompleteCall]:
        """Return each complete call, once."""
        return [
            CompleteCall(key, tuple(self._names.pop(key)) or ("",), self._arguments.pop(key, []))
            for key in self._complete
            if key in self._names
        ]

    def settle_calls(self) -> None:
        """Let complete tool calls go, or put their notices in their place.

        Contract: all work on them is resolved. A call whose judging failed is never settled, so no part of it leaves.
        """
        self._complete = [key for key in self._complete if not self._free_call(key)]

    def let_end(self) -> None:
        """Let the events go that end the answer: all of it was judged, for what it means too."""
        for queued in self._ending:
            queued.waiting -= 1
        self._ending.clear()

    def release(self) -> bytes:
        """Return the bytes that may leave now, in the vendor's order. A complete call waits for `settle_calls`."""
        out: list[bytes] = []
        queue = self._queue
        while queue and queue[0].waiting <= 0:
            out.append(self._bytes(queue.popleft()))
        if self._ahead:
            if queue:
                # The head waits: pings and signs of life overtake it, so that nobody takes the stream for dead.
                overtaking = {id(queued) for queued in self._ahead}
                out.extend(self._bytes(queued) for queued in self._ahead if not queued.sent)
                self._queue = deque(queued for queued in queue if id(queued) not in overtaking)
            self._ahead.clear()
        return b"".join(out)

    def _bytes(self, queued: Queued) -> bytes:
        queued.sent = True
        if queued.instead is not None:
            return queued.instead
        return self._reader.apply(queued.event, queued.texts) if queued.texts else queued.event.raw

    @property
    def empty(self) -> bool:
        """Say whether everything has left."""
        return not self._queue

    def _free_call(self, key: str) -> bool:
        """Let a call go or put its notice in its place; False while a text beside a withdrawn call waits."""
        held = self._held.get(key, [])
        notice = self._notices.get(key)
        if notice is not None and held:
            if any(queued.waiting > 1 for queued in held):
                return False
            self._withdrew = True
            held[0].instead = self._reader.withdraw([self._beside(queued) for queued in held], key, notice)
            for queued in held[1:]:
                queued.instead = b""
        for queued in held:
            queued.waiting -= 1
        self._held.pop(key, None)
        return True

    def _beside(self, queued: Queued) -> StreamEvent:
        """Return a held event with the edits of what stands beside its call; what is of the call goes as it came."""
        pieces = queued.event.pieces
        texts = {number: text for number, text in (queued.texts or {}).items() if pieces[number].beside}
        return replace(queued.event, raw=self._reader.apply(queued.event, texts)) if texts else queued.event

    def _take(self, queued: Queued, number: int, piece: Piece, work: list[Work]) -> None:
        """Let an event wait for one of its strings; add what must now be judged to `work`."""
        segment, key, kind, beside = piece
        queued.waiting += 1
        call = "" if beside else queued.event.holds
        if key:
            block = self._blocks.get(key)
            if block is None:
                block = self._blocks[key] = Block(kind, segment, call)
            block.push(queued, number, segment.text)
            if block.call and block.size > TOOL_CALL_CHARS_MAX:
                raise UpstreamError("A tool call in the vendor's stream is larger than the gate judges.")
            if block.kind is not BlockKind.ARGUMENTS:
                work += block.units(final=False)
        elif kind is BlockKind.ARGUMENTS:
            self._judge_arguments([PieceRef(queued, number, segment.text)], segment, call, work)
        elif (whole := self._wholes.get(id(segment))) is not None:
            whole.push(PieceRef(queued, number, segment.text))
        else:
            if len(self._wholes) >= _WHOLES_KEPT:
                self._wholes.clear()
            whole = self._wholes[id(segment)] = Whole(segment, [PieceRef(queued, number, segment.text)])
            work.append(Work(segment, 0, call, whole))

    def _close(self, key: str, work: list[Work]) -> None:
        block = self._blocks.pop(key, None)
        if key in self._held:
            self._complete.append(key)
        if block is None:
            return
        if block.kind is BlockKind.ARGUMENTS:
            self._judge_arguments(list(block.pieces), block.segment._replace(text=block.joined()), block.call, work)
        else:
            work += block.units(final=True)

    def _judge_arguments(self, pieces: list[PieceRef], segment: Segment, call: str, work: list[Work]) -> None:
        """Add the work on one JSON text: its strings and long numbers, or all of it when it has none."""
        if call:
            self._arguments.setdefault(call, []).append(segment.text)
        inner = inner_segments(segment)
        arguments = Arguments(pieces, segment.text, len(inner))
        work.extend(Work(string, 0, call, arguments) for string in inner)
