"""Holds: what a rule holds waits for a person's yes, and passes when the client asks for it again.

Owns what is asked for, what an approver is shown of it, and what the client is told. Nobody waits on an open
connection: the answer to a held call is there at once. Never shows an approver more than decides the case: the values
that policy judged, and the rest shortened, with stand-ins where the vendor got stand-ins.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson

from stockade.core.decisions import Verdict
from stockade.core.errors import HeldError, RefusedError
from stockade.core.limits import APPROVAL_LISTED_MAX, APPROVAL_SHOWN_CHARS_MAX
from stockade.guard.approvals.approval import Held, Ruling, State, Subject
from stockade.guard.approvals.naming import Name, canonical
from stockade.guard.flow.facts import Flow
from stockade.guard.flow.values import Argument, Sort
from stockade.guard.pipeline import accounts
from stockade.guard.pipeline.commands import AskApproval, Now, Record
from stockade.guard.pipeline.computation import compute
from stockade.guard.pipeline.exchange import Exchange, Judged
from stockade.guard.pipeline.judge import Steps

_TOLD = {
    State.APPROVED: "",
    State.CROWDED: "So much waits for a yes already that this was not even asked. Tell the person.",
    State.DENIED: "A person has said no. Do not try another way; tell the person that {id} was denied.",
    State.PENDING: (
        "It has not been run and waits for a person's yes. Do not try another way; tell the person that an approver "
        "can run `stockade approvals approve {id}`, and do the same again when they say so."
    ),
}


def ask_about_call(
    exchange: Exchange, found: Flow, verdict: Verdict, given: Sequence[Argument], raw: Sequence[str]
) -> Steps:
    """Return how a held call stands; a yes that lets it pass is counted as used."""
    size = sum([len(text) for text in raw])
    return (yield from _ask(exchange, (yield from compute(size, partial(_call, exchange, found, verdict, given, raw)))))


def ask_about_request(exchange: Exchange, held: Sequence[Judged]) -> Steps:
    """Return how a held request stands, by the values for which it is held."""
    assert exchange.principal is not None
    rules = tuple(dict.fromkeys(rule for judged in held for rule in judged.verdict.rules))
    parts = sorted({judged.finding.evidence for judged in held})
    name = _name(exchange)
    session = _session(exchange)
    listed: dict[tuple[str, ...], dict[str, Any]] = {}
    for judged in held:
        finding, segment = judged.finding, judged.segment
        shown = {"rule": finding.rule, "category": finding.category, "channel": segment.channel, "at": segment.pointer}
        listed.setdefault(tuple(shown.values()), shown)
    told: dict[str, Any] = {
        "reason": held[0].verdict.reason,
        "findings": list(listed.values())[:APPROVAL_LISTED_MAX],
        "findings_total": len(listed),
    }
    ruling: Ruling = yield from _ask(
        exchange,
        Held(
            name.held(Subject.REQUEST, rules, parts),
            name.value(Subject.REQUEST, rules, parts),
            exchange.principal.tenant,
            exchange.principal.id,
            Subject.REQUEST,
            rules,
            max(judged.verdict.approvals for judged in held),
            bool(session),
            orjson.dumps(told),
        ),
    )
    return ruling


def held_error(ruling: Ruling, verdict: Verdict, side: str) -> RefusedError:
    """Return what the client is told: the same words for the same ruling on every retry."""
    told = _TOLD[ruling.state].format(id=ruling.id)
    reason = verdict.reason or "Policy asks a person first."
    return HeldError(f"Held by Stockade ({side}): {reason}", refusal=ruling.id, rules=verdict.rules, hint=told)


def _ask(exchange: Exchange, held: Held) -> Steps:
    """Ask, and write down what came of it before anything follows from it."""
    ruling: Ruling = yield AskApproval(held)
    at_s = yield Now()
    yield Record(accounts.hold_event(exchange, held, ruling, at_s))
    return ruling


def _call(exchange: Exchange, found: Flow, verdict: Verdict, given: Sequence[Argument], raw: Sequence[str]) -> Held:
    """Return what is asked for a tool call."""
    assert exchange.principal is not None
    name, tool, rules = _name(exchange), found.facts.name, verdict.rules
    # The JSON texts say all of the call, the strings what the client gets where texts hold stand-ins.
    exact = [canonical(text) for text in raw] + sorted(f"{one.key}={one.text}" for one in given)
    deciding = sorted(f"{one.value.sort}:{one.value.text}" for one in found.traced)
    return Held(
        name.held(Subject.CALL, rules, [tool, *exact]),
        name.value(Subject.CALL, rules, [tool, "decided", *deciding] if deciding else [tool, "exactly", *exact]),
        exchange.principal.tenant,
        exchange.principal.id,
        Subject.CALL,
        rules,
        verdict.approvals,
        bool(_session(exchange)),
        orjson.dumps(_shown(exchange, found, verdict, given)),
    )


def _shown(exchange: Exchange, found: Flow, verdict: Verdict, given: Sequence[Argument]) -> dict[str, Any]:
    """Return what an approver sees of a call."""
    values = [
        {
            "argument": _cut(one.value.key),
            "sort": one.value.sort,
            "value": _cut(one.value.text if one.value.sort is Sort.ADDRESS else _masked(exchange, one.value.text)),
            "ground": one.ground,
            "tool": _cut(one.tool),
            "at": "/".join(str(part) for part in one.path)[:APPROVAL_SHOWN_CHARS_MAX],
        }
        for one in found.traced[:APPROVAL_LISTED_MAX]
    ]
    arguments = [
        {"argument": _cut(one.key), "text": _cut(_masked(exchange, one.text)), "chars": len(one.text)}
        for one in given[:APPROVAL_LISTED_MAX]
    ]
    return {
        "reason": verdict.reason,
        "tool": _cut(found.facts.name),
        "asked": found.facts.asked,
        "values": values,
        "values_total": len(found.traced),
        "arguments": arguments,
        "arguments_total": len(given),
    }


def _masked(exchange: Exchange, text: str) -> str:
    """Return a text with stand-ins in the place of what the vendor knows by stand-ins."""
    for stand_in, value in exchange.stand_ins.items():
        text = text.replace(value, stand_in)
    return text


def _cut(text: str) -> str:
    # A lone surrogate cannot be written down; it is shown as a question mark.
    return text[:APPROVAL_SHOWN_CHARS_MAX].encode("utf-8", "replace").decode()


def _name(exchange: Exchange) -> Name:
    assert exchange.principal is not None
    assert exchange.keys is not None
    return Name(exchange.keys.evidence, exchange.principal.tenant, exchange.principal.id, _session(exchange))


def _session(exchange: Exchange) -> str:
    return exchange.request.session if exchange.request is not None else ""
