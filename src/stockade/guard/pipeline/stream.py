"""Streamed answers: the window's work is judged as it becomes complete, and what may leave leaves at once.

A stream is only ever ended by its own last event or by an error event: one that is cut short looks like success to
clients (FIELD section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from stockade.core.errors import StockadeError, UpstreamError
from stockade.core.findings import Scope
from stockade.core.limits import STREAM_BYTES_MAX
from stockade.guard.dialects.dialect import StreamEvent
from stockade.guard.dialects.sse import BrokenStreamError
from stockade.guard.pipeline.commands import Headers, ReadUpstream, SendBody, SendHead
from stockade.guard.pipeline.exchange import Exchange, Gate, Hash
from stockade.guard.pipeline.judge import CLEAN, Judgement, Steps, judge_answer
from stockade.guard.pipeline.refusals import refused, withdrawal
from stockade.guard.pipeline.window import Window, Work


def answer_stream(gate: Gate, exchange: Exchange, headers: Headers) -> Steps:
    """Pass a stream on, judged. Ends it with an error event when it breaks, is refused, or a guard fails."""
    assert exchange.dialect is not None
    exchange.streaming = exchange.head_sent = True
    exchange.status = 200
    yield SendHead(
        200, ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"), *headers)
    )
    reader = exchange.dialect.open_stream()
    window = Window(reader)
    received = sha256()
    sent = exchange.sent_hash = sha256()
    try:
        while True:
            data: bytes = yield ReadUpstream()
            received.update(data)
            exchange.received_bytes += len(data)
            if exchange.received_bytes > STREAM_BYTES_MAX:
                raise UpstreamError("The vendor's stream is longer than the gate passes on.")
            fault: BrokenStreamError | None = None
            try:
                events: Sequence[StreamEvent] = reader.feed(data) if data else reader.end()
            except BrokenStreamError as error:
                events, fault = error.events, error
            try:
                yield from _judge_events(gate, exchange, window, events)
                if fault is not None:
                    raise fault
                if not data:
                    yield from _judge(gate, exchange, window, window.finish())
                    window.settle_calls()
            except StockadeError:
                yield from _send(exchange, sent, window.release())
                raise
            out = window.release()
            if not data:
                assert window.empty, "an event was held for ever"
                break
            yield from _send(exchange, sent, out)
        exchange.ended = "completed"
        exchange.sent_bytes += len(out)
        sent.update(out)
        yield SendBody(out, more=False)
    finally:
        exchange.received_digest, exchange.sent_digest = received.hexdigest(), sent.hexdigest()


def _send(exchange: Exchange, sent: Hash, out: bytes) -> Steps:
    if out:
        exchange.sent_bytes += len(out)
        sent.update(out)
        yield SendBody(out, more=True)


def _judge_events(gate: Gate, exchange: Exchange, window: Window, events: Sequence[StreamEvent]) -> Steps:
    """Judge what the events make complete; a tool call is judged before the event behind it is looked at."""
    work: list[Work] = []
    for event in events:
        if event.facts is not None:
            exchange.facts = exchange.facts.merged(event.facts)
        work += window.accept(event)
        if window.call_complete:
            yield from _judge(gate, exchange, window, work)
            work = []
            window.settle_calls()
    yield from _judge(gate, exchange, window, work)


def _judge(gate: Gate, exchange: Exchange, window: Window, work: list[Work]) -> Steps:
    """Judge work in order; resolve all of it, or everything before the text for which the stream must stop."""
    if not work:
        return
    judgements: list[Judgement] = yield from judge_answer(gate, exchange, work, Scope.PIECE)
    for item, judgement in zip(work, judgements, strict=False):
        if judgement is not CLEAN:
            if judgement.denied is not None and not item.call:
                raise refused(exchange, [judgement.denied], "answer")
            if item.call and (judgement.denied is not None or judgement.withhold):
                notice = withdrawal(exchange, judgement.denied, judgement.withhold)
                exchange.withdrawn += window.withdraw(item.call, notice)
            item.edits, item.withhold = judgement.edits, judgement.withhold
        window.resolve([item])
