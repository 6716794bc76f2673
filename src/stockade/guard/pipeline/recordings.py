"""The stages that keep an exchange so that it can be played again, for tenants of which configuration says so.

Owns when a recording is made and what stands in it. Recording is no guard: what cannot be kept is counted and told,
and the exchange goes on; only where configuration requires it, nothing is sent that was not kept before.
"""

from __future__ import annotations

from hashlib import sha256

from stockade.core.errors import TooLargeError, UpstreamError
from stockade.core.facts import Origin
from stockade.guard.dialects.dialect import BODILESS
from stockade.guard.pipeline.answer import returned_headers
from stockade.guard.pipeline.commands import KeepBeforeSending, KeepRecording, MissRecording, Now
from stockade.guard.pipeline.exchange import Account, Exchange, Gate
from stockade.guard.pipeline.judge import Steps
from stockade.guard.pipeline.request import FORWARDED_HEADERS
from stockade.guard.recording.recording import (
    Answer,
    Asked,
    Called,
    Decided,
    Recording,
    Side,
    Sighting,
    Standing,
    Tape,
)


def keep_request(gate: Gate, exchange: Exchange) -> Steps:
    """Begin to record, where configuration says so; where it requires that, the request is kept or nothing is sent."""
    if not _is_recorded(gate, exchange):
        return
    rule = gate.recording
    exchange.tape = Tape(rule.exchange_bytes_max - len(exchange.body))
    if rule.required:
        if exchange.tape.over:
            raise TooLargeError(
                f"The request is larger than the {rule.exchange_bytes_max} bytes that this gate can record.",
                hint="Recording is required here, so it was not sent. Send less at once.",
            )
        at_s = yield Now()
        yield KeepBeforeSending(recording(gate, exchange, at_s, provisional=True))


def keep_exchange(gate: Gate, exchange: Exchange) -> Steps:
    """Keep what is needed to live through the exchange again, where configuration says so; never fails for it."""
    if not _is_recorded(gate, exchange):
        return
    assert exchange.principal is not None
    tape = exchange.tape
    if tape.over if tape is not None else len(exchange.body) > gate.recording.exchange_bytes_max:
        yield MissRecording(exchange.principal.tenant, "too_large")
        return
    at_s = yield Now()
    yield KeepRecording(recording(gate, exchange, at_s))


def recording(gate: Gate, exchange: Exchange, at_s: float, *, provisional: bool = False) -> Recording:
    """Return the exchange as it stands."""
    assert exchange.request is not None
    assert exchange.principal is not None
    assert exchange.call is not None
    named = dict.fromkeys((exchange.request.model, *exchange.request.models))
    return Recording(
        id=exchange.id,
        started_s=exchange.started_s,
        ended_s=at_s,
        asked=Asked(
            exchange.method,
            exchange.path,
            exchange.query,
            tuple(pair for pair in exchange.headers if pair[0] in FORWARDED_HEADERS),
            exchange.body,
        ),
        principal=exchange.principal,
        call=exchange.call,
        models=tuple(Standing(model, *gate.models.standing(model)) for model in named),
        decided=decided(gate, exchange),
        guards=frozenset((run.detector, run.version) for run in exchange.asked.runs),
        known=frozenset(j.finding.evidence for j in exchange.asked.judged if j.facts.origin == Origin.VENDOR),
        stuck=exchange.stuck,
        answer=_answer(exchange),
        provisional=provisional,
    )


def decided(gate: Gate, exchange: Exchange) -> Decided:
    """Return what came of the exchange so far; the same exchange played again gives the same."""
    error = exchange.error
    return Decided(
        policy=gate.policy.digest,
        status=exchange.status,
        ended=exchange.ended,
        error=error.code if error is not None else "",
        refusal=getattr(error, "refusal", ""),
        rules=getattr(error, "rules", ()),
        forwarded=sha256(exchange.forwarded).hexdigest() if exchange.intent else "",
        withdrawn=exchange.withdrawn,
        inspected=bool(exchange.asked.runs),
        forward=exchange.forward,
        sightings=(*_sightings(Side.REQUEST, exchange.asked), *_sightings(Side.ANSWER, exchange.answered)),
        calls=tuple(Called(one.flow.facts.name, one.verdict) for one in exchange.called),
    )


def _is_recorded(gate: Gate, exchange: Exchange) -> bool:
    """Say whether this exchange is recorded: it has a body, and it is known who asks for what."""
    return (
        exchange.principal is not None
        and exchange.principal.tenant in gate.recording.tenants
        and exchange.call is not None
        and exchange.route is not None
        and exchange.route.operation not in BODILESS
    )


def _answer(exchange: Exchange) -> Answer | None:
    """Return what the vendor answered, None where it was not asked."""
    tape = exchange.tape
    if tape is None or not exchange.intent:
        return None
    failure = exchange.error.code if isinstance(exchange.error, UpstreamError) else ""
    if exchange.head is None:
        return Answer(0, whole=False, failure=failure)
    media = tuple(pair for pair in exchange.head.headers if pair[0] == b"content-type")
    headers = (*media, *returned_headers(exchange.head.headers))
    return Answer(exchange.head.status, headers, tuple(tape.pieces), tape.whole, "" if tape.whole else failure)


def _sightings(side: Side, account: Account) -> tuple[Sighting, ...]:
    return tuple(
        Sighting(
            side,
            judged.facts,
            judged.finding.label,
            judged.finding.evidence,
            judged.finding.segment,
            judged.finding.end - judged.finding.start,
            judged.verdict,
        )
        for judged in account.judged
    )
