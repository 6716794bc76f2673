"""The reader of a stream's events: its bytes are cut, and each event is read by its dialect, or as a repetition.

Owns what all wire formats have in common: an answer comes in hundreds of events that say the same but for a word and
a number. Such an event is not read anew: where only the strings differ that may differ, it means what the one before
it meant, with those strings. Never guesses: all else must be the same bytes, a differing string must be one JSON
string by itself, and any event that is read anew and says something else ends the repetition.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import orjson

from stockade.core.errors import UpstreamError
from stockade.core.json_tokens import string_spans
from stockade.core.segments import Segment
from stockade.guard.dialects.dialect import Piece, StreamEvent
from stockade.guard.dialects.sse import BrokenStreamError, SseEvent, SseSplitter, read_event

_END = b"}\n\n"
_SHORT = re.compile(rb"0|[1-9]\d{0,6}")
"""A longer number is a text of its own (`core/json_numbers.py`)."""

_COUNTED = re.compile(rb'"sequence_number": ?(%b)(?=[,} ])' % _SHORT.pattern)
"""Counts the events of a stream; no reader looks at it. It cannot stand inside a string: there, quotes are escaped."""

_tuple = tuple.__new__  # a NamedTuple by its tuple: half the time, and this is done for each word of an answer


class _Hole(NamedTuple):
    """A place where repetitions differ: the piece whose string stands there, or -1 for the number.

    `behind` are the bytes up to the next hole, b"" behind the last one.
    """

    piece: int
    behind: bytes


class _Mould(NamedTuple):
    """What the repetitions of `event` share: the bytes before the first hole and behind the last one."""

    event: StreamEvent
    head: bytes
    holes: tuple[_Hole, ...]
    tail: bytes


class EventReader(ABC):
    """Cuts one stream and reads its events in turn; the reader of a dialect derives from it.

    `_read` reads one event. `_varies` says of a piece that its string may differ from event to event and nothing else
    follows from it: the dialect's reader does not look at it, and its shape takes any string alike.
    """

    def __init__(self) -> None:
        """Start before the first byte."""
        self._splitter = SseSplitter()
        self._first = True
        self._mould: _Mould | None = None

    @abstractmethod
    def _read(self, came: SseEvent) -> StreamEvent:
        """Return what one event says. Fails: UpstreamError."""

    @abstractmethod
    def _varies(self, piece: Piece) -> bool:
        """Say whether this piece's string may differ in a repetition of its event."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Return the events that are complete with `data`. Fails: BrokenStreamError, with the events before."""
        try:
            raws = self._splitter.feed(data)
        except BrokenStreamError as error:
            return self._broken(error)
        return self._in_turn(raws)

    def end(self) -> list[StreamEvent]:
        """Return what was left. Fails: BrokenStreamError when the stream ended inside an event or a character."""
        try:
            raws = self._splitter.end()
        except BrokenStreamError as error:
            return self._broken(error)
        return self._in_turn(raws)

    def _broken(self, fault: BrokenStreamError) -> list[StreamEvent]:
        raise BrokenStreamError(fault.public, self._in_turn(fault.events), hint=fault.hint) from fault

    def _in_turn(self, raws: Sequence[bytes]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        try:
            for raw in raws:
                events.append(self._repetition(raw) or self._anew(raw))  # noqa: PERF401 - those before a fault must stay
        except UpstreamError as error:
            raise BrokenStreamError(error.public, events, hint=error.hint) from error
        return events

    def _anew(self, raw: bytes) -> StreamEvent:
        came = read_event(raw, first=self._first)
        self._first = False
        event = self._read(came)
        if not event.ahead:  # a ping says nothing of the answer
            self._mould = _mould(came, event, [n for n, piece in enumerate(event.pieces) if self._varies(piece)])
        return event

    def _repetition(self, raw: bytes) -> StreamEvent | None:
        """Return the event when it is a repetition of the last one that was read anew."""
        mould = self._mould
        if mould is None or not raw.startswith(mould.head) or not raw.endswith(_END):
            return None
        event, head, holes, tail = mould
        rest = raw[len(head) : -len(_END)].rstrip(b" ")
        if not rest.endswith(tail):
            return None
        rest = rest[: len(rest) - len(tail)]
        pieces = list(event.pieces)
        for number, behind in holes:
            string = rest
            if behind:
                string, found, rest = rest.partition(behind)
                if not found:
                    return None
            if number >= 0:
                try:
                    text = orjson.loads(b'"' + string + b'"')
                except orjson.JSONDecodeError:
                    return None
                (path, _, role, channel, kind, token, _), block, block_kind, beside = pieces[number]
                segment = _tuple(Segment, (path, text, role, channel, kind, token, None))
                pieces[number] = _tuple(Piece, (segment, block, block_kind, beside))
            elif not _SHORT.fullmatch(string):
                return None
        return StreamEvent(raw, tuple(pieces), event.holds, (), event.facts)


def _mould(came: SseEvent, event: StreamEvent, varying: Sequence[int]) -> _Mould | None:
    """Return what repetitions of an event look like; None for an event that is not framed plainly or ends something."""
    raw, data = came.raw, came.data
    opening = b"event: %b\ndata: " % came.name.encode() if came.name else b"data: "
    plain = raw == opening + data + b"\n\n" and raw.endswith(_END)
    ends = event.closes or event.last or event.names
    if not plain or ends or not all(event.pieces[n].segment.text for n in varying) or not varying:
        return None
    start = len(opening)
    spans = list(string_spans(data))
    places: list[tuple[int, int, int]] = []
    for number in varying:
        begin, end = spans[event.pieces[number].segment.token]
        places.append((start + begin + 1, start + end - 1, number))
    counted = _COUNTED.search(raw, start)
    if counted is not None:
        places.append((*counted.span(1), -1))
    places.sort()
    core = raw[: -len(_END)].rstrip(b" ")
    behind = [core[end:begin] for (_, end, _), (begin, _, _) in pairwise(places)]
    holes = tuple(_Hole(number, after) for (_, _, number), after in zip(places, [*behind, b""], strict=True))
    return _Mould(event, core[: places[0][0]], holes, core[places[-1][1] :])
