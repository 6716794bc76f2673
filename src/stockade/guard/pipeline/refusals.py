"""Refusals: what a caller is told when policy says no. The same values give the same words and id on every retry.

Never quotes what was found; names the rule of the detector, the policy's own reason and an id that the ledger knows.
"""

from __future__ import annotations

from hashlib import sha256

from stockade.core.errors import RefusedError
from stockade.guard.pipeline.exchange import Exchange, Judged


def refused(exchange: Exchange, denied: list[Judged], side: str) -> RefusedError:
    """Return the refusal of a request or an answer: the same id and words whenever the same values are refused."""
    rules = tuple(dict.fromkeys(rule for j in denied for rule in (*j.verdict.rules, *j.verdict.failed)))
    refusal = refusal_id(exchange, rules, tuple(sorted({j.finding.evidence for j in denied})))
    reason = denied[0].verdict.reason or "Policy does not let this pass."
    seen = ", ".join(sorted({j.finding.rule for j in denied})[:5])
    return RefusedError(
        f"Stopped by Stockade ({side}): {reason} Seen: {seen}.",
        refusal=refusal,
        rules=rules,
        hint=refusal_hint(refusal),
    )


def refusal_id(exchange: Exchange, rules: tuple[str, ...], evidences: tuple[str, ...]) -> str:
    """Return a short id that is the same for the same caller's tenant, rules and values."""
    tenant = exchange.principal.tenant if exchange.principal else ""
    return "ref-" + sha256("\0".join((tenant, *rules, "", *evidences)).encode()).hexdigest()[:12]


def refusal_hint(refusal: str) -> str:
    """Return what the caller can do about it."""
    return f"Remove it and try again, or ask your administrator about refusal {refusal}."


def withdrawal(exchange: Exchange, denied: Judged | None, notice: str) -> str:
    """Return the text that takes the place of a tool call which may not reach the client."""
    if denied is None:
        return notice
    return "[" + refused(exchange, [denied], "tool call").message + "]"
