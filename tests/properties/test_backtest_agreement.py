"""A back-test and policy itself agree on what was recorded: asked about the same facts, they say the same."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect
from stockade.core.facts import Action
from stockade.guard.recording.recording import Recording, Side
from stockade.testing.playbook import Answer, Sent
from tests.govern.backtest.recorded import record, result
from tests.properties.gates import OTHER_SECRET, SECRET, engine

VALUES = ("nothing at all", SECRET, OTHER_SECRET, "ana.silva@company.pt", "4111 1111 1111 1111", "hid\u200b\u200bden")
ACTIONS = {Side.REQUEST: Action.PROMPT, Side.ANSWER: Action.COMPLETE}


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


def exchange(said: str, answered: str) -> Recording:
    told = {"model": "m", "messages": [{"role": "user", "content": f"it is {said}"}]}
    message = {"role": "assistant", "content": f"so {answered}"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return record(Sent("/v1/chat/completions", orjson.dumps(told)), Answer((orjson.dumps(answer),)))


@given(st.sampled_from(VALUES), st.sampled_from(VALUES), POLICIES)
def test_a_back_test_says_what_policy_says_of_the_same_recorded_facts(said: str, answered: str, policy: str) -> None:
    recording = exchange(said, answered)
    old, new = engine(), engine(policy)
    found = result(recording, policy)
    wanted = set()
    for one in recording.decided.sightings:
        if one.side is Side.ANSWER and not found.answered:
            continue  # another request would have been sent, so nobody knows the answer
        before, after = (
            policy_of.decide(ACTIONS[one.side], recording.call, [one.facts]).effect for policy_of in (old, new)
        )
        assert before is one.verdict.effect
        if before is not after:
            wanted.add((one.side, one.evidence, before, after))
    assert {(one.side, one.evidence, one.before, one.after) for one in found.changes} == wanted
    stops = any(after is Effect.DENY for _, _, _, after in wanted)
    assert stops is (found.flip == "newly stopped")
