"""The stages of the request: what it says, whether it may be said, and what of it is sent on.

Every string that is sent on stands in a segment that every detector saw, or on the dialect's allow-list. The intent is
recorded when all of that is decided and before the vendor is called (DESIGN invariant 9, docs/decisions on the intent).
"""

from __future__ import annotations

import re
from functools import partial
from hashlib import sha256

from stockade.core.decisions import Effect
from stockade.core.errors import GuardFailedError, ModelNotListedError, RefusedError
from stockade.core.facts import Action, CallFacts
from stockade.core.findings import Scope
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.approvals.approval import Ruling, State
from stockade.guard.dialects.dialect import BODILESS, Operation, ParsedRequest, Route
from stockade.guard.dialects.query import query_segments
from stockade.guard.pipeline import accounts
from stockade.guard.pipeline.commands import Block, Now, OpenTenant, Record, Remember, SeekBlock
from stockade.guard.pipeline.computation import compute
from stockade.guard.pipeline.echoes import with_echoes
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.holds import ask_about_request, held_error
from stockade.guard.pipeline.judge import Steps, decide, inspect, origins
from stockade.guard.pipeline.models import APPROVED
from stockade.guard.pipeline.refusals import refusal_hint, refusal_id, refused
from stockade.guard.pipeline.tools import authorise_tools
from stockade.guard.quota.stops import stopped
from stockade.guard.transforms.cleanse import Cleansed, cleanse
from stockade.guard.transforms.pseudonyms import Pseudonymiser

FORWARDED_HEADERS = frozenset({b"anthropic-beta", b"anthropic-version", b"openai-beta"})
"""Headers of the client that reach the vendor; their values are segments, so they are inspected like the body."""

_PLAIN_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}")


def parse(_gate: Gate, exchange: Exchange) -> Steps:
    """Read the body in its wire format: every string becomes a segment or stands on the allow-list."""
    assert exchange.dialect is not None
    assert exchange.route is not None
    if exchange.route.operation in BODILESS:
        exchange.request = _asked_by_path(exchange, exchange.route)
    else:
        exchange.request = yield from compute(
            len(exchange.body), exchange.dialect.parse_request, exchange.route, exchange.body, exchange.query
        )
        assert exchange.request is not None
    headers = [
        Segment(("header", name.decode()), _header_text(value), "", Channel.USER, Kind.OPAQUE, -1)
        for name, value in exchange.headers
        if name in FORWARDED_HEADERS
    ]
    exchange.segments = (*exchange.request.segments, *headers)
    exchange.content = yield from compute(len(exchange.body), content_digest, exchange.segments)


def _asked_by_path(exchange: Exchange, route: Route) -> ParsedRequest:
    """Return what a request without a body says: its query, and the model that its path names."""
    asked = tuple(query_segments(exchange.query, ()))
    if route.operation is Operation.MODELS:
        return ParsedRequest("", False, asked)
    named = Segment(("path", "model"), exchange.path_model, "", Channel.USER, Kind.IDENTIFIER, -1)
    return ParsedRequest(exchange.path_model, False, (*asked, named))


def authorise(gate: Gate, exchange: Exchange) -> Steps:
    """Ask policy whether this caller may use each model and vendor-run tool that is named; open the tenant."""
    assert exchange.request is not None
    assert exchange.principal is not None
    assert exchange.dialect is not None
    assert exchange.route is not None
    listing = exchange.route.operation is Operation.MODELS
    principal = exchange.principal
    place = gate.workspaces.choose(principal, exchange.headers)
    # The model that is to answer comes first and stays the call's; fallbacks and those of tools must pass too.
    for model in dict.fromkeys((exchange.request.model, *exchange.request.models)):
        standing = APPROVED if listing else gate.models.standing(model)
        call = CallFacts(
            principal.tenant,
            principal.id,
            model,
            exchange.dialect.name,
            standing.listed,
            standing.approved,
            principal.kind,
            principal.teams,
            principal.roles,
            place.workspace,
            place.asserted_by,
        )
        exchange.call = exchange.call or call
        if gate.stops and (stop := gate.stops.of_call(place.workspace.id, (model,), exchange.request.session)):
            raise stopped(stop)
        if not standing.listed:
            exchange.call = call
            raise ModelNotListedError("This gate does not list that model.", hint=_listing_line(model))
        verdict = gate.policy.authorise(call)
        exchange.forward = exchange.forward or verdict
        if verdict.effect is Effect.DENY:
            exchange.call, exchange.forward = call, verdict  # the record tells what was refused
            raise RefusedError(
                verdict.reason or "Policy does not let this key use this model.",
                refusal=refusal_id(exchange, verdict.rules + verdict.failed, ()),
                rules=verdict.rules + verdict.failed,
            )
    exchange.keys = yield OpenTenant(principal.tenant)
    yield from authorise_tools(gate, exchange)


def inspect_request(gate: Gate, exchange: Exchange) -> Steps:
    """Run every detector over every segment; what they found is found wherever else it stands."""
    findings = yield from inspect(exchange, exchange.asked, exchange.segments, Scope.REQUEST)
    findings = yield from compute(len(exchange.body), with_echoes, findings, exchange.segments)
    exchange.evidences = frozenset(finding.evidence for finding in findings)
    known = yield from origins(exchange, findings)
    found = [(f, exchange.segments[f.segment], origin) for f, origin in zip(findings, known, strict=True)]
    exchange.asked.judged = decide(gate, exchange, Action.PROMPT, found)


def decide_request(_gate: Gate, exchange: Exchange) -> Steps:
    """Refuse what policy denies, what it denied before in the same words, and what it holds until somebody says yes."""
    denied = [j for j in exchange.asked.judged if j.verdict.effect is Effect.DENY]
    if denied:
        raise refused(exchange, denied, "request")
    assert exchange.principal is not None
    stuck: Block | None = yield SeekBlock(exchange.principal.tenant, exchange.content)
    if stuck is not None:
        exchange.stuck = True
        raise RefusedError(stuck.reason, refusal=stuck.refusal, rules=stuck.rules, hint=refusal_hint(stuck.refusal))
    held = [j for j in exchange.asked.judged if j.verdict.effect is Effect.HOLD]
    if held:
        ruling: Ruling = yield from ask_about_request(exchange, held)
        exchange.ruling = ruling
        if ruling.state is not State.APPROVED:
            raise held_error(ruling, held[0].verdict, "request")
        exchange.asked.judged = [j._replace(verdict=j.verdict.approved()) for j in exchange.asked.judged]


def transform(_gate: Gate, exchange: Exchange) -> Steps:
    """Carry out what policy decided: only the strings that must change do, all other bytes stay."""
    assert exchange.dialect is not None
    assert exchange.request is not None
    exchange.forwarded = exchange.body
    judged = exchange.asked.judged
    if not judged:
        return
    assert exchange.keys is not None
    assert exchange.principal is not None
    from_vendor = {index for index, j in enumerate(judged) if j.facts.origin == "vendor"}
    cleansed: Cleansed = yield from compute(
        len(exchange.body),
        partial(cleanse, from_vendor=from_vendor),
        exchange.segments,
        [j.finding for j in judged],
        [j.verdict for j in judged],
        Pseudonymiser(exchange.keys.pseudonym),
    )
    if cleansed.unmet:
        raise refused(exchange, [judged[index] for index in cleansed.unmet], "request")
    if cleansed.entries:
        exchange.stand_ins.update(cleansed.entries)
        yield Remember(exchange.principal.tenant, cleansed.entries)
    if cleansed.texts:
        exchange.edited = len(cleansed.texts)
        apply = exchange.dialect.apply_request
        exchange.forwarded = yield from compute(
            len(exchange.body), apply, exchange.body, exchange.request, cleansed.texts
        )
        if exchange.forwarded == exchange.body:
            raise GuardFailedError("An edit that policy asked for did not take place, so nothing was sent.")


def record_intent(gate: Gate, exchange: Exchange) -> Steps:
    """Make durable what will be sent, to whom, and who looked at it. No intent, no call."""
    at_s = yield Now()
    yield Record(accounts.intent(gate, exchange, at_s))
    exchange.intent = True


def content_digest(segments: tuple[Segment, ...]) -> str:
    """Return a digest of all that the segments say: their lengths, then their texts."""
    texts = [segment.text for segment in segments]
    lengths = ",".join([str(len(text)) for text in texts])
    return sha256((lengths + "\0" + "".join(texts)).encode("utf-8", "surrogatepass")).hexdigest()


def _header_text(value: bytes) -> str:
    """Return a header as a vendor would read it: UTF-8 where it is that, or else Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _listing_line(model: str) -> str:
    if not _PLAIN_MODEL.fullmatch(model):
        return "Add it under `models:` in stockade.yaml."
    return f'An administrator allows it with this line under `models:` in stockade.yaml: - "{model}"'
