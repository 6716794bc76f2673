"""Comparing: what differs on all facts is what the engines differ on, and recorded facts are counted one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stockade.core.facts import Action
from stockade.govern.policy.comparing import compare, compare_all, counts
from stockade.govern.policy.facts import question_of
from stockade.stores.policy_files import load_policy
from tests.govern.policy.test_tables import own
from tests.guard.policy.written import facts

BASELINE, STRICT = load_policy(["baseline"]), load_policy(["strict"])
LATE = own('@id("r") @reason("R.") forbid (principal, action == Stockade::Action::"prompt", resource)'
           " when { context.score > 500 };")  # fmt: skip
SOON = own('@id("r") @reason("R.") forbid (principal, action == Stockade::Action::"prompt", resource)'
           " when { context.score >= 500 };")  # fmt: skip


def test_a_policy_does_not_differ_from_itself() -> None:
    assert compare_all(STRICT, STRICT).flips == ()


def test_the_one_value_on_which_two_differ_is_found() -> None:
    ((flip, count),) = compare_all(LATE, SOON).flips
    assert (flip.facts["score"], flip.is_looser, count) == (500, False, 1)
    ((back, _),) = compare_all(SOON, LATE).flips
    assert back.is_looser


def test_a_stricter_pack_is_never_looser() -> None:
    found = compare_all(BASELINE, STRICT)
    assert found.flips
    assert not any(flip.is_looser for flip, _ in found.flips)
    assert all(name.startswith("strict-") for name in counts(found))


@settings(deadline=None, max_examples=30)
@given(facts(Action.PROMPT))
def test_whoever_differs_differs_in_a_way_that_is_told(told: dict[str, object]) -> None:
    ways = {(flip.before.effect, flip.after.effect) for flip, _ in WAYS.flips if flip.action is Action.PROMPT}
    question = question_of(Action.PROMPT, told)
    one, other = BASELINE.answer(question).effect, STRICT.answer(question).effect
    assert one is other or (one, other) in ways


WAYS = compare_all(BASELINE, STRICT)


@given(st.lists(st.sampled_from([400, 500, 600]), max_size=20))
def test_recorded_questions_are_counted_one_by_one(scores: list[int]) -> None:
    samples = [(Action.PROMPT, {"score": score}, f"ex-{number}") for number, score in enumerate(scores)]
    found = compare(LATE, SOON, samples)
    assert (found.asked, found.differing) == (len(scores), scores.count(500))
    if found.flips:
        assert found.flips[0][0].exchange == f"ex-{scores.index(500)}"
        assert counts(found) == {"r": {"looser": 0, "stricter": scores.count(500)}}
