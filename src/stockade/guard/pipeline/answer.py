"""The stages of the answer: call the vendor, judge what comes back, settle, record how it ended.

Whole answers are judged here, streamed ones in `stream.py`; both by `judge.py`. Nothing that the vendor sends reaches
the client unread: bodies that are no JSON of this wire format become an error of the gate.
"""

from __future__ import annotations

from hashlib import sha256

import orjson

from stockade.core.decisions import Effect
from stockade.core.edits import apply
from stockade.core.edits import settle as settle_edits
from stockade.core.errors import RefusedError, UpstreamError
from stockade.core.facts import Origin
from stockade.core.findings import Scope
from stockade.core.limits import ANSWER_BYTES_MAX
from stockade.guard.dialects.dialect import Operation, ParsedAnswer
from stockade.guard.pipeline import accounts, budget, stream
from stockade.guard.pipeline.admission import turned_away
from stockade.guard.pipeline.commands import (
    Block,
    CallUpstream,
    Headers,
    Now,
    ReadUpstreamWhole,
    Record,
    RememberVendorKnown,
    SendBody,
    SendHead,
    StickBlock,
)
from stockade.guard.pipeline.computation import compute
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.judge import Judgement, Steps, Text, judge_answer
from stockade.guard.pipeline.refusals import refused, withdrawal
from stockade.guard.pipeline.request import FORWARDED_HEADERS
from stockade.guard.pipeline.tools import judge_call

_RETURNED = frozenset(
    {
        b"openai-processing-ms",
        b"openai-version",
        b"request-id",
        b"retry-after",
        b"retry-after-ms",
        b"x-request-id",
        b"x-should-retry",
    }
)


def call_upstream(_gate: Gate, exchange: Exchange) -> Steps:
    """Send the request to the vendor that configuration names for this wire format."""
    assert exchange.dialect is not None
    target = exchange.path + (f"?{exchange.query}" if exchange.query else "")
    headers: list[tuple[bytes, bytes]] = [pair for pair in exchange.headers if pair[0] in FORWARDED_HEADERS]
    if exchange.body:
        headers.append((b"content-type", b"application/json"))
    exchange.called_upstream = True
    exchange.head = yield CallUpstream(
        exchange.dialect.vendor, exchange.method, target, tuple(headers), exchange.forwarded
    )


def answer(gate: Gate, exchange: Exchange) -> Steps:
    """Decode, inspect and restore the answer, whole or streamed, and pass it on."""
    assert exchange.head is not None
    media = dict(exchange.head.headers).get(b"content-type", b"").split(b";")[0].strip().lower()
    if media == b"text/event-stream" and exchange.head.status == 200:
        yield from stream.answer_stream(gate, exchange, _headers(exchange))
        return
    body: bytes = yield ReadUpstreamWhole(ANSWER_BYTES_MAX)
    if exchange.tape is not None:
        exchange.tape.add(body)
        exchange.tape.add(b"")
    exchange.received_bytes, exchange.received_digest = len(body), sha256(body).hexdigest()
    if media != b"application/json":
        raise UpstreamError(
            f"The vendor answered with status {exchange.head.status} and a body that is not JSON.",
            hint="Its answer was not passed on, because it cannot be inspected.",
        )
    body = yield from _judge_whole(gate, exchange, body)
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *_headers(exchange),
    )
    exchange.status, exchange.ended = exchange.head.status, "completed"
    exchange.sent_bytes, exchange.sent_digest = len(body), sha256(body).hexdigest()
    yield from budget.charge(gate, exchange)
    exchange.head_sent = True
    yield SendHead(exchange.status, headers)
    yield SendBody(body, more=False)


def settle(gate: Gate, exchange: Exchange) -> Steps:
    """Give the place back and charge what was used; keep what the vendor itself wrote, let a refusal stick."""
    yield from budget.settle(gate, exchange)
    if exchange.principal is None or exchange.dialect is None or not exchange.intent:
        return
    passed = frozenset(
        j.finding.evidence
        for j in exchange.answered.judged
        if j.facts.origin == Origin.NEW and j.verdict.effect in (Effect.ALLOW, Effect.FLAG)
    )
    error = exchange.error
    if isinstance(error, RefusedError):
        block = Block(error.refusal, error.rules, error.public)
        yield StickBlock(exchange.principal.tenant, exchange.content, block)
    # Last, because it alone can fail.
    if passed:
        yield RememberVendorKnown(exchange.principal.tenant, exchange.dialect.vendor, passed)


def record_outcome(gate: Gate, exchange: Exchange) -> Steps:
    """Record how the exchange ended, who looked at the answer and what was seen; who was not let in is only counted."""
    if turned_away(exchange):
        return
    at_s = yield Now()
    yield Record(accounts.outcome(gate, exchange, at_s))


def returned_headers(headers: Headers) -> Headers:
    """Return the vendor's headers that the client may see: an allow-list, so that no key ever comes back.

    Rate limits are not on it: they are those of the gate's key, and would tell one caller what others do.
    """
    return tuple([pair for pair in headers if pair[0] in _RETURNED])


def _headers(exchange: Exchange) -> Headers:
    """Return the vendor's headers that the client may see, and how its limits stand here."""
    assert exchange.head is not None
    return (*returned_headers(exchange.head.headers), *budget.limit_headers(exchange))


def _judge_whole(gate: Gate, exchange: Exchange, body: bytes) -> Steps:
    """Return the answer's body as the client may see it."""
    assert exchange.dialect is not None
    assert exchange.route is not None
    if exchange.route.operation is Operation.MODELS and exchange.head is not None and exchange.head.status < 400:
        body = _listed_models(gate, body)
    answer: ParsedAnswer = yield from compute(len(body), exchange.dialect.parse_answer, exchange.route, body)
    exchange.facts = exchange.facts.merged(answer.facts)
    calls = {index: call.key for call in answer.calls for index in call.segments}
    texts = [Text(segment, 0, calls.get(index, "")) for index, segment in enumerate(answer.segments)]
    judgements: list[Judgement] = yield from judge_answer(gate, exchange, texts, Scope.WHOLE)
    withdrawn: dict[str, str] = {}
    changed: dict[int, str] = {}
    for index, (text, judgement) in enumerate(zip(texts, judgements, strict=False)):
        if judgement.denied is not None and not text.call:
            raise refused(exchange, [judgement.denied], "answer")
        if text.call and (judgement.denied is not None or judgement.withhold):
            withdrawn.setdefault(text.call, withdrawal(exchange, judgement.denied, judgement.withhold))
        new = judgement.withhold or apply(text.segment.text, settle_edits(judgement.edits))
        if new != text.segment.text:
            changed[index] = new
    for called in answer.calls:
        strings = [answer.segments[n]._replace(text=changed.get(n, answer.segments[n].text)) for n in called.segments]
        gone = called.key in withdrawn
        notice = yield from judge_call(gate, exchange, (called.name,), strings, [called.arguments], withdrawn=gone)
        if notice:
            withdrawn.setdefault(called.key, notice)
    if changed:
        body = yield from compute(len(body), exchange.dialect.apply_answer, body, answer, changed)
    if withdrawn:
        exchange.withdrawn = len(withdrawn)
        body = yield from compute(len(body), exchange.dialect.withdraw_calls, body, answer, withdrawn)
    return body


def _listed_models(gate: Gate, body: bytes) -> bytes:
    """Return the vendor's list of models without those that configuration does not list."""
    try:
        listing = orjson.loads(body)
        listing["data"] = [model for model in listing["data"] if gate.models.lists(model["id"])]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise UpstreamError("The vendor's list of models cannot be read.") from error
    return orjson.dumps(listing)
