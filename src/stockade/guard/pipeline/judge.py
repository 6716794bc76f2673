"""Judging: texts to findings, findings to verdicts, verdicts to edits. Used for both sides of every route.

There is one way to judge a text, whatever the wire format and whether it was streamed: no route can be wired without it
(FIELD section 2). Never lets a text pass that was not seen whole by every detector.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from stockade.core.decisions import Effect
from stockade.core.edits import Edit
from stockade.core.errors import GuardFailedError
from stockade.core.facts import Action, FindingFacts, Origin
from stockade.core.findings import Category, DetectorRun, Finding, Inspection, RunStatus, Scope
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.comparing import Comparison
from stockade.guard.pipeline import accounts
from stockade.guard.pipeline.commands import Command, Inspect, Now, Recall, RecallVendorKnown, Record
from stockade.guard.pipeline.computation import compute
from stockade.guard.pipeline.exchange import Account, Exchange, Gate, Judged
from stockade.guard.pipeline.turns import is_latest
from stockade.guard.transforms.cleanse import notice, redaction
from stockade.guard.transforms.pseudonyms import Found, find, readings
from stockade.guard.transforms.restore import restore

Steps = Generator[Command, Any, Any]


class Text(NamedTuple):
    """A text of an answer to judge: its first `context` characters were judged before; `call` names its tool call."""

    segment: Segment
    context: int = 0
    call: str = ""


class Said(Protocol):
    """What is read of a text to judge: a `Text`, or the work of a stream's window."""

    @property
    def segment(self) -> Segment:
        """The text with its context."""

    @property
    def context(self) -> int:
        """How many of its characters were judged before."""

    @property
    def call(self) -> str:
        """The tool call's key, or ""."""


class Judgement(NamedTuple):
    """What is to be done with one text of an answer. `denied` is the finding for which it may not pass."""

    edits: Sequence[Edit] = ()
    withhold: str = ""
    denied: Judged | None = None


_ADDRESS = re.compile(r"(?:[A-Za-z]{2,5}:)?[/\\]{2}")
_OF_THE_MODEL = frozenset({Channel.ASSISTANT, Channel.TOOL_CALL})

CLEAN = Judgement()
"""Nothing was found: the text passes as it is."""


@dataclass(slots=True)
class _Open:
    edits: list[Edit] = field(default_factory=list)
    withhold: str = ""
    denied: Judged | None = None


def inspect(exchange: Exchange, account: Account, segments: Sequence[Segment], scope: Scope) -> Steps:
    """Return the findings over `segments` and keep the account. Fails: GuardFailedError when any guard did not run."""
    assert exchange.keys is not None
    inspection: Inspection = yield Inspect(tuple(segments), exchange.keys.evidence, scope)
    account.segments += len(segments)
    if not account.add_runs(inspection.runs):
        yield from _fail(exchange, inspection.runs)
    return inspection.findings


def compare(gate: Gate, exchange: Exchange, texts: Sequence[Said]) -> Steps:
    """Return the findings of the detectors that hold an answer against its request. Fails: as `inspect`."""
    if not gate.comparing:
        return []
    comparison = exchange.comparison
    if comparison is None:
        assert exchange.keys is not None
        make = partial(Comparison, gate.comparing, exchange.segments, exchange.keys.evidence)
        comparison = exchange.comparison = yield from compute(len(exchange.body), make)
    look = partial(comparison.look, [text.segment for text in texts], [text.context for text in texts])
    found = yield from compute(sum([len(text.segment.text) for text in texts]), look)
    if comparison.failed:
        yield from _fail(exchange, comparison.failed)
    return found


def _fail(exchange: Exchange, runs: Sequence[DetectorRun]) -> Steps:
    """Record the guards that did not run to their end, and stop."""
    at_s = yield Now()
    for run in runs:
        if run.status is not RunStatus.RAN:
            yield Record(accounts.guard_event(exchange, run, at_s))
    raise GuardFailedError(
        "A guard did not run to its end, so nothing was let through.",
        hint="Try again; the gate's log and ledger name the guard.",
    )


def decide(
    gate: Gate, exchange: Exchange, action: Action, found: Sequence[tuple[Finding, Segment, Origin]]
) -> list[Judged]:
    """Return policy's verdict on each finding."""
    if not found:
        return []
    assert exchange.call is not None
    latest = is_latest(exchange.segments) if action is Action.PROMPT else _always
    facts = [_facts(finding, segment, origin, latest=latest(segment)) for finding, segment, origin in found]
    decision = gate.policy.decide(action, exchange.call, facts)
    return [
        Judged(finding, segment, fact, verdict)
        for (finding, segment, _), fact, verdict in zip(found, facts, decision.verdicts, strict=True)
    ]


def origins(exchange: Exchange, findings: Sequence[Finding]) -> Steps:
    """Return where each found value of a request is known from."""
    if not findings:
        return []
    assert exchange.principal is not None
    evidences = frozenset(finding.evidence for finding in findings)
    assert exchange.dialect is not None
    known = yield RecallVendorKnown(exchange.principal.tenant, exchange.dialect.vendor, evidences)
    return [Origin.VENDOR if finding.evidence in known else Origin.NEW for finding in findings]


def judge_answer(gate: Gate, exchange: Exchange, texts: Sequence[Said], scope: Scope) -> Steps:
    """Return a `Judgement` for each text: detectors, policy, then stand-ins back to values.

    Offsets of edits count behind the context. Stops at the first denied text outside of tool calls (those can be
    withdrawn): what follows it is neither recorded nor returned, so that the outcome does not depend on how much of a
    stream came at once.
    """
    before = exchange.answered.segments
    findings: tuple[Finding, ...] = yield from inspect(
        exchange, exchange.answered, [text.segment for text in texts], scope
    )
    if told := (yield from compare(gate, exchange, texts)):
        findings = (*findings, *told)
    alike = [_alike(text) for text in texts]
    if not findings and not any(alike):
        return [CLEAN] * len(texts)
    found = _placed(exchange, findings, texts, before)
    opened = [_Open() for _ in texts]
    last = len(texts)
    for judged in decide(gate, exchange, Action.COMPLETE, found):
        index = judged.finding.segment - before
        if index >= last:
            break
        exchange.answered.judged.append(judged)
        _open(opened[index], judged)
        if opened[index].denied is not None and not texts[index].call:
            last = index + 1
    yield from _restore(exchange, [(opened[n], texts[n], one) for n, one in enumerate(alike[:last]) if one])
    return [Judgement(item.edits, item.withhold, item.denied) for item in opened[:last]]


def judge_passages(gate: Gate, exchange: Exchange, texts: Sequence[Said]) -> Steps:
    """Return the finding for which a stream may not go on, None for none: what left of these texts cannot be changed.

    Contract: each is a passage of its own; `texts` may be empty, which is an account that nothing was left to judge.
    """
    before = exchange.answered.segments
    findings: tuple[Finding, ...] = yield from inspect(
        exchange, exchange.answered, [text.segment for text in texts], Scope.PASSAGE
    )
    for judged in decide(gate, exchange, Action.COMPLETE, _placed(exchange, findings, texts, before)):
        exchange.answered.judged.append(judged)
        if judged.verdict.effect not in (Effect.ALLOW, Effect.FLAG):
            return judged
    return None


def _placed(
    exchange: Exchange, findings: Sequence[Finding], texts: Sequence[Said], before: int
) -> list[tuple[Finding, Segment, Origin]]:
    """Return the findings in what is new of each text, in order.

    From here on a finding counts in the whole answer's texts (`before` came earlier) and in the new text, whatever
    came together.
    """
    found = []
    for finding in sorted(findings, key=lambda f: (f.segment, f.start, f.end)):
        text = texts[finding.segment]
        if finding.end > text.context:
            known = finding.evidence in exchange.evidences or _is_known_address(exchange, finding, text.segment.text)
            origin = Origin.CONVERSATION if known else Origin.NEW
            start, end = max(finding.start - text.context, 0), finding.end - text.context
            placed = replace(finding, segment=before + finding.segment, start=start, end=end)
            found.append((placed, text.segment, origin))
    return found


def _is_known_address(exchange: Exchange, finding: Finding, text: str) -> bool:
    """Say whether an address stands in the request as it is, where the model did not write it itself.

    Whoever wrote it there knows what it carries: a signed address of an object store, a page that was searched for.
    """
    if finding.category is not Category.EXFILTRATION:
        return False
    value = text[finding.start : finding.end]
    return _ADDRESS.match(value) is not None and any(
        value in segment.text for segment in exchange.segments if segment.channel not in _OF_THE_MODEL
    )


def _alike(text: Said) -> list[Found]:
    """Return what has the form of a stand-in in the new part of a text, as far as it may be edited."""
    kind = text.segment.kind
    if kind is Kind.THINKING or kind is Kind.SEALED or kind is Kind.BINARY:
        return []
    return find(text.segment.text[text.context :])


def _open(item: _Open, judged: Judged) -> None:
    """Turn a verdict on an answer's finding into what is to be done."""
    finding, segment, effect = judged.finding, judged.segment, judged.verdict.effect
    if effect in (Effect.ALLOW, Effect.FLAG):
        return
    # What cannot be edited (thinking is signed) can only be stopped; no rule holds what was said.
    if effect in (Effect.DENY, Effect.HOLD) or segment.kind in (Kind.THINKING, Kind.SEALED, Kind.BINARY):
        item.denied = item.denied or judged
    elif effect is Effect.WITHHOLD:
        item.withhold = item.withhold or notice(finding.evidence)
    else:
        instead = "" if finding.category is Category.HIDDEN_TEXT else redaction(finding.label)
        item.edits.append(Edit(finding.start, finding.end, instead))


def _restore(exchange: Exchange, seen: Sequence[tuple[_Open, Said, list[Found]]]) -> Steps:
    """Add the edits that put values back in the place of stand-ins. What only looks like one stays."""
    if not seen:
        return
    assert exchange.principal is not None
    candidates = {real.stand_in for _, _, found in seen for one in found for real in readings(one)}
    unknown = frozenset(candidates - exchange.stand_ins.keys() - exchange.not_stand_ins)
    if unknown:
        recalled = yield Recall(exchange.principal.tenant, unknown)
        # Only what the map knows is looked for: a look-alike has forty readings, and a request may hold megabytes.
        ours = {name: value for name, value in recalled.items() if not _brought_by_client(exchange, name)}
        exchange.stand_ins.update(ours)
        exchange.not_stand_ins |= unknown - ours.keys()
    for item, text, _ in seen:
        item.edits.extend(restore(text.segment.text[text.context :], exchange.stand_ins))


def _brought_by_client(exchange: Exchange, stand_in: str) -> bool:
    """Say whether the client itself wrote this stand-in, other than in thinking that it repeats.

    The model's text and calls reach a client with the values in place, so no stand-in comes back in them.

    Stand-ins are no secrets: the vendor knows them, and transcripts hold them. Whoever has one must not get its value
    by asking a model to say it.
    """
    signed = (Kind.THINKING, Kind.SEALED)
    return any(stand_in in segment.text for segment in exchange.segments if segment.kind not in signed)


def _always(_segment: Segment) -> bool:
    return True


def _facts(finding: Finding, segment: Segment, origin: Origin, *, latest: bool) -> FindingFacts:
    return FindingFacts(
        detector=finding.detector,
        rule=finding.rule,
        category=finding.category,
        severity=int(finding.severity),
        score=round(finding.score * 1000),
        channel=segment.channel,
        kind=segment.kind,
        editable=segment.editable,
        encoded=bool(finding.views),
        origin=origin,
        latest=latest,
    )
