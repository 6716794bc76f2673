"""The audit record of an exchange in its final form: intent before the vendor is called, outcome after, events beside.

Owns the values; `encoding.py` writes them. They must never hold content: texts come in as digests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from stockade.core.decisions import Effect, Verdict
from stockade.core.exchange import Usage
from stockade.core.facts import CallFacts, FindingFacts, Ground, ToolFacts
from stockade.core.findings import DetectorRun, Finding
from stockade.core.segments import Path

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

    APPROVAL_APPROVED = "approval_approved"  # somebody said yes; `subject` is the approval
    APPROVAL_DENIED = "approval_denied"
    APPROVAL_EXPIRED = "approval_expired"  # nobody said anything in time
    APPROVAL_HELD = "approval_held"  # a rule held a call or a request of exchange `id`
    APPROVAL_USED = "approval_used"  # it passed by a yes
    CONTROLLED = "controlled"  # somebody used a permission on the control plane; `subject` is who
    GUARD_FAILED = "guard_failed"
    GUARD_SKIPPED = "guard_skipped"
    GUARD_TIMED_OUT = "guard_timed_out"
    LEDGER_REPAIRED = "ledger_repaired"
    LIMITS_GIVEN_UP = "limits_given_up"
    LIMITS_REACHABLE = "limits_reachable"
    LIMITS_UNREACHABLE = "limits_unreachable"
    POLICY_FAILED = "policy_failed"
    POLICY_RELOAD_FAILED = "policy_reload_failed"
    POLICY_RELOADED = "policy_reloaded"
    RECORDINGS_ERASED = "recordings_erased"
    RECORDINGS_MISSED = "recordings_missed"
    STARTED = "started"
    STOPPED = "stopped"
    STOPS_CHANGED = "stops_changed"
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
    """A finding with the string of the body it stood in, what policy was told of it, and what policy answered."""

    finding: Finding
    token: int
    facts: FindingFacts
    verdict: Verdict


class RecordedValue(NamedTuple):
    """A value that decides what a call does, by the name of its argument and what it is; never the value itself.

    `path` is where in the request it was found, `tool` who returned it there; both empty where it was found nowhere.
    """

    argument: str
    sort: str
    ground: Ground
    path: Path = ()
    tool: str = ""


class RecordedCall(NamedTuple):
    """A tool that was called, or offered for the vendor to run: what policy was told, on which values, its answer.

    `approval` is the id under which it waits or waited for a person, and how that stood; empty where nothing held it.
    """

    facts: ToolFacts
    values: tuple[RecordedValue, ...]
    verdict: Verdict
    approval: tuple[str, str] = ("", "")


class Intent(NamedTuple):
    """What the gate is about to send, and why it may.

    `call` is what policy was told of the call, `forward` its answer on the call itself. The model's name and `session`
    are the client's own words: they are written out only as `word` allows. `at_ms` counts milliseconds since 1970 UTC.
    `edits` counts the strings that were changed. `models` are the others that the vendor may run for this request:
    fallbacks and those of tools. `approval` is the id of the yes under which a held request passed, and its state.
    """

    id: str
    at_ms: int
    call: CallFacts
    forward: Verdict
    route: str
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
    models: tuple[str, ...] = ()
    approval: tuple[str, str] = ("", "")


class Outcome(NamedTuple):
    """What came of an exchange.

    `intent` says whether an intent stands before it, that is whether the vendor was called; where none does, `call` and
    `forward` are told here, as far as it came to them. `received` is what the
    vendor sent, `sent` what the client got. `upstream_ms` is the vendor's time in milliseconds, measured by the driver.
    `cost_micro_usd` is what it was charged for by the price list, None where nothing was sent or nobody knows a price.
    """

    id: str
    at_ms: int
    status: int
    ended: Ended
    intent: bool
    tenant: str = ""
    principal: str = ""
    dialect: str = ""
    route: str = ""
    error: str = ""
    refusal: str = ""
    received: Body | None = None
    sent: Body | None = None
    served_model: str = ""
    stop_reason: str = ""
    refusal_category: str = ""
    vendor_error: str = ""
    usage: Usage = _NOTHING_USED
    guards: tuple[DetectorRun, ...] = ()
    findings: tuple[RecordedFinding, ...] = ()
    effect: Effect = Effect.ALLOW
    rules: tuple[str, ...] = ()
    policy: str = ""
    segments: SegmentsAccount | None = None
    calls: tuple[RecordedCall, ...] = ()
    upstream_ms: int | None = None
    cost_micro_usd: int | None = None
    call: CallFacts | None = None
    forward: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is not an exchange or only a part of one. `id` names the exchange it belongs to, if any.

    `subject` is what it is about (a detector id, a policy digest); `reason` one of our own sentences, never an
    exception's text that could quote content; `counts` are figures with their units in their names. `rules` are those
    in shadow under the policy that the event names, each as `id@version` (`guard/policy/rules.py`), or those that
    hold. `by` is who did it, by id.
    """

    name: EventName
    at_ms: int
    id: str = ""
    subject: str = ""
    reason: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    rules: tuple[str, ...] = ()
    by: str = ""


Record = Intent | Outcome | Event
