"""How findings, called tools and policy's answers stand in a record. Never more than ids, words and numbers of ours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from stockade.core.decisions import STRENGTH, Verdict, strongest
from stockade.guard.ledger.record import RecordedCall, RecordedFinding, RecordedValue
from stockade.guard.ledger.words import own, word

FINDINGS_LISTED_MAX = 100
PATH_PARTS_MAX = 12
RULES_LISTED_MAX = 64
VALUES_LISTED_MAX = 20


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
    """Return a called tool, what policy was told of it and what it answered."""
    facts = call.facts
    fields: dict[str, Any] = {
        "tool": word(facts.name, key),
        "changes_state": facts.changes_state,
        "sends_out": facts.sends_out,
        "read_untrusted": facts.read_untrusted,
        "read_private": facts.read_private,
        "asked": facts.asked,
        "ground": facts.ground,
        **verdict_fields(call.verdict),
    }
    if call.approval[0]:
        fields["approval"] = approval_fields(call.approval)
    if call.values:
        fields["values"] = [_value_fields(value, key) for value in call.values[:VALUES_LISTED_MAX]]
        fields["values_total"] = len(call.values)
    return fields


def approval_fields(approval: tuple[str, str]) -> dict[str, str]:
    """Return the id under which something waits or waited for a person, and how it stood."""
    id_, state = approval
    return {"id": own(id_), "state": own(state)}


def _value_fields(value: RecordedValue, key: bytes) -> dict[str, Any]:
    fields = {"argument": word(value.argument, key), "sort": value.sort, "ground": value.ground}
    if value.path:
        fields["path"] = "".join(f"/{word(str(part), key)}" for part in value.path[:PATH_PARTS_MAX])
    if value.tool:
        fields["tool"] = word(value.tool, key)
    return fields


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
