"""How findings, called tools and policy's answers stand in a record. Never more than ids, words and numbers of ours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from stockade.core.decisions import STRENGTH, Verdict, strongest
from stockade.guard.ledger.record import RecordedCall, RecordedFinding
from stockade.guard.ledger.words import own, word

FINDINGS_LISTED_MAX = 100
RULES_LISTED_MAX = 64


def gravest(findings: tuple[RecordedFinding, ...]) -> tuple[RecordedFinding, ...]:
    """Choose those to list: the strongest effects first, in the order in which they stand."""
    if len(findings) <= FINDINGS_LISTED_MAX:
        return findings
    return tuple(sorted(findings, key=lambda one: -STRENGTH[one.verdict.effect])[:FINDINGS_LISTED_MAX])


def finding_fields(one: RecordedFinding) -> dict[str, Any]:
    """Return a finding with what policy was told of it and what it answered."""
    finding, facts = one.finding, one.facts
    fields: dict[str, Any] = {
        "detector": own(finding.detector),
        "version": own(finding.version),
        "rule": own(finding.rule),
        "category": finding.category,
        "severity": facts.severity,
        "score": facts.score / 1000,
        "segment": finding.segment,
        "start": finding.start,
        "end": finding.end,
        "channel": facts.channel,
        "kind": facts.kind,
        "editable": facts.editable,
        "latest": facts.latest,
        "evidence": own(finding.evidence),
        "origin": facts.origin,
        **verdict_fields(one.verdict),
    }
    if one.token >= 0:
        fields["token"] = one.token
    if finding.views:
        fields["views"] = [own(view) for view in finding.views[:8]]
    return fields


def call_fields(call: RecordedCall, key: bytes) -> dict[str, Any]:
    """Return a called tool and what policy answered."""
    return {"tool": word(call.tool, key), **verdict_fields(call.verdict)}


@lru_cache(maxsize=64)
def forward_fields(verdict: Verdict) -> orjson.Fragment:
    """Return the answer on the call as JSON; it is the same for nearly all calls."""
    return orjson.Fragment(orjson.dumps(verdict_fields(verdict), option=orjson.OPT_SORT_KEYS))


def shadow_fields(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return what the rules in shadow would have made of the whole, and which they are; nothing where none fired."""
    tried = [verdict for verdict in verdicts if verdict.shadow is not None]
    if not tried:
        return {}
    names = dict.fromkeys(rule for verdict in tried for rule in (*verdict.shadow_rules, *verdict.shadow_failed))
    effects = [verdict.shadow or verdict.effect for verdict in verdicts]
    return {"shadow": strongest(effects), "shadow_rules": [own(name) for name in names][:RULES_LISTED_MAX]}


def verdict_fields(verdict: Verdict) -> dict[str, Any]:
    """Return an answer of policy; what rules in shadow would have made of it only where one fired."""
    fields: dict[str, Any] = {"effect": verdict.effect, "rules": [own(rule) for rule in verdict.rules[:8]]}
    if verdict.failed:
        fields["failed"] = [own(rule) for rule in verdict.failed[:8]]
    if verdict.shadow is not None:
        fields["shadow"] = verdict.shadow
        fields["shadow_rules"] = [own(rule) for rule in verdict.shadow_rules[:8]]
        if verdict.shadow_failed:
            fields["shadow_failed"] = [own(rule) for rule in verdict.shadow_failed[:8]]
    return fields
