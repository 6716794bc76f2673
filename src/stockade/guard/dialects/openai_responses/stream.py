"""The reader of Responses streams: typed events in, neutral events out.

Owns which string continues which text, which events belong to a tool call, and what takes the place of a withdrawn one.
Never judges. Texts come in deltas and once more whole in `.done` events, in items and in the last event: deltas
continue a block, all else is whole. The events of a call that the client runs wait from the first one that names its
place in the output until its `response.output_item.done`.
When a text is edited the log probabilities beside it are emptied: their tokens and bytes spell the original.
Source: `openai._streaming`, `openai.lib.streaming.responses` of the Python package openai 3.54 (read November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from stockade.core.exchange import AnswerFacts
from stockade.core.segments import NUMBER, Kind, Segment
from stockade.guard.dialects import body, sse
from stockade.guard.dialects.dialect import BlockKind, Piece, StreamEvent
from stockade.guard.dialects.event_reader import EventReader
from stockade.guard.dialects.openai_responses.calls import (
    message_events,
    message_for,
    replace_calls,
    tool_name,
    unspell,
)
from stockade.guard.dialects.openai_responses.grammar import ENDED, EVENTS, UNKNOWN_EVENT, facts_of
from stockade.guard.dialects.openai_responses.items import CLIENT_CALLS
from stockade.guard.dialects.openai_shapes import PADDING, aside
from stockade.guard.dialects.values import rows, table, text

_CALL_EVENTS = ("response.function_call_arguments.", "response.custom_tool_call_input.", "response.shell_call_command.")
_WITHIN = ("content_index", "summary_index", "command_index")


class ResponsesStream(EventReader):
    """Reads one stream."""

    def __init__(self) -> None:
        """Start before the first byte."""
        super().__init__()
        self._calls: dict[str, None] = {}  # keys of the calls that are not complete yet
        self._blocks: dict[str, str] = {}  # open texts, each with its place in the output
        self._messages: dict[str, dict[str, object]] = {}  # what stands for withdrawn calls, by id and call id
        self._ended = False

    def end(self) -> list[StreamEvent]:
        """Return what was left. Fails: UpstreamError when no event has ended the answer."""
        events = super().end()
        if not self._ended:
            raise sse.BrokenStreamError("the vendor's stream ended before the answer was complete", events)
        return events

    def apply(self, event: StreamEvent, texts: Mapping[int, str]) -> bytes:
        """Return the event's bytes with some strings replaced; an edited text loses its log probabilities."""
        if not texts:
            return event.raw
        segments = [piece.segment for piece in event.pieces]
        data = body.apply(sse.event_data(event.raw), segments, texts)
        value = orjson.loads(data)
        if unspell(value, [segments[number].path for number in texts if segments[number].token >= 0]):
            data = orjson.dumps(value)
        return sse.replace_data(event.raw, data)

    def withdraw(self, events: Sequence[StreamEvent], block: str, notice: str) -> bytes:
        """Return the events of a message with the notice in the place of all events of call `block`."""
        values = [table(orjson.loads(sse.event_data(event.raw))) for event in events]
        items = [table(value.get("item")) for value in values if type(value.get("item")) is dict]
        call = {key: found for item in items for key, found in item.items() if found}
        message = message_for(call, notice)
        for name in (text(call.get("id")), text(call.get("call_id"))):
            if name:
                self._messages[name] = message
        free = [value.get("sequence_number") for value in values]
        first = free[0] if free and type(free[0]) is int else 0
        run = [first]
        for number in free[1:]:
            # Only an unbroken run: an event of something else that stands between keeps its own number and its place.
            if number != run[-1] + 1:
                break
            run.append(number)
        index = next((value["output_index"] for value in values if "output_index" in value), int(block[1:] or 0))
        return message_events(message, index, run)

    def amend(self, event: StreamEvent) -> StreamEvent | None:
        """Return an event that repeats the whole output with the messages that stand for withdrawn calls."""
        if not self._messages or b'"response"' not in event.raw:
            return None
        value = table(orjson.loads(sse.event_data(event.raw)))
        if not replace_calls(rows(table(value.get("response")).get("output")), self._messages):
            return None
        data = orjson.dumps(value)
        reading = body.read_answer(data, EVENTS.get(text(value.get("type")), UNKNOWN_EVENT))
        asides = tuple(piece for piece in event.pieces if piece.segment.token == -1)
        pieces = (*(_whole(segment) for segment in reading.segments), *asides)
        return replace(event, raw=sse.replace_data(event.raw, data), pieces=pieces)

    def _varies(self, piece: Piece) -> bool:
        """Say whether any string in this place is read alike: a delta of a known event, the padding."""
        path, kind = piece.segment.path, piece.segment.kind
        if not piece.block:
            return path == PADDING and kind is Kind.IDENTIFIER
        return path == ("delta",) and kind is not Kind.OPAQUE

    def _read(self, came: sse.SseEvent) -> StreamEvent:
        asides = tuple(aside("#", told) for told in came.asides)
        if not came.data or came.data.strip() == b"[DONE]":
            named = (aside("event", came.name),) if came.name else ()
            return StreamEvent(came.raw, (*asides, *named), ahead=not came.data)
        kind = _kind(came.data)
        reading = body.read_answer(came.data, EVENTS.get(kind, UNKNOWN_EVENT))
        value = reading.value
        if came.name and (came.name != kind or kind not in EVENTS):
            asides = (*asides, aside("event", came.name))
        place = _place(value)
        call = self._call(kind, value, place)
        pieces = tuple(self._piece(segment, kind, value, place, call) for segment in reading.segments)
        ended = kind in ENDED or type(value.get("error")) is dict
        self._ended = self._ended or ended
        closes = self._closes(kind, value, place, ended=ended)
        facts = self._facts(value, kind)
        item = table(value.get("item")) if call else {}
        names = (tool_name(item),) if item else ()
        return StreamEvent(came.raw, (*pieces, *asides), call, closes, facts, last=ended, names=names)

    def _call(self, kind: str, value: Mapping[str, object], place: str) -> str:
        """Return the key of the tool call that an event belongs to, opening it where it begins."""
        key = f"o{place}"
        if key in self._calls:
            return key
        if text(table(value.get("item")).get("type")) in CLIENT_CALLS or kind.startswith(_CALL_EVENTS):
            self._calls[key] = None
            return key
        return ""

    def _piece(self, segment: Segment, kind: str, value: Mapping[str, object], place: str, call: str) -> Piece:
        if (
            segment.path[0] != "delta"
            or segment.token == NUMBER
            or (len(segment.path) > 1 and segment.text == segment.path[-1])
        ):
            return _whole(segment)
        if segment.kind is Kind.BINARY or (kind not in EVENTS and segment.token == _token_of_key(value, segment)):
            return _whole(segment)
        if segment.kind is Kind.ARGUMENT:
            key = call or f"{place}/arguments"
            if not call:
                self._blocks[key] = place
            return Piece(segment, key, BlockKind.ARGUMENTS)
        key = "/".join((_text_of(kind, value, place), *map(str, segment.path[1:])))
        self._blocks[key] = place
        return Piece(segment, key, BlockKind.THINKING if segment.kind is Kind.THINKING else BlockKind.TEXT)

    def _closes(self, kind: str, value: Mapping[str, object], place: str, *, ended: bool) -> tuple[str, ...]:
        if ended:
            closed = [*self._calls, *self._blocks]
        elif kind == "response.output_item.done":
            closed = [key for key in (f"o{place}",) if key in self._calls]
            closed += [key for key, at in self._blocks.items() if at == place]
        elif kind.endswith(".done"):
            done = _text_of(kind, value, place)
            closed = [key for key in self._blocks if key == done or key.startswith(done + "/")]
            if kind == "response.mcp_call_arguments.done":
                closed += [key for key in self._blocks if key == f"{place}/arguments"]
        else:
            return ()
        for key in closed:
            self._calls.pop(key, None)
            self._blocks.pop(key, None)
        return tuple(closed)

    def _facts(self, value: Mapping[str, object], kind: str) -> AnswerFacts | None:
        failed = kind in ("error", "response.failed") or type(value.get("error")) is dict
        if type(value.get("response")) is dict:
            told = facts_of(table(value["response"]))
            if not failed:
                return told
            return told._replace(error=text(table(table(value["response"]).get("error")).get("code")) or "error")
        if failed:
            return AnswerFacts(error=text(value.get("code")) or text(table(value.get("error")).get("code")) or "error")
        if kind == "response.refusal.done":
            return AnswerFacts(refusal_category="refusal")
        return None


def _kind(data: bytes) -> str:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return ""  # read_answer says what is wrong
    return text(table(value).get("type"))


def _place(value: Mapping[str, object]) -> str:
    index = value.get("output_index")
    return str(index) if type(index) is int else text(value.get("item_id"))


def _text_of(kind: str, value: Mapping[str, object], place: str) -> str:
    """Return the key of the text that a `.delta` or `.done` event speaks of."""
    stem = kind.removesuffix(".delta").removesuffix(".done")
    within = next((str(value[name]) for name in _WITHIN if type(value.get(name)) is int), "")
    return f"{place}/{stem}/{within}"


def _token_of_key(value: Mapping[str, object], segment: Segment) -> int:
    """Return the number of the string that is the unknown key `delta` itself, or -1 when it is not this segment."""
    whole = value.get("delta")
    if segment.text != "delta" or len(segment.path) != 1:
        return -1
    return segment.token if type(whole) is not str or whole != "delta" else -1


def _whole(segment: Segment) -> Piece:
    if segment.kind is Kind.ARGUMENT:
        return Piece(segment, "", BlockKind.ARGUMENTS)
    return Piece(segment, "", BlockKind.THINKING if segment.kind is Kind.THINKING else BlockKind.TEXT)
