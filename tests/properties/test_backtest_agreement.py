"""A back-test and `policy diff` agree on the same facts: one plays the exchange, the other asks about its record."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect
from stockade.core.facts import Action
from stockade.govern.policy.comparing import compare
from stockade.govern.policy.recorded import questions
from stockade.guard.recording.recording import Recording
from stockade.stores.ledger_reader import Entry
from stockade.testing.playbook import Answer, Sent
from tests.govern.backtest.recorded import book, result
from tests.properties.gates import OTHER_SECRET, SECRET, engine

VALUES = ("nothing at all", SECRET, OTHER_SECRET, "ana.silva@company.pt", "4111 1111 1111 1111", "hid\u200b\u200bden")


def rule(effect: str, action: str, category: str) -> str:
    return (
        f'@id("own") @effect("{effect}") @reason("Ours.") forbid (principal, action == Stockade::Action::"{action}",'
        f' resource) when {{ context.category == "{category}" }};\n'
    )


POLICIES = st.lists(
    st.builds(
        rule,
        st.sampled_from(["flag", "redact", "withhold", "deny"]),
        st.sampled_from(["prompt", "complete"]),
        st.sampled_from(["credential", "personal_data", "hidden_text"]),
    ),
    max_size=1,
).map("".join)


def exchange(said: str, answered: str) -> tuple[Recording, list[Entry]]:
    """Return what is recorded of one exchange: its content, and its account in the ledger."""
    told = {"model": "m", "messages": [{"role": "user", "content": f"it is {said}"}]}
    message = {"role": "assistant", "content": f"so {answered}"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    played = book().play(Sent("/v1/chat/completions", orjson.dumps(told)), Answer((orjson.dumps(answer),)))
    [recording] = played.recordings
    return recording, [Entry(Path("ledger"), 0, fields) for fields in played.records]


@given(st.sampled_from(VALUES), st.sampled_from(VALUES), POLICIES)
def test_back_test_and_diff_agree_on_the_same_recorded_facts(said: str, answered: str, policy: str) -> None:
    recording, entries = exchange(said, answered)
    found = result(recording, policy)
    asked = list(questions(entries))
    assert len(asked) == 1 + len(recording.decided.sightings), "the ledger tells all that policy was asked"
    if not found.answered:
        # Another request would have been sent, or none: of its answer a back-test says nothing.
        asked = [one for one in asked if one.action is not Action.COMPLETE]
    difference = compare(engine(), engine(policy), ((one.action, one.facts, one.exchange) for one in asked))
    flips: Counter[tuple[Effect, Effect, tuple[str, ...]]] = Counter()
    for flip, count in difference.flips:
        rules = (flip.before if flip.is_looser else flip.after).rules
        flips[flip.before.effect, flip.after.effect, rules] += count
    assert Counter((one.before, one.after, one.rules) for one in found.changes) == flips
    stops = any(flip.after.effect is Effect.DENY for flip, _ in difference.flips)
    assert stops is (found.flip == "newly stopped")
