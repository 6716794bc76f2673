"""The one encoding of a record: canonical JSON (sorted keys, no spaces, `"v": 1`) within `RECORD_BYTES_MAX`.

What had to be left out is counted. Words that a client or a vendor chose (model, session, stop reason) are written out
only where they can be nothing but such a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson

from stockade.core.decisions import Effect, Verdict
from stockade.core.digests import evidence_digest
from stockade.core.exchange import Usage
from stockade.core.facts import CallFacts
from stockade.core.findings import DetectorRun
from stockade.core.limits import RECORD_BYTES_MAX
from stockade.core.principal import Workspace
from stockade.core.segments import Segment
from stockade.guard.ledger.judgements import (
    RULES_LISTED_MAX,
    approval_fields,
    call_fields,
    finding_fields,
    forward_fields,
    gravest,
    shadow_fields,
)
from stockade.guard.ledger.record import (
    Body,
    Event,
    Intent,
    Outcome,
    Record,
    RecordedFinding,
    SegmentsAccount,
)
from stockade.guard.ledger.words import own, reason, timestamp, word

VERSION = 1

CALLS_LISTED_MAX = 64
GUARDS_LISTED_MAX = 64
TEAMS_LISTED_MAX = 64
_OURS = ("tenant", "principal", "dialect", "route", "error", "refusal", "policy")
_SAID = ("served_model", "stop_reason", "refusal_category", "vendor_error")
_NOTHING_USED = Usage()


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
        "route": own(record.route),
        "stream": record.stream,
        "received": _body(record.received),
        "forwarded": _body(record.forwarded),
        "edited": record.edits > 0,
        "edits": record.edits,
        "policy": own(record.policy),
        "segments": {"count": record.segments.count, "digest": record.segments.digest},
    }
    if record.models:
        fields["models"] = [word(model, key) for model in record.models]
    if record.approval[0]:
        fields["approval"] = approval_fields(record.approval)
    if record.session:
        fields["session"] = evidence_digest(key, "session", record.session)
    _call(fields, record.call, record.forward, key)
    _judgement(fields, record.guards, record.findings, record.effect, record.rules)
    fields |= shadow_fields([record.forward, *[one.verdict for one in record.findings]])
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
    ours = (record.tenant, record.principal, record.dialect, record.route, record.error, record.refusal, record.policy)
    for name, value in zip(_OURS, ours, strict=True):
        if value:
            fields[name] = own(value)
    said = (record.served_model, record.stop_reason, record.refusal_category, record.vendor_error)
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
    if record.calls:
        fields["calls"] = [call_fields(call, key) for call in record.calls[:CALLS_LISTED_MAX]]
        fields["calls_total"] = len(record.calls)
    if record.cost_micro_usd is not None:
        fields["cost_micro_usd"] = record.cost_micro_usd
    if record.upstream_ms is not None:
        fields["upstream_ms"] = record.upstream_ms
    if record.call is not None:
        _call(fields, record.call, record.forward, key)
    _judgement(fields, record.guards, record.findings, record.effect, record.rules)
    verdicts = [*[one.verdict for one in record.findings], *[one.verdict for one in record.calls]]
    fields |= shadow_fields([record.forward, *verdicts] if record.forward is not None else verdicts)
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
    if record.by:
        fields["by"] = own(record.by)
    if record.reason:
        fields["reason"] = reason(record.reason, key)
    if record.counts:
        fields["counts"] = {own(name): count for name, count in record.counts[:32]}
    if record.rules:
        fields["rules"] = [own(rule) for rule in record.rules[:RULES_LISTED_MAX]]
        fields["rules_total"] = len(record.rules)
    return fields


def _call(fields: dict[str, Any], call: CallFacts, forward: Verdict | None, key: bytes) -> None:
    """Write what policy was told of the call and what it answered."""
    fields |= {
        "tenant": own(call.tenant),
        "principal": own(call.principal),
        "principal_kind": call.kind,
        "teams": [own(team) for team in call.teams[:TEAMS_LISTED_MAX]],
        "roles": call.roles,
        "workspace": _workspace(call.workspace),
        "asserted_by": call.asserted_by,
        "dialect": own(call.dialect),
        # A refusal may come before the tenant's key is at hand, and without one a digest could be guessed.
        "model": word(call.model, key, known=call.listed) if key or call.listed else "unlisted",
        "model_approved": call.approved,
        "model_listed": call.listed,
    }
    if forward is not None:
        fields["forward"] = forward_fields(forward)


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
    fields["findings"] = [finding_fields(one) for one in gravest(findings)]
    fields["findings_total"] = len(findings)
    fields["effect"] = effect
    fields["rules"] = [own(rule) for rule in rules[:RULES_LISTED_MAX]]
    fields["rules_total"] = len(rules)
    if findings:
        effects: dict[str, int] = {}
        for one in findings:
            name = one.verdict.effect.value
            effects[name] = effects.get(name, 0) + 1
        fields["findings_effects"] = effects


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


@lru_cache(maxsize=64)
def _workspace(workspace: Workspace) -> orjson.Fragment:
    """Return a workspace as JSON, as it was when the exchange began."""
    fields = {**workspace._asdict(), "id": own(workspace.id)}
    return orjson.Fragment(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS))


def _body(body: Body) -> Mapping[str, Any]:
    return {"digest": body.digest, "bytes": body.size}


def _dump(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
