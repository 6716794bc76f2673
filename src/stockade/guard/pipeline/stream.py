"""Streamed answers: the window's work is judged as it becomes complete, and what may leave leaves at once.

A stream is only ever ended by its own last event or by an error event: one that is cut short looks like success to
clients (FIELD section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from stockade.core.edits import apply, settle
from stockade.core.errors import StockadeError, UpstreamError
from stockade.core.exchange import AnswerFacts
from stockade.core.findings import Scope
from stockade.core.limits import STREAM_BYTES_MAX
from stockade.core.segments import Kind, Segment
from stockade.guard.dialects.dialect import StreamEvent
from stockade.guard.dialects.sse import BrokenStreamError
from stockade.guard.pipeline import budget
from stockade.guard.pipeline.blocks import Work
from stockade.guard.pipeline.commands import Headers, ReadUpstream, SendBody, SendHead
from stockade.guard.pipeline.exchange import Exchange, Gate, Judged
from stockade.guard.pipeline.judge import CLEAN, Judgement, Steps, judge_answer, judge_passages
from stockade.guard.pipeline.passages import Passage, Passages
from stockade.guard.pipeline.refusals import refused, withdrawal
from stockade.guard.pipeline.tools import judge_call
from stockade.guard.pipeline.window import Window

_READ = ReadUpstream()


def answer_stream(gate: Gate, exchange: Exchange, headers: Headers) -> Steps:
    """Pass a stream on, judged. Ends it with an error event when it breaks, is refused, or a guard fails."""
    exchange.streaming = exchange.head_sent = True
    exchange.status = 200
    yield SendHead(
        200, ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"), *headers)
    )
    answer = _Answer(gate, exchange)
    try:
        yield from answer.pass_on()
    finally:
        answer.close()


class _Answer:
    """One streamed answer on its way from the vendor to the client."""

    __slots__ = (
        "_ended",
        "_exchange",
        "_gate",
        "_passages",
        "_reader",
        "_received",
        "_sent",
        "_settled",
        "_strings",
        "_told",
        "_window",
    )

    def __init__(self, gate: Gate, exchange: Exchange) -> None:
        assert exchange.dialect is not None
        self._gate, self._exchange = gate, exchange
        self._reader = exchange.dialect.open_stream()
        self._window = Window(self._reader)
        self._passages = Passages()
        self._settled = False
        self._ended = False
        self._strings: dict[str, list[Segment]] = {}  # of tool calls that are not settled yet
        self._received = sha256()
        self._sent = exchange.sent_hash = sha256()
        self._told: AnswerFacts | None = None  # the facts that came last: most events repeat them

    def close(self) -> None:
        """Tell the exchange the digests of what came and what left."""
        self._exchange.received_digest, self._exchange.sent_digest = self._received.hexdigest(), self._sent.hexdigest()

    def pass_on(self) -> Steps:
        """Judge what comes and send what may leave, until the vendor's stream ends."""
        window = self._window
        data = b"-"
        while data:
            data = yield _READ
            events, fault = self._read(data)
            try:
                yield from self._judge_events(events)
                if fault is not None:
                    raise fault
                if not data:
                    yield from self._judge(window.finish())
                    yield from self._settle_calls()
                    yield from self._judge_rest()
            except StockadeError:
                if out := self._leaving():
                    yield SendBody(out, more=True)
                raise
            out = self._leaving()
            if not data:
                assert window.empty, "an event was held for ever"
                self._exchange.ended = "upstream_failed" if self._exchange.facts.error else "completed"
                yield SendBody(out, more=False)
            elif out:
                yield SendBody(out, more=True)

    def _read(self, data: bytes) -> tuple[Sequence[StreamEvent], BrokenStreamError | None]:
        """Return the events that are complete with `data`, b"" for the end, and the fault behind them."""
        self._received.update(data)
        self._exchange.received_bytes += len(data)
        if self._exchange.tape is not None:
            self._exchange.tape.add(data)
        if self._exchange.received_bytes > STREAM_BYTES_MAX:
            raise UpstreamError("The vendor's stream is longer than the gate passes on.")
        try:
            return self._reader.feed(data) if data else self._reader.end(), None
        except BrokenStreamError as error:
            return error.events, error

    def _leaving(self) -> bytes:
        """Return the bytes that may leave, and count them as sent."""
        out = self._window.release()
        self._exchange.sent_bytes += len(out)
        self._sent.update(out)
        return out

    def _judge_events(self, events: Sequence[StreamEvent]) -> Steps:
        """Judge what the events make complete; a tool call is judged before the event behind it is looked at."""
        window = self._window
        work: list[Work] = []
        for event in events:
            for piece in event.pieces:
                if piece.block:  # else it is an id, a model's name
                    self._exchange.received_chars += len(piece.segment.text)
            if event.facts is not None and event.facts is not self._told:
                self._told = event.facts
                self._exchange.facts = self._exchange.facts.merged(event.facts)
            work += window.accept(event)
            if window.call_complete:
                yield from self._judge(work)
                work = []
                yield from self._settle_calls()
            if event.last:  # nobody must take an answer for complete that was not judged to its end
                yield from self._judge(work)
                work = []
                yield from self._judge_rest()
                self._ended = True
                window.let_end()
        if work:
            yield from self._judge(work)
        # Usage may stand in an event behind the one that ends the answer.
        if self._ended and self._exchange.facts.usage.output is not None:
            yield from budget.charge(self._gate, self._exchange)

    def _settle_calls(self) -> Steps:
        """Let complete calls go whose tools policy lets be run."""
        for call in self._window.tools():
            strings = self._strings.pop(call.key, ())
            gone = self._window.is_withdrawn(call.key)
            notice: str = yield from judge_call(
                self._gate, self._exchange, call.names, strings, call.arguments, withdrawn=gone
            )
            if notice:
                self._exchange.withdrawn += self._window.withdraw(call.key, notice)
        self._window.settle_calls()

    def _judge(self, work: Sequence[Work]) -> Steps:
        """Judge work in order, and each passage as soon as it is complete."""
        done = 0
        for number, item in enumerate(work, 1):
            if complete := self._passages.add(item.segment, item.context):
                yield from self._judge_form(work[done:number])
                yield from self._judge_meaning(complete)
                done = number
        yield from self._judge_form(work[done:] if done else work)

    def _judge_rest(self) -> Steps:
        """Judge what is left for meaning; once even where nothing is, so that the account says so."""
        rest = self._passages.rest()
        if rest or not self._settled:
            self._settled = True
            yield from self._judge_meaning(rest)

    def _judge_meaning(self, passages: Sequence[Passage]) -> Steps:
        """Stop the stream where policy does not let a passage stand."""
        if not self._gate.meaning:
            return
        judged: Judged | None = yield from judge_passages(self._gate, self._exchange, passages)
        if judged is not None:
            raise refused(self._exchange, [judged], "answer")

    def _judge_form(self, work: Sequence[Work]) -> Steps:
        """Judge work in order; resolve all of it, or everything before the text for which the stream must stop."""
        if not work:
            return
        exchange, window = self._exchange, self._window
        judgements: list[Judgement] = yield from judge_answer(self._gate, exchange, work, Scope.PIECE)
        for item, judgement in zip(work, judgements, strict=False):
            if judgement is not CLEAN:
                if judgement.denied is not None and not item.call:
                    raise refused(exchange, [judgement.denied], "answer")
                if item.call and (judgement.denied is not None or judgement.withhold):
                    notice = withdrawal(exchange, judgement.denied, judgement.withhold)
                    exchange.withdrawn += window.withdraw(item.call, notice)
                item.edits, item.withhold = judgement.edits, judgement.withhold
            if item.call and item.segment.kind is Kind.ARGUMENT:
                said = apply(item.segment.text, settle(item.edits))
                self._strings.setdefault(item.call, []).append(item.segment._replace(text=said))
            window.resolve(item)
