"""The audit record of an exchange in its final form: intent before the vendor is called, outcome after, events beside.

Owns the values and their one encoding: canonical JSON (sorted keys, no spaces, `"v": 1`), never larger than
`RECORD_BYTES_MAX`; what had to be left out is counted. It must never hold content: texts come in as digests, and words
that a client or a vendor chose (model, session, stop reason) are kept only where they can be nothing but such a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from stockade.core.decisions import STRENGTH, Effect
from stockade.core.digests import evidence_digest
from stockade.core.exchange import Usage
from stockade.core.facts import Origin
from stockade.core.findings import DetectorRun, Finding
from stockade.core.limits import RECORD_BYTES_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.ledger.words import own, reason, timestamp, word

VERSION = 1

FINDINGS_LISTED_MAX = 100
GUARDS_LISTED_MAX = 64
RULES_LISTED_MAX = 64
_OURS = ("tenant", "key", "dialect", "route", "error", "refusal", "policy")
_SAID = ("served_model", "stop_reason", "refusal_category")
_NOTHING_USED = Usage()

# Records are NamedTuples: two are made an exchange, and a frozen dataclass of twenty fields takes five times as long.


class Ended(StrEnum):
    """How an exchange came to its end."""

    CLIENT_GONE = "client_gone"
    COMPLETED = "completed"
    REFUSED = "refused"  # policy said no
    REJECTED = "rejected"  # it could not be read, admitted or authenticated
    STOPPED = "stopped"  # the answer was broken off by the gate
    UPSTREAM_FAILED = "upstream_failed"


class EventName(StrEnum):
    """What happened beside an exchange; each is counted and alertable."""

    GUARD_FAILED = "guard_failed"
    GUARD_SKIPPED = "guard_skipped"
    GUARD_TIMED_OUT = "guard_timed_out"
    LEDGER_REPAIRED = "ledger_repaired"
    POLICY_RELOAD_FAILED = "policy_reload_failed"
    POLICY_RELOADED = "policy_reloaded"
    STARTED = "started"
    STOPPED = "stopped"
    TURNED_AWAY = "turned_away"


class Body(NamedTuple):
    """A body by its digest (`core.digests.body_digest`) and its size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class SegmentsAccount:
    """All segments of one side, in order, by one digest."""

    count: int
    digest: str


class RecordedFinding(NamedTuple):
    """A finding with where it stood and what policy made of it."""

    finding: Finding
    channel: Channel
    kind: Kind
    token: int
    origin: Origin
    effect: Effect
    rules: tuple[str, ...] = ()


class Intent(NamedTuple):
    """What the gate is about to send, and why it may.

    `model` and `session` are the client's own words: they are written out only as `word` allows. `at_ms` counts
    milliseconds since 1970 UTC. `edits` counts the strings that were changed.
    """

    id: str
    at_ms: int
    tenant: str
    key: str
    dialect: str
    route: str
    model: str
    model_listed: bool
    stream: bool
    received: Body
    forwarded: Body
    edits: int
    policy: str
    segments: SegmentsAccount
    guards: tuple[DetectorRun, ...]
    findings: tuple[RecordedFinding, ...]
    effect: Effect
    rules: tuple[str, ...] = ()
    session: str = ""


class Outcome(NamedTuple):
    """What came of an exchange.

    `intent` says whether an intent stands before it, that is whether the vendor was called. `received` is what the
    vendor sent, `sent` what the client got. `upstream_ms` is the vendor's time in milliseconds, measured by the driver.
    """

    id: str
    at_ms: int
    status: int
    ended: Ended
    intent: bool
    tenant: str = ""
    key: str = ""
    dialect: str = ""
    route: str = ""
    error: str = ""
    refusal: str = ""
    received: Body | None = None
    sent: Body | None = None
    served_model: str = ""
    stop_reason: str = ""
    refusal_category: str = ""
    usage: Usage = _NOTHING_USED
    guards: tuple[DetectorRun, ...] = ()
    findings: tuple[RecordedFinding, ...] = ()
    effect: Effect = Effect.ALLOW
    rules: tuple[str, ...] = ()
    policy: str = ""
    segments: SegmentsAccount | None = None
    upstream_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is not an exchange or only a part of one. `id` names the exchange it belongs to, if any.

    `subject` is what it is about (a detector id, a policy digest); `reason` one of our own sentences, never an
    exception's text that could quote content; `counts` are figures with their units in their names.
    """

    name: EventName
    at_ms: int
    id: str = ""
    subject: str = ""
    reason: str = ""
    counts: tuple[tuple[str, int], ...] = ()


Record = Intent | Outcome | Event


def encode(record: Record, key: bytes = b"") -> bytes:
    """Return the canonical bytes of a record.

    Contract: at most RECORD_BYTES_MAX bytes; equal records give equal bytes. `key` (at most 64 bytes, per tenant) names
    words that may not be written out, so that they cannot be guessed from their digest.
    """
    if isinstance(record, Intent):
        fields = _intent(record, key)
    elif isinstance(record, Outcome):
        fields = _outcome(record, key)
    else:
        fields = _event(record, key)
    encoded = _dump(fields)
    listed: list[dict[str, Any]] = fields.get("findings", [])
    while len(encoded) > RECORD_BYTES_MAX and listed:
        listed = listed[: len(listed) // 2]
        fields["findings"] = listed
        encoded = _dump(fields)
    assert len(encoded) <= RECORD_BYTES_MAX, "every other field is bounded"
    return encoded


def decode(encoded: bytes) -> dict[str, Any]:
    """Return the fields of a record. Fails: ValueError for anything that is not a record of this version."""
    try:
        fields = orjson.loads(encoded)
    except orjson.JSONDecodeError as e:
        raise ValueError("not a record of version 1") from e
    if not isinstance(fields, dict) or fields.get("v") != VERSION or "kind" not in fields:
        raise ValueError("not a record of version 1")
    return fields


def account(segments: Iterable[Segment]) -> SegmentsAccount:
    """Return the account of segments: SHA-256 over each one's length (code points, 8 bytes, big-endian) and SHA-256."""
    whole = sha256()
    count = 0
    for segment in segments:
        whole.update(len(segment.text).to_bytes(8, "big"))
        whole.update(sha256(segment.text.encode("utf-8", "surrogatepass")).digest())
        count += 1
    return SegmentsAccount(count, "sha256:" + whole.hexdigest())


def _intent(record: Intent, key: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "v": VERSION,
        "kind": "intent",
        "id": own(record.id),
        "at": timestamp(record.at_ms),
        "tenant": own(record.tenant),
        "key": own(record.key),
        "dialect": own(record.dialect),
        "route": own(record.route),
        "model": word(record.model, key, known=record.model_listed),
        "stream": record.stream,
        "received": _body(record.received),
        "forwarded": _body(record.forwarded),
        "edited": record.edits > 0,
        "edits": record.edits,
        "policy": own(record.policy),
        "segments": {"count": record.segments.count, "digest": record.segments.digest},
    }
    if record.session:
        fields["session"] = evidence_digest(key, "session", record.session)
    _judgement(fields, record.guards, record.findings, record.effect, record.rules)
    return fields


def _outcome(record: Outcome, key: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "v": VERSION,
        "kind": "outcome",
        "id": own(record.id),
        "at": timestamp(record.at_ms),
        "status": record.status,
        "ended": record.ended,
        "intent": record.intent,
    }
    ours = (record.tenant, record.key, record.dialect, record.route, record.error, record.refusal, record.policy)
    for name, value in zip(_OURS, ours, strict=True):
        if value:
            fields[name] = own(value)
    said = (record.served_model, record.stop_reason, record.refusal_category)
    for name, value in zip(_SAID, said, strict=True):
        if value:
            fields[name] = word(value, key)
    if record.received is not None or record.sent is not None:
        sides = (("received", record.received), ("sent", record.sent))
        fields["answer"] = {name: _body(body) for name, body in sides if body is not None}
    if record.segments is not None:
        fields["segments"] = {"count": record.segments.count, "digest": record.segments.digest}
    if record.usage != _NOTHING_USED:
        used = zip(Usage._fields, record.usage, strict=True)
        fields["usage"] = {name: count for name, count in used if count is not None}
    if record.upstream_ms is not None:
        fields["upstream_ms"] = record.upstream_ms
    _judgement(fields, record.guards, record.findings, record.effect, record.rules)
    return fields


def _event(record: Event, key: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "v": VERSION,
        "kind": "event",
        "event": record.name,
        "at": timestamp(record.at_ms),
    }
    if record.id:
        fields["id"] = own(record.id)
    if record.subject:
        fields["subject"] = own(record.subject)
    if record.reason:
        fields["reason"] = reason(record.reason, key)
    if record.counts:
        fields["counts"] = {own(name): count for name, count in record.counts[:32]}
    return fields


def _judgement(
    fields: dict[str, Any],
    guards: tuple[DetectorRun, ...],
    findings: tuple[RecordedFinding, ...],
    effect: Effect,
    rules: tuple[str, ...],
) -> None:
    """Write who looked, what was seen and what was decided; lists are cut and counted."""
    fields["guards"] = _guards(guards)
    fields["guards_total"] = len(guards)
    fields["findings"] = [_finding(one) for one in _gravest(findings)]
    fields["findings_total"] = len(findings)
    fields["effect"] = effect
    fields["rules"] = [own(rule) for rule in rules[:RULES_LISTED_MAX]]
    fields["rules_total"] = len(rules)
    if findings:
        effects: dict[str, int] = {}
        for one in findings:
            name = one.effect.value
            effects[name] = effects.get(name, 0) + 1
        fields["findings_effects"] = effects


def _gravest(findings: tuple[RecordedFinding, ...]) -> tuple[RecordedFinding, ...]:
    """Choose those to list: the strongest effects first, in the order in which they stand."""
    if len(findings) <= FINDINGS_LISTED_MAX:
        return findings
    return tuple(sorted(findings, key=lambda one: -STRENGTH[one.effect])[:FINDINGS_LISTED_MAX])


def _finding(one: RecordedFinding) -> dict[str, Any]:
    finding = one.finding
    fields: dict[str, Any] = {
        "detector": own(finding.detector),
        "version": own(finding.version),
        "rule": own(finding.rule),
        "category": finding.category,
        "severity": int(finding.severity),
        "score": round(finding.score, 3),
        "segment": finding.segment,
        "start": finding.start,
        "end": finding.end,
        "channel": one.channel,
        "kind": one.kind,
        "evidence": own(finding.evidence),
        "origin": one.origin,
        "effect": one.effect,
        "rules": [own(rule) for rule in one.rules[:8]],
    }
    if one.token >= 0:
        fields["token"] = one.token
    if finding.views:
        fields["views"] = [own(view) for view in finding.views[:8]]
    return fields


@lru_cache(maxsize=256)
def _guards(runs: tuple[DetectorRun, ...]) -> orjson.Fragment:
    """Return the runs as JSON. Most exchanges have the same: every detector ran over so many segments."""
    return orjson.Fragment(orjson.dumps([_guard(run) for run in runs[:GUARDS_LISTED_MAX]], option=orjson.OPT_SORT_KEYS))


def _guard(run: DetectorRun) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "detector": own(run.detector),
        "version": own(run.version),
        "status": run.status,
        "segments": run.segments,
    }
    if run.reason:
        fields["reason"] = reason(run.reason, b"")
    return fields


def _body(body: Body) -> Mapping[str, Any]:
    return {"digest": body.digest, "bytes": body.size}


def _dump(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
