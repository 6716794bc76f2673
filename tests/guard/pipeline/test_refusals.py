"""Refusals: the same values give the same id and words; nothing of what was found is in them."""

from __future__ import annotations

from dataclasses import replace

from stockade.core.principal import Principal
from stockade.guard.pipeline.exchange import Exchange, Judged
from stockade.guard.pipeline.refusals import refusal_id, refused, withdrawal
from tests.guard.pipeline.talks import answer, ask, say
from tests.properties.gates import OTHER_SECRET, SECRET, playbook


def judged(text: str) -> tuple[Exchange, list[Judged]]:
    """Return an exchange in which `text` was asked, and what was found in it."""
    played = playbook().play(ask("openai_chat", text), answer("openai_chat", say("Fine."), streamed=False))
    return played.exchange, played.exchange.asked.judged


def test_the_same_values_give_the_same_refusal_wherever_they_stand() -> None:
    one, found = judged(f"it is {SECRET}")
    two, again = judged(f"quite another text, {SECRET} and {SECRET}")
    assert len(again) == 2
    assert refused(one, found, "request").message == refused(two, again, "request").message


def test_other_values_sides_rules_and_tenants_tell_refusals_apart() -> None:
    exchange, found = judged(f"it is {SECRET}")
    _, other = judged(f"it is {OTHER_SECRET}")
    here = refused(exchange, found, "request")
    assert refused(exchange, other, "request").refusal != here.refusal
    rules = here.rules
    ids = {refusal_id(exchange, rules, ("a", "b")), refusal_id(exchange, (*rules, "a"), ("b",))}
    assert isinstance(exchange.principal, Principal)
    exchange.principal = replace(exchange.principal, tenant="another")
    ids.add(refusal_id(exchange, rules, ("a", "b")))
    assert len(ids) == 3


def test_a_refusal_names_the_format_and_never_the_value() -> None:
    exchange, found = judged(f"it is {SECRET}")
    error = refused(exchange, found, "request")
    assert found[0].finding.rule in error.message
    assert error.refusal in error.message
    assert error.rules == found[0].verdict.rules
    assert SECRET not in error.message
    assert SECRET not in repr(error)


def test_a_withdrawn_call_tells_why_or_gives_the_notice() -> None:
    exchange, found = judged(f"it is {SECRET}")
    assert withdrawal(exchange, None, "[notice]") == "[notice]"
    told = withdrawal(exchange, found[0], "[notice]")
    assert told.startswith("[Stopped by Stockade (tool call): ")
    assert told.endswith("]")
