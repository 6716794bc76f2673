"""Streamed answers of Anthropic Messages: events in order, tool calls held until they were judged whole.

Owns the order of a stream (one message, blocks that start, grow and stop, one end) and what takes a withdrawn call's
place. Never lets an event pass that it cannot read.
Source: types of the PyPI package anthropic 2.12 (`BetaRawMessageStreamEvent`) and its `_streaming.py`, read in
November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from stockade.core.errors import UpstreamError
from stockade.core.exchange import AnswerFacts
from stockade.core.json_tokens import splice
from stockade.core.segments import NUMBER, Channel, Kind, Segment
from stockade.guard.dialects.anthropic_messages.answer import (
    BLOCK,
    MESSAGE,
    STOP,
    USAGE,
    VOICE,
    error_record,
    is_call,
    message_facts,
    stated,
    strings_before,
    usage_facts,
)
from stockade.guard.dialects.anthropic_messages.blocks import citation
from stockade.guard.dialects.body import apply, read_answer
from stockade.guard.dialects.dialect import BlockKind, Piece, StreamEvent
from stockade.guard.dialects.event_reader import EventReader
from stockade.guard.dialects.shape import Free, Leaf, Record, Setting, Shape, Tagged, Voice, Word
from stockade.guard.dialects.sse import (
    BrokenStreamError,
    SseEvent,
    event_data,
    frame,
    replace_data,
)

_DONE = b"[DONE]"  # some routers in front of the vendor end every stream so
_CALL = Voice("assistant", Channel.TOOL_CALL)
_FREE, _SETTING = Free(VOICE), Setting(VOICE)
_SEALED = Leaf(VOICE, Kind.SEALED)
_GROWING: dict[tuple[str, str], BlockKind] = {
    ("compaction_delta", "content"): BlockKind.THINKING,
    ("input_json_delta", "partial_json"): BlockKind.ARGUMENTS,
    ("text_delta", "text"): BlockKind.TEXT,
    ("thinking_delta", "thinking"): BlockKind.THINKING,
}
_STARTING: dict[str, tuple[str, BlockKind]] = {
    "compaction": ("content", BlockKind.THINKING),
    "text": ("text", BlockKind.TEXT),
    "thinking": ("thinking", BlockKind.THINKING),
}


def _event_shape() -> Tagged:
    thinking = Leaf(VOICE, Kind.THINKING)
    deltas: dict[str, dict[str, Shape]] = {
        "citations_delta": {"citation": citation("assistant")},
        "compaction_delta": {"content": thinking, "encrypted_content": _SEALED},
        "input_json_delta": {"partial_json": Leaf(_CALL, Kind.ARGUMENT)},
        "signature_delta": {"signature": _SEALED},
        "text_delta": {"text": Leaf(VOICE)},
        "thinking_delta": {"thinking": thinking, "estimated_tokens": _SETTING},
    }
    delta = Tagged(
        VOICE, "type", {name: Record(VOICE, {"type": Word(VOICE, name), **more}) for name, more in deltas.items()}
    )
    edits = Record(VOICE, {"applied_edits": _FREE, "original_input_tokens": _SETTING})
    events: dict[str, dict[str, Shape]] = {
        "content_block_delta": {"index": _SETTING, "delta": delta},
        "content_block_start": {"index": _SETTING, "content_block": BLOCK},
        "content_block_stop": {"index": _SETTING},
        "error": {"error": error_record(), "request_id": Leaf(VOICE, Kind.IDENTIFIER)},
        "message_delta": {"delta": Record(VOICE, STOP), "usage": USAGE, "context_management": edits},
        "message_start": {"message": MESSAGE},
        "message_stop": {},
        "ping": {},
    }
    return Tagged(
        VOICE, "type", {name: Record(VOICE, {"type": Word(VOICE, name), **more}) for name, more in events.items()}
    )


EVENT = _event_shape()


class _Block:
    """A block that has started: its key, whether it calls a tool (and whose), and the pieces' keys that grow in it."""

    __slots__ = ("call", "id", "key", "kind", "parts")

    def __init__(self, key: str, content: object) -> None:
        self.key = key
        self.kind = stated(content, "type")
        self.id = stated(content, "id")
        self.call = is_call(content)
        self.parts = [key]


class MessagesStream(EventReader):
    """Read one streamed answer (the protocol StreamReader)."""

    def __init__(self) -> None:
        """Start before the first byte."""
        super().__init__()
        self._open: dict[int, _Block] = {}
        self._blocks: dict[str, _Block] = {}
        self._withdrawn: dict[str, str] = {}
        self._last = False

    def end(self) -> list[StreamEvent]:
        """Return what was left. Fails: UpstreamError when the answer did not end."""
        events = super().end()
        if not self._last:
            raise BrokenStreamError("The vendor's stream ended before its last event.", events)
        return events

    def apply(self, event: StreamEvent, texts: Mapping[int, str]) -> bytes:
        """Return the event with other strings."""
        if not texts:
            return event.raw
        data = event_data(event.raw)
        return replace_data(event.raw, apply(data, [piece.segment for piece in event.pieces], texts))

    def withdraw(self, events: Sequence[StreamEvent], block: str, notice: str) -> bytes:
        """Return a text block with the notice, at the index of the withdrawn call."""
        self._withdrawn[block] = notice
        index = orjson.loads(event_data(events[0].raw))["index"]
        return _told(index, notice) + _frame({"type": "content_block_stop", "index": index})

    def amend(self, event: StreamEvent) -> StreamEvent | None:
        """Return another stop reason when no call is left, and a text for the result of a withdrawn call."""
        if not self._withdrawn or b"tool" not in event.raw:
            return None
        data = event_data(event.raw)
        value = orjson.loads(data)
        delta = value.get("delta")
        if stated(value, "type") == "message_delta" and stated(delta, "stop_reason") == "tool_use":
            if any(b.kind == "tool_use" and key not in self._withdrawn for key, b in self._blocks.items()):
                return None
            number = strings_before(value, "delta") + strings_before(delta, "stop_reason")
            return replace(event, raw=replace_data(event.raw, splice(data, {number: "end_turn"})))
        answered = stated(value.get("content_block"), "tool_use_id")
        notices = {self._blocks[key].id: notice for key, notice in self._withdrawn.items()}
        if not answered or answered not in notices:
            return None
        return replace(event, raw=_told(value["index"], notices[answered]), pieces=())

    def _varies(self, piece: Piece) -> bool:
        """Say whether any string in this place is read alike: what a block says, not a part of unknown kind."""
        return piece.block.isdecimal() and len(piece.segment.path) == 2 and piece.segment.path[0] == "delta"

    def _read(self, came: SseEvent) -> StreamEvent:
        asides = tuple(Piece(Segment(("#",), text, VOICE.role, VOICE.channel, Kind.OPAQUE, -1)) for text in came.asides)
        if not came.data or came.data == _DONE:
            if came.name:
                raise UpstreamError("The vendor's stream holds an event without data.")
            return StreamEvent(came.raw, asides, ahead=True)
        value, segments = read_answer(came.data, EVENT)
        kind = stated(value, "type")
        if came.name not in ("", kind):
            raise UpstreamError("An event of the vendor's stream is named otherwise than its type.")
        if self._last and kind != "ping":
            raise UpstreamError("The vendor's stream went on after its last event.")
        read = StreamEvent(came.raw, ahead=kind == "ping")
        if kind.startswith("content_block_"):
            read.pieces = self._block_pieces(kind, value, segments, read)
        else:
            read.pieces = tuple(map(Piece, segments))
        if asides:
            read.pieces += asides
        read.facts = _facts(kind, value)
        if kind in ("error", "message_stop"):
            self._last = read.last = True
            read.closes = tuple(part for block in self._open.values() for part in block.parts)
            self._open.clear()
        return read

    def _block_pieces(
        self, kind: str, value: Mapping[str, object], segments: list[Segment], read: StreamEvent
    ) -> tuple[Piece, ...]:
        index = value.get("index")
        if type(index) is not int:
            raise UpstreamError("A block of the vendor's stream has no index.")
        if kind == "content_block_start":
            if index in self._open:
                raise UpstreamError("A block of the vendor's stream started twice.")
            block = self._open[index] = _Block(str(len(self._blocks)), value.get("content_block"))
            self._blocks[block.key] = block
            read.names = (stated(value.get("content_block"), "name"),) if block.call else ()
        elif index in self._open:
            block = self._open[index]
        else:
            raise UpstreamError("A block of the vendor's stream went on without a start.")
        read.holds = block.key if block.call else ""
        if kind == "content_block_stop":
            read.closes = tuple(block.parts)
            del self._open[index]
        elif kind == "content_block_delta":
            return tuple(_growing(segment, block, stated(value.get("delta"), "type")) for segment in segments)
        started = _STARTING.get(block.kind)
        if kind == "content_block_start" and started:
            path = ("content_block", started[0])
            return tuple(Piece(s, block.key, started[1]) if s.path == path else Piece(s) for s in segments)
        return tuple(map(Piece, segments))


def _growing(segment: Segment, block: _Block, delta: str) -> Piece:
    """Return the piece of a delta's string: it continues the block, or a part of its own when its kind is not known."""
    comes_whole = segment.kind is Kind.SEALED or segment.token == NUMBER or delta == "citations_delta"
    if comes_whole or segment.path[:1] != ("delta",):
        return Piece(segment)
    kind = _GROWING.get((delta, str(segment.path[-1])))
    if kind is not None and len(segment.path) == 2:
        return Piece(segment, block.key, kind)
    if segment.path[-1] == segment.text or segment.path == ("delta", "type"):
        return Piece(segment)
    part = block.key + segment.pointer
    if part not in block.parts:
        block.parts.append(part)
    return Piece(segment, part)


def _facts(kind: str, value: Mapping[str, object]) -> AnswerFacts | None:
    if kind == "message_start":
        message = value.get("message")
        return message_facts(message) if isinstance(message, dict) else None
    if kind == "error":
        return AnswerFacts(error=stated(value.get("error"), "type") or "error")
    if kind == "message_delta":
        delta = value.get("delta")
        told = message_facts(delta) if isinstance(delta, dict) else AnswerFacts()
        return told.merged(AnswerFacts(usage=usage_facts(value.get("usage"))))
    return None


def _told(index: int, notice: str) -> bytes:
    """Return the start of a text block, empty as the vendor's are, and its text."""
    started = {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
    told = {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": notice}}
    return _frame(started) + _frame(told)


def _frame(made: dict[str, object]) -> bytes:
    return frame(str(made["type"]), orjson.dumps(made))
