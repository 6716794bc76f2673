"""The seam between the pipeline and a wire format: what every dialect must offer, and the values that cross it.

Owns the protocol `Dialect` and its values. A dialect reads and writes one wire format; it knows no detector, no policy
and no socket. Contract of all implementations (checked by `tests/contracts/test_dialects.py` for each one discovered):

- Parse, then apply no edit: the same bytes.
- Every string of a body is in a segment or on the dialect's written allow-list (fixed words in fixed places).
- A stream fed in any cut yields the same events, and their `raw` joined is the bytes that came.
- Whatever cannot be read raises `InvalidRequestError` (requests) or `UpstreamError` (answers); never another exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from stockade.core.errors import StockadeError
from stockade.core.exchange import AnswerFacts
from stockade.core.measures import Level, Measure
from stockade.core.segments import Segment


class Operation(StrEnum):
    """What a route does."""

    COUNT = "count"  # counts tokens: inspected as GENERATE is, answers hold no model text
    GENERATE = "generate"
    MODEL = "model"  # tells of one model, which the path names: no body
    MODELS = "models"  # lists models: no body


BODILESS = frozenset({Operation.MODEL, Operation.MODELS})
"""What is asked with a path and a query alone; the pipeline reads those, no dialect does."""

MODEL_PLACE = "{model}"
"""Stands at the end of a path that names a model there."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path of a wire format: exact, or one that ends in `MODEL_PLACE`."""

    method: str
    path: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """A request body that was read whole.

    `segments` hold every string that is not on the allow-list, in document order, and the query string's values last
    with `token` -1. `session` is the client's own session id when it tells one, else "". `models` are all models that
    the vendor is asked to run or may run: `model` first, then fallbacks and those of tools (`models.py`).
    `vendor_tools` are the names of the tools that the vendor itself runs (`tools.py`), which no answer asks for.
    `output_tokens_max` is the longest that all answers together may be, None where the request sets no bound.
    """

    model: str
    stream: bool
    segments: tuple[Segment, ...]
    session: str = ""
    models: tuple[str, ...] = ()
    vendor_tools: tuple[str, ...] = ()
    output_tokens_max: int | None = None


class BlockKind(StrEnum):
    """How the pieces of a streamed block are to be read."""

    ARGUMENTS = "arguments"  # the JSON text of one tool call's arguments: judged whole before it is let go
    TEXT = "text"
    THINKING = "thinking"  # inspected, never edited


class Piece(NamedTuple):
    """One string of a stream event. With `block` "" it is whole; else it continues the block of that key.

    `beside` marks a string that is no part of the tool call for which its event is held (text in the same event): it is
    judged as text and stays when the call is withdrawn.
    """

    segment: Segment
    block: str = ""
    block_kind: BlockKind = BlockKind.TEXT
    beside: bool = False


@dataclass(slots=True)
class StreamEvent:
    """One server-sent event as it came.

    `raw` holds the exact bytes with the ending blank line. `pieces` are its strings that are not on the allow-list.
    `holds` is the key of the tool call that this event belongs to ("" for none): it waits until that call was judged.
    `closes` are the blocks that are complete once this event was read. `ahead` marks events that may overtake waiting
    ones (pings). `last` marks the event that ends the answer. `names` are the names, as far as they have come, of tools
    that the call held under `holds` asks for.
    """

    raw: bytes
    pieces: tuple[Piece, ...] = ()
    holds: str = ""
    closes: tuple[str, ...] = ()
    facts: AnswerFacts | None = None
    ahead: bool = False
    last: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call in a whole answer: its key, the indexes of its segments among the answer's, its arguments as JSON."""

    key: str
    name: str
    segments: tuple[int, ...]
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """A whole (not streamed) answer."""

    segments: tuple[Segment, ...]
    facts: AnswerFacts
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP reply made by the gate itself in this vendor's shape."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(default=((b"content-type", b"application/json"),))


class StreamReader(Protocol):
    """Reads one answer stream. Stateful, incremental, cut-proof."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Return the events that are complete with `data`.

        Fails: BrokenStreamError (`sse.py`), which holds the events before the fault.
        """

    def end(self) -> list[StreamEvent]:
        """Say that the vendor's stream ended; return events for what was left.

        Fails: BrokenStreamError when it ended inside an event, inside a character, or before its last event.
        """

    def apply(self, event: StreamEvent, texts: Mapping[int, str]) -> bytes:
        """Return the event's bytes with piece number n's string replaced by `texts[n]`; all else stays."""

    def withdraw(self, events: Sequence[StreamEvent], block: str, notice: str) -> bytes:
        """Return the bytes that take the place of all `events` of tool call `block`: a text with the notice.

        What stands `beside` the call in these events stays; their `raw` has it as it may be shown.
        From then on `amend` turns the answer's stop reason to a plain end when no tool call is left in it.
        """

    def amend(self, event: StreamEvent) -> StreamEvent | None:
        """Return an event to take the place of one that speaks of withdrawn calls (stop reason, repeated output).

        None when nothing was withdrawn or the event does not speak of it. Called on each event before it is judged.
        """


class Dialect(Protocol):
    """One wire format."""

    name: str
    vendor: str
    routes: tuple[Route, ...]

    def parse_request(self, route: Route, body: bytes, query: str) -> ParsedRequest:
        """Read a request body. Fails: InvalidRequestError, TooLargeError."""

    def apply_request(self, body: bytes, request: ParsedRequest, texts: Mapping[int, str]) -> bytes:
        """Return `body` with segment number n's string replaced by `texts[n]`; every other byte stays."""

    def parse_answer(self, route: Route, body: bytes) -> ParsedAnswer:
        """Read a whole answer, or a vendor's error body. Fails: UpstreamError."""

    def apply_answer(self, body: bytes, answer: ParsedAnswer, texts: Mapping[int, str]) -> bytes:
        """Return the answer with segment number n's string replaced by `texts[n]`."""

    def withdraw_calls(self, body: bytes, answer: ParsedAnswer, calls: Mapping[str, str]) -> bytes:
        """Return the answer with each named tool call replaced by a text with its notice, stop reason amended."""

    def open_stream(self) -> StreamReader:
        """Return a reader for one streamed answer."""

    def error(self, error: StockadeError) -> Reply:
        """Return `error` in this vendor's shape, with the status its clients handle best (FIELD section 1)."""

    def error_event(self, error: StockadeError) -> bytes:
        """Return the server-sent event(s) that end a stream which the gate stops."""

    def limit_headers(self, levels: Mapping[Measure, Level], at_s: float) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers in which this vendor's clients read how limits stood at `at_s` (seconds since 1970)."""

    def allow_list(self) -> Iterator[str]:
        """Yield the written allow-list, behind each body's name: `PLACE : known, keys` and `PLACE = fixed | words`."""
