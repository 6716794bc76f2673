"""The reader of Chat Completions streams: chunks in, events out, with the tool calls of every choice told apart.

Owns which string continues which text, which events belong to a tool call, and what takes the place of a withdrawn one.
Never judges. A tool call is complete when its choice names a finish reason, because deltas of several calls may come
interleaved. The calls of one choice are one unit, held, let go and withdrawn together: the SDK puts calls into a list
by their index, so a later call cannot stay when an earlier one is gone, and one chunk may carry several.
When the text of a chunk is edited its log probabilities are set to null: their tokens and bytes spell the original.
Source: `openai._streaming` and `openai.lib.streaming.chat` of the Python package openai 3.54 (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import orjson

from stockade.core.errors import UpstreamError
from stockade.core.segments import NUMBER, Kind, Segment
from stockade.guard.dialects import body, sse
from stockade.guard.dialects.dialect import BlockKind, Piece, StreamEvent
from stockade.guard.dialects.event_reader import EventReader
from stockade.guard.dialects.openai_chat.answer_grammar import CHUNK, facts_of
from stockade.guard.dialects.openai_shapes import PADDING, aside, tool_name
from stockade.guard.dialects.values import rows, table, text

CALLED = frozenset({"tool_calls", "function_call"})
"""Finish reasons that tell the client to run a tool; also the keys of a delta that hold calls."""

_WHOLE = frozenset({"role", "id", "type", "name", "data"})
"""Keys whose strings come whole in one delta; every other string of a delta continues the last one in its place."""

_CALLS = ".calls"
_SPELT = (("delta", "content"), ("delta", "refusal"))
_SAID = ("content", "refusal", "reasoning_content", "reasoning")
_DEPTH_OF_DELTA = 3  # ("choices", 0, "delta")


@dataclass(slots=True)
class _Choice:
    """What is known of one choice. `calls` are those that a client has been or will be told of."""

    calls: dict[str, bool] = field(default_factory=dict)  # key: still open
    blocks: dict[str, None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # of the tools that calls ask for, as far as they have come
    said: bool = False
    finished: bool = False


class _Entry(NamedTuple):
    """One delta of a tool call: where it stands in the chunk, the call's key, and what it says of the tool's name."""

    place: tuple[str | int, ...]
    choice: int
    key: str
    name: str


class ChatStream(EventReader):
    """Reads one stream."""

    def __init__(self) -> None:
        """Start before the first byte."""
        super().__init__()
        self._choices: dict[int, _Choice] = {}
        self._withdrawn: set[str] = set()
        self._ended = False

    def end(self) -> list[StreamEvent]:
        """Return what was left. Some vendors send no [DONE]: then every choice must have named its finish reason."""
        events = super().end()
        if not self._ended and not (self._choices and all(choice.finished for choice in self._choices.values())):
            raise sse.BrokenStreamError("the vendor's stream ended before the answer was complete", events)
        return events

    def apply(self, event: StreamEvent, texts: Mapping[int, str]) -> bytes:
        """Return the event's bytes with some strings replaced; an edited text loses its log probabilities."""
        if not texts:
            return event.raw
        data = body.apply(sse.event_data(event.raw), [piece.segment for piece in event.pieces], texts)
        said = {event.pieces[number].segment.path for number in texts}
        told = {path[1] for path in said if len(path) == _DEPTH_OF_DELTA + 1 and path[2:] in _SPELT}
        if told:
            chunk = orjson.loads(data)
            for place in told:
                if chunk["choices"][place].get("logprobs") is not None:
                    chunk["choices"][place]["logprobs"] = None
                    data = orjson.dumps(chunk)
        return sse.replace_data(event.raw, data)

    def withdraw(self, events: Sequence[StreamEvent], block: str, notice: str) -> bytes:
        """Return a chunk with the notice in the place of all events of the calls `block`.

        Before it stands what else these events said, behind it the finish reasons and the usage that they told.
        """
        self._withdrawn.add(block)
        chunks = [table(orjson.loads(sse.event_data(event.raw))) for event in events]
        kept = {key: value for key, value in chunks[0].items() if key not in ("choices", "usage", "obfuscation")}
        told: dict[int, None] = {}
        roles: dict[int, str] = {}
        finished: dict[int, str] = {}
        out: list[dict[str, object]] = []
        for chunk in chunks:
            told.update({entry.choice: None for entry in self._entries(chunk) if _unit(entry.choice) == block})
            said: list[dict[str, object]] = []
            for number, choice in _choices(chunk):
                delta = {key: value for key, value in table(choice.get("delta")).items() if key not in CALLED}
                roles.setdefault(number, text(delta.pop("role", "")))
                if any(value not in (None, "") for value in delta.values()):
                    said.append({**choice, "delta": {**_role(roles, number), **delta}, "finish_reason": None})
                if reason := text(choice.get("finish_reason")):
                    finished[number] = self._reason(number, reason)
            out.append({**kept, "choices": said})
        notices = [
            _delta(n, {**_role(roles, n), "content": ("\n\n" if self._choices[n].said else "") + notice}, None)
            for n in told
        ]
        ends = [_delta(number, {}, reason) for number, reason in finished.items()]
        usage = next((chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage")), None)
        counted = {} if usage is None else {"usage": usage}
        out += ({**kept, "choices": notices}, {**kept, "choices": ends, **counted})
        return b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in out if chunk["choices"])

    def amend(self, event: StreamEvent) -> StreamEvent | None:
        """Return the finish event of a choice without any tool call left in it as a plain end."""
        if not self._withdrawn or not (event.facts and event.facts.stop_reason):
            return None
        chunk = orjson.loads(sse.event_data(event.raw))
        changed = False
        for number, choice in _choices(chunk):
            reason = text(choice.get("finish_reason"))
            if self._reason(number, reason) != reason:
                choice["finish_reason"] = self._reason(number, reason)
                changed = True
        if not changed:
            return None
        return replace(event, raw=sse.replace_data(event.raw, orjson.dumps(chunk)), facts=facts_of(chunk))

    def _reason(self, number: int, reason: str) -> str:
        return "stop" if reason in CALLED and _unit(number) in self._withdrawn else reason

    def _varies(self, piece: Piece) -> bool:
        """Say whether any string in this place is read alike: what a choice says, a call's arguments, the padding."""
        path = piece.segment.path
        if not piece.block:
            return path == PADDING and piece.segment.kind is Kind.IDENTIFIER
        return piece.block_kind is BlockKind.ARGUMENTS or (len(path) == _DEPTH_OF_DELTA + 1 and path[-1] in _SAID)

    def _read(self, came: sse.SseEvent) -> StreamEvent:
        asides = tuple(aside("#", told) for told in came.asides)
        if came.name:
            asides = (*asides, aside("event", came.name))
        if not came.data:
            return StreamEvent(came.raw, asides, ahead=True)
        if came.data.strip() == b"[DONE]":
            self._ended = True
            return StreamEvent(came.raw, asides, closes=self._open(), last=True)
        reading = body.read_answer(came.data, CHUNK)
        return self._chunk(came.raw, reading, asides)

    def _chunk(self, raw: bytes, reading: body.Reading, asides: tuple[Piece, ...]) -> StreamEvent:
        chunk = reading.value
        entries = list(self._entries(chunk))
        for number, choice in _choices(chunk):
            known = self._choices.setdefault(number, _Choice())
            known.said = known.said or bool(text(table(choice.get("delta")).get("content")))
        for entry in entries:
            known = self._choices[entry.choice]
            if known.finished or entry.choice != entries[0].choice:
                raise UpstreamError("the vendor's stream holds a tool call out of its place")
            known.calls.setdefault(entry.key, True)
            known.names[entry.key] = known.names.get(entry.key, "") + entry.name
        pieces = (*self._pieces(reading, {entry.place: entry.key for entry in entries}), *asides)
        closed, done = self._finish(chunk)
        complete = bool(closed or done) and all(choice.finished for choice in self._choices.values())
        facts = facts_of(chunk)
        if "error" in chunk and table(chunk.get("error")):
            self._ended = True
            error = text(table(chunk.get("error")).get("type")) or "error"
            return StreamEvent(raw, pieces, closes=self._open(), facts=facts._replace(error=error), last=True)
        # A finish event speaks of the calls that it closes: it waits with them, and leaves or goes with them.
        units = [key for key in closed if key.endswith(_CALLS)]
        holds = _unit(entries[0].choice) if entries else "".join(units[:1])
        # Clients join the pieces of a name, or take the first or the last: policy is asked about each reading.
        names = tuple(name for entry in entries for name in (entry.name, self._named(entry)) if entry.name)
        return StreamEvent(raw, pieces, holds, (*closed, *done), facts, last=complete, names=names)

    def _named(self, entry: _Entry) -> str:
        return self._choices[entry.choice].names[entry.key]

    def _pieces(self, reading: body.Reading, places: Mapping[tuple[str | int, ...], str]) -> Iterator[Piece]:
        segments = reading.segments
        for index, segment in enumerate(segments):
            path = segment.path
            if len(path) <= _DEPTH_OF_DELTA or path[0] != "choices" or path[2] != "delta":
                yield Piece(segment, beside=True)
                continue
            call = places.get(path[:5]) or places.get(path[:4]) or ""
            beside = not call
            if segment.kind is Kind.ARGUMENT:
                yield Piece(segment, call, BlockKind.ARGUMENTS, beside)
            elif segment.token == NUMBER or path[-1] in _WHOLE or _is_key(reading.value, segments, index):
                yield Piece(segment, beside=beside)
            else:
                number = _number(table(_at(reading.value, path[:2])), path[1])
                block = f"c{number}/" + "/".join(map(str, path[_DEPTH_OF_DELTA:]))
                self._choices[number].blocks[block] = None
                yield Piece(segment, block, beside=beside)

    def _finish(self, chunk: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the calls and the texts that this chunk's finish reasons complete."""
        closed: list[str] = []
        done: list[str] = []
        for number, choice in _choices(chunk):
            if text(choice.get("finish_reason")):
                known = self._choices[number]
                known.finished = True
                opened = [key for key, is_open in known.calls.items() if is_open]
                closed.extend([*opened, _unit(number)] if opened else ())
                known.calls = dict.fromkeys(known.calls, False)
                done.extend(known.blocks)
                known.blocks.clear()
        return tuple(closed), tuple(done)

    def _open(self) -> tuple[str, ...]:
        known = self._choices.values()
        calls = [key for choice in known for key, is_open in choice.calls.items() if is_open]
        units = [_unit(number) for number, choice in self._choices.items() if any(choice.calls.values())]
        return (*calls, *units, *(key for choice in known for key in choice.blocks))

    def _entries(self, chunk: Mapping[str, object]) -> Iterator[_Entry]:
        for place, item in enumerate(rows(chunk.get("choices"))):
            choice = table(item)
            number = _number(choice, place)
            delta = table(choice.get("delta"))
            for at, call in enumerate(rows(delta.get("tool_calls"))):
                index = table(call).get("index")
                key = f"c{number}.t{index if type(index) is int else at}"
                name = tool_name(table(call))
                yield _Entry(("choices", place, "delta", "tool_calls", at), number, key, name)
            if type(delta.get("function_call")) is dict:
                name = tool_name(table(delta.get("function_call")))
                yield _Entry(("choices", place, "delta", "function_call"), number, f"c{number}.f", name)


def _choices(chunk: Mapping[str, object]) -> Iterator[tuple[int, dict[str, object]]]:
    for place, item in enumerate(rows(chunk.get("choices"))):
        choice = table(item)
        yield _number(choice, place), choice


def _number(choice: Mapping[str, object], place: str | int) -> int:
    number = choice.get("index")
    return number if type(number) is int else int(place)


def _at(value: object, path: tuple[str | int, ...]) -> object:
    for part in path:
        value = table(value).get(part) if isinstance(part, str) else rows(value)[part]
    return value


def _is_key(value: object, segments: Sequence[Segment], index: int) -> bool:
    """Say whether a segment is an unknown key: a string that is its value stands at the same path and comes next."""
    segment = segments[index]
    if segment.text != segment.path[-1]:
        return False
    return type(_at(value, segment.path)) is not str or (
        index + 1 < len(segments) and segments[index + 1].path == segment.path
    )


def _unit(number: int) -> str:
    return f"c{number}{_CALLS}"


def _role(roles: dict[int, str], number: int) -> dict[str, str]:
    """Return the role of a choice when it was not told yet: the SDK joins roles that it is told twice."""
    role, roles[number] = roles.get(number, ""), ""
    return {"role": role} if role else {}


def _delta(number: int, delta: Mapping[str, object], reason: str | None) -> dict[str, object]:
    return {"index": number, "delta": delta, "logprobs": None, "finish_reason": reason}
