"""Recorded: the questions that a ledger tells policy was asked, with the answers it gave then.

Owns the way from records to facts. A record holds what policy was told but for two things, which are named: a model or
a tool whose name could be somebody's secret stands as a digest, and of more findings than a record lists the gravest
are there. Reads records as `stores/ledger_reader.py` gives them and never changes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stockade.core.facts import Action
from stockade.govern.policy.facts import FINDING
from stockade.guard.pipeline.tools import tool_facts
from stockade.guard.policy.questions import OF_CALL
from stockade.stores.ledger_reader import Entry

OPEN_MAX = 50_000
"""Intents that wait for their outcome at most; the oldest are forgotten, and their answers then have no call."""


class Asked(NamedTuple):
    """One question as it was asked and answered. `whole` is false where a name stands as a digest."""

    exchange: str
    at: str
    policy: str
    action: Action
    facts: dict[str, Any]
    effect: str
    rules: tuple[str, ...]
    shadow: str
    shadow_rules: tuple[str, ...]
    whole: bool


def questions(entries: Iterable[Entry]) -> Iterator[Asked]:
    """Yield every question of the records, in their order."""
    calls: dict[str, dict[str, Any]] = {}
    for entry in entries:
        fields = entry.fields
        if fields.get("kind") == "intent":
            calls[fields["id"]] = call = _call(fields)
            if len(calls) > OPEN_MAX:
                calls.pop(next(iter(calls)))
            yield from _asked(fields, call, Action.PROMPT)
        elif fields.get("kind") == "outcome":
            known = calls.pop(fields["id"], None) if fields.get("intent") else None
            told = known or (_call(fields) if "model_listed" in fields else None)
            if told is not None:
                yield from _asked(fields, told, Action.COMPLETE if fields.get("intent") else Action.PROMPT)


def _asked(fields: Mapping[str, Any], call: dict[str, Any], findings: Action) -> Iterator[Asked]:
    """Yield the questions of one record: about the call, about each finding, about each tool."""
    if "forward" in fields:
        yield _one(fields, Action.FORWARD, call, fields["forward"])
    for finding in fields.get("findings", ()):
        told = {name: finding[name] for name in FINDING if name in finding}
        told |= {"score": round(finding["score"] * 1000), "encoded": bool(finding.get("views"))}
        yield _one(fields, findings, call | told, finding)
    for tool in fields.get("calls", ()):
        told = {name: tool[name] for name in OF_CALL if name in tool}
        told |= {"tool": tool["tool"], "server": tool_facts(tool["tool"]).server}
        yield _one(fields, Action.CALL_TOOL, call | told, tool)


def _one(fields: Mapping[str, Any], action: Action, facts: dict[str, Any], verdict: Mapping[str, Any]) -> Asked:
    names = (str(facts["model"]), str(facts.get("tool", "")))
    return Asked(
        exchange=fields["id"],
        at=fields["at"],
        policy=fields.get("policy", ""),
        action=action,
        facts=facts,
        effect=verdict["effect"],
        rules=(*verdict.get("rules", ()), *verdict.get("failed", ())),
        shadow=verdict.get("shadow", ""),
        shadow_rules=(*verdict.get("shadow_rules", ()), *verdict.get("shadow_failed", ())),
        whole=not any(name.startswith("digest:") or name == "unlisted" for name in names),
    )


def _call(fields: Mapping[str, Any]) -> dict[str, Any]:
    place = fields["workspace"]
    return {
        "tenant": fields["tenant"],
        "principal": fields["principal"],
        "principal_kind": fields["principal_kind"],
        "teams": tuple(fields["teams"]),
        "roles": tuple(fields["roles"]),
        "model": fields["model"],
        "listed": fields["model_listed"],
        "approved": fields["model_approved"],
        "dialect": fields["dialect"],
        "workspace": place["id"],
        "environment": place["environment"],
        "sensitivity": place["sensitivity"],
        "data_class": place["data_class"],
        "asserted_by": fields["asserted_by"],
    }
