"""Tools: may this caller's model have this tool run? Asked for each call of an answer and each tool the vendor runs.

Owns the question and what a refused call is replaced by. Where the values of a call come from is found by `guard/flow`;
its arguments are judged as texts, by `judge.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from stockade.core.decisions import Effect, Verdict
from stockade.core.errors import RefusedError
from stockade.core.facts import ToolFacts
from stockade.core.segments import Segment
from stockade.guard.approvals.approval import Ruling, State
from stockade.guard.flow.arguments import arguments, numbers
from stockade.guard.flow.conversation import read
from stockade.guard.flow.facts import Flow, flow, server
from stockade.guard.flow.values import Argument
from stockade.guard.pipeline.computation import compute
from stockade.guard.pipeline.exchange import Exchange, Gate, JudgedCall
from stockade.guard.pipeline.holds import ask_about_call, held_error
from stockade.guard.pipeline.judge import Steps
from stockade.guard.pipeline.refusals import refusal_hint, refusal_id

_STOPS = (Effect.DENY, Effect.HOLD, Effect.WITHHOLD)


def tool_facts(name: str) -> ToolFacts:
    """Return what policy is told of a tool of which nothing but the name is known."""
    return ToolFacts(name, server(name))


def judge_call(
    gate: Gate,
    exchange: Exchange,
    names: Sequence[str],
    strings: Sequence[Segment],
    raw: Sequence[str],
    *,
    withdrawn: bool = False,
) -> Steps:
    """Judge one tool call of an answer by every name it goes by; return the notice in its place, or "".

    `strings` are those of the call, with stand-ins turned back into values: the conversation holds values. `raw` are
    its arguments as JSON, for the numbers. One that is `withdrawn` already uses up nobody's yes.
    """
    given = [*arguments(strings), *(number for text in raw for number in numbers(text))]
    notice = ""
    for name in names:
        refused = yield from _ask(gate, exchange, name, given, raw, "tool call", held=not (notice or withdrawn))
        if refused is not None:
            notice = notice or f"[{refused.message}]"
    exchange.tool_calls += 1
    return notice


def authorise_tools(gate: Gate, exchange: Exchange) -> Steps:
    """Ask policy about the tools that the vendor itself would run. Fails: RefusedError."""
    assert exchange.request is not None
    for name in exchange.request.vendor_tools:
        refused = yield from _ask(gate, exchange, name, (), (), "request", held=True)
        if refused is not None:
            raise refused


def _ask(
    gate: Gate,
    exchange: Exchange,
    name: str,
    given: Sequence[Argument],
    raw: Sequence[str],
    side: str,
    *,
    held: bool,
) -> Steps:
    """Return why this tool may not be run, None where it may. `held`: where policy holds it, people are asked."""
    assert exchange.call is not None
    found: Flow = yield from compute(len(exchange.body), partial(_flow, gate, exchange, name, given))
    verdict = gate.policy.call_tool(exchange.call, found.facts)
    ruling: Ruling | None = None
    if verdict.effect is Effect.HOLD and held:
        ruling = yield from ask_about_call(exchange, found, verdict, given, raw)
    exchange.called.append(JudgedCall(found, verdict, ruling))
    if ruling is not None:
        return None if ruling.state is State.APPROVED else held_error(ruling, verdict, side)
    return _refused(exchange, verdict, side) if verdict.effect in _STOPS else None


def _flow(gate: Gate, exchange: Exchange, name: str, given: Sequence[Argument]) -> Flow:
    if exchange.conversation is None:
        exchange.conversation = read(exchange.segments)
    return flow(name, given, exchange.conversation, gate.tools)


def _refused(exchange: Exchange, verdict: Verdict, side: str) -> RefusedError:
    rules = verdict.rules + verdict.failed
    refusal = refusal_id(exchange, rules, ())
    reason = verdict.reason or "Policy does not let this tool be used."
    told = f"Stopped by Stockade ({side}): {reason}"
    return RefusedError(told, refusal=refusal, rules=rules, hint=refusal_hint(refusal))
