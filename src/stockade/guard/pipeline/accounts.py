"""Accounts: what the ledger is told of an exchange. Turns the state of an exchange into the records of `guard/ledger`.

Never adds content: only what `guard/ledger/encoding.py` lets through.
"""

from __future__ import annotations

from hashlib import sha256

from stockade.core.decisions import Effect
from stockade.core.errors import RefusedError
from stockade.core.findings import DetectorRun, RunStatus
from stockade.guard.approvals.approval import Held, Ruling, State
from stockade.guard.ledger.encoding import encode
from stockade.guard.ledger.record import (
    Body,
    Ended,
    Event,
    EventName,
    Intent,
    Outcome,
    RecordedCall,
    RecordedFinding,
    RecordedValue,
    SegmentsAccount,
)
from stockade.guard.pipeline.exchange import Account, Exchange, Gate, JudgedCall

_EVENTS = {
    RunStatus.FAILED: EventName.GUARD_FAILED,
    RunStatus.SKIPPED: EventName.GUARD_SKIPPED,
    RunStatus.TIMED_OUT: EventName.GUARD_TIMED_OUT,
}


def intent(gate: Gate, exchange: Exchange, at_s: float) -> bytes:
    """Return the record of what will be sent and why it may."""
    assert exchange.request is not None
    assert exchange.call is not None
    assert exchange.forward is not None
    received = _body(exchange.body)
    record = Intent(
        id=exchange.id,
        at_ms=int(at_s * 1000),
        call=exchange.call,
        forward=exchange.forward,
        route=_route(exchange),
        models=exchange.request.models[1:],
        stream=exchange.request.stream,
        received=received,
        forwarded=received if exchange.forwarded is exchange.body else _body(exchange.forwarded),
        edits=exchange.edited,
        policy=gate.policy.digest,
        segments=SegmentsAccount(len(exchange.segments), "sha256:" + exchange.content),
        guards=exchange.asked.runs,
        findings=_findings(exchange.asked),
        effect=exchange.asked.effect,
        rules=_rules(exchange.asked),
        session=exchange.request.session,
        approval=_approval(exchange.ruling),
    )
    return encode(record, _key(exchange))


def outcome(gate: Gate, exchange: Exchange, at_s: float) -> bytes:
    """Return the record of how it ended. A request that never became an intent brings its own findings here."""
    assert exchange.principal is not None
    account = exchange.answered if exchange.intent else exchange.asked
    error = exchange.error
    record = Outcome(
        id=exchange.id,
        at_ms=int(at_s * 1000),
        status=exchange.status,
        ended=Ended(exchange.ended or Ended.STOPPED),
        intent=exchange.intent,
        tenant=exchange.principal.tenant,
        principal=exchange.principal.id,
        dialect=exchange.dialect.name if exchange.dialect else "",
        route=_route(exchange),
        error=error.code if error else "",
        refusal=getattr(error, "refusal", ""),
        received=_sized(exchange.received_digest, exchange.received_bytes),
        sent=_sized(exchange.sent_digest, exchange.sent_bytes),
        served_model=exchange.facts.served_model,
        stop_reason=exchange.facts.stop_reason,
        refusal_category=exchange.facts.refusal_category,
        vendor_error=exchange.facts.error,
        usage=exchange.facts.usage,
        cost_micro_usd=exchange.cost_micro_usd,
        guards=(*account.runs, *(exchange.comparison.runs if exchange.comparison is not None else ())),
        findings=_findings(account),
        effect=Effect.DENY if isinstance(error, RefusedError) else account.effect,
        # A refusal may come from elsewhere than the findings: of the model, or one that stuck to what was asked.
        rules=tuple(dict.fromkeys((*_rules(account), *getattr(error, "rules", ())))),
        policy=gate.policy.digest,
        calls=tuple(_called(judged) for judged in exchange.called),
        call=None if exchange.intent else exchange.call,
        forward=None if exchange.intent else exchange.forward,
    )
    return encode(record, _key(exchange))


def hold_event(exchange: Exchange, held: Held, ruling: Ruling, at_s: float) -> bytes:
    """Return the event of something that a rule held: what waits, what passed by a yes, what was denied."""
    passed = ruling.state is State.APPROVED
    event = EventName.APPROVAL_USED if passed else EventName.APPROVAL_HELD
    counts = (("approvals_needed", held.needed),)
    return encode(Event(event, int(at_s * 1000), exchange.id, ruling.id, ruling.state, counts, held.rules))


def _called(judged: JudgedCall) -> RecordedCall:
    values = tuple(
        RecordedValue(one.value.key, one.value.sort, one.ground, one.path, one.tool) for one in judged.flow.traced
    )
    return RecordedCall(judged.flow.facts, values, judged.verdict, _approval(judged.ruling))


def _approval(ruling: Ruling | None) -> tuple[str, str]:
    return (ruling.id, ruling.state) if ruling is not None else ("", "")


def guard_event(exchange: Exchange, run: DetectorRun, at_s: float) -> bytes:
    """Return the event of a guard that did not run to its end."""
    counts = (("segments", run.segments),)
    return encode(Event(_EVENTS[run.status], int(at_s * 1000), exchange.id, run.detector, run.reason, counts))


def _body(body: bytes) -> Body:
    return Body("sha256:" + sha256(body).hexdigest(), len(body))


def _sized(digest: str, size: int) -> Body | None:
    return Body("sha256:" + digest, size) if digest else None


def _route(exchange: Exchange) -> str:
    return f"{exchange.route.method} {exchange.route.path}" if exchange.route else ""


def _key(exchange: Exchange) -> bytes:
    return exchange.keys.evidence if exchange.keys else b""


def _findings(account: Account) -> tuple[RecordedFinding, ...]:
    return tuple(
        RecordedFinding(judged.finding, judged.segment.token, judged.facts, judged.verdict) for judged in account.judged
    )


def _rules(account: Account) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule for j in account.judged for rule in (*j.verdict.rules, *j.verdict.failed)))
