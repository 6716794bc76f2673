"""Tools: may this caller's model have this tool run? Asked for each call of an answer and each tool the vendor runs.

Owns the question and what a refused call is replaced by. The arguments of a call are judged as texts, by `judge.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stockade.core.decisions import Effect, Verdict
from stockade.core.errors import RefusedError
from stockade.core.facts import ToolFacts
from stockade.guard.pipeline.exchange import Exchange, Gate, JudgedCall
from stockade.guard.pipeline.refusals import refusal_hint, refusal_id

_OF_SERVER = re.compile(r"mcp__(.+?)(?:__.+)?")
_STOPS = (Effect.DENY, Effect.HOLD, Effect.WITHHOLD)


def tool_facts(name: str) -> ToolFacts:
    """Return what policy is told of a tool; `mcp__server__tool` names the MCP server that offers it."""
    of_server = _OF_SERVER.fullmatch(name)
    return ToolFacts(name, of_server[1] if of_server else "")


def judge_call(gate: Gate, exchange: Exchange, names: Sequence[str]) -> str:
    """Judge one tool call of an answer by every name it goes by; return the notice in its place, or ""."""
    notice = ""
    for name in names:
        verdict = _ask(gate, exchange, name)
        if verdict.effect in _STOPS:
            notice = notice or f"[{_refused(exchange, verdict, 'tool call').message}]"
    exchange.tool_calls += 1
    return notice


def authorise_tools(gate: Gate, exchange: Exchange) -> None:
    """Ask policy about the tools that the vendor itself would run. Fails: RefusedError."""
    assert exchange.request is not None
    for name in exchange.request.vendor_tools:
        verdict = _ask(gate, exchange, name)
        if verdict.effect in _STOPS:
            raise _refused(exchange, verdict, "request")


def _ask(gate: Gate, exchange: Exchange, name: str) -> Verdict:
    assert exchange.call is not None
    verdict = gate.policy.call_tool(exchange.call, tool_facts(name))
    exchange.called.append(JudgedCall(name, verdict))
    return verdict


def _refused(exchange: Exchange, verdict: Verdict, side: str) -> RefusedError:
    rules = verdict.rules + verdict.failed
    refusal = refusal_id(exchange, rules, ())
    reason = verdict.reason or "Policy does not let this tool be used."
    return RefusedError(
        f"Stopped by Stockade ({side}): {reason}", refusal=refusal, rules=rules, hint=refusal_hint(refusal)
    )
