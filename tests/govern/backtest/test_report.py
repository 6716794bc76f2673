"""Results are added up alike in any order; a session is followed up to its first divergence."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect
from stockade.govern.backtest.differences import Change, Flip
from stockade.govern.backtest.report import report
from stockade.govern.backtest.results import Result, Standing
from stockade.guard.recording.recording import Side

DENIED = Change(Side.REQUEST, "payment_card", Effect.PSEUDONYMISE, Effect.DENY, ("no-cards",), "e" * 32, 19, "user")
FLAGGED = DENIED._replace(before=Effect.ALLOW, after=Effect.FLAG, rules=("watch",))


def one(number: int, session: str = "s", change: Change | None = None, *, goes_on: bool = True) -> Result:
    flip = None if change is None else Flip.NEWLY_STOPPED if change.after is Effect.DENY else Flip.CHANGED
    changes = () if change is None else (change,)
    felt = change is not None and change.felt
    return Result(
        Standing.COMPARED, f"ex-{number:03}", "acme", float(number), session=session, goes_on=goes_on, flip=flip,
        changes=changes, changes_total=len(changes), felt=felt, sent=True, answered=True, faithful=True, cpu_us=number,
    )  # fmt: skip


def test_a_session_is_followed_up_to_its_first_divergence() -> None:
    found = report([one(1, goes_on=False), one(2), one(3, change=DENIED), one(4), one(5, change=DENIED), one(6, "t")])
    assert (found.played, found.left_out, found.sessions, found.as_before) == (4, 2, 1, 3)
    assert found.flips == {Flip.NEWLY_STOPPED: 1, Flip.NEWLY_ALLOWED: 0, Flip.CHANGED: 0}
    [turn] = found.turns
    assert turn == ("no-cards", Effect.PSEUDONYMISE, Effect.DENY, 1, 1)


def test_what_nobody_would_notice_ends_no_session() -> None:
    found = report([one(1, change=FLAGGED), one(2, change=FLAGGED), one(3)])
    assert (found.played, found.left_out, found.flips[Flip.CHANGED]) == (3, 0, 2)


def test_a_conversation_that_begins_anew_is_followed_again_and_another_tenants_is_its_own() -> None:
    begins = one(2, change=DENIED, goes_on=False)
    other = one(3)._replace(tenant="other")
    found = report([one(1, change=DENIED, goes_on=False), begins, other])
    assert (found.played, found.left_out) == (3, 0)


def test_a_recording_made_before_sending_counts_where_no_other_is() -> None:
    early = one(1)._replace(provisional=True)
    assert report([early, one(1, change=DENIED)]).flips[Flip.NEWLY_STOPPED] == 1
    assert report([one(1, change=DENIED), early]).played == 1
    assert report([early]).played == 1


def test_what_was_not_compared_is_counted_and_what_is_older_is_not() -> None:
    stuck = one(4)._replace(standing=Standing.REPEATED)
    failed = one(5)._replace(standing=Standing.INCOMPARABLE)
    lost = Result(Standing.UNREADABLE, tenant="acme", trouble="damaged")
    found = report([one(1), one(3), stuck, failed, lost, lost], since_s=2.0)
    assert (found.played, found.repeated, found.incomparable, found.unreadable) == (1, 1, 1, {"damaged": 2})


def test_faith_and_sight_are_counted() -> None:
    otherwise = one(2)._replace(faithful=False, sight=False)
    detectors = one(3)._replace(faithful=None, sight=False, same_guards=False)
    found = report([one(1), otherwise, detectors])
    assert (found.checked, found.unfaithful, found.other_sight, found.defects) == (2, 1, 2, 1)


def test_samples_are_the_first_of_each_turn() -> None:
    found = report([one(number, f"s{number}", DENIED) for number in range(20)])
    assert [sample.exchange for sample in found.samples] == [f"ex-{number:03}" for number in range(5)]


def test_cost_is_told_in_the_middle_and_at_the_end() -> None:
    assert report([one(number) for number in range(101)]).cost == (50, 99)
    assert report([]).cost == (0, 0)


SESSIONS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([None, DENIED, FLAGGED]), st.booleans()), max_size=20
)


@given(SESSIONS, st.randoms(use_true_random=False))
def test_the_order_in_which_results_come_changes_nothing(
    told: list[tuple[str, Change | None, bool]], dice: Random
) -> None:
    results = [one(n, session, change, goes_on=goes_on) for n, (session, change, goes_on) in enumerate(told)]
    shuffled = list(results)
    dice.shuffle(shuffled)
    assert report(shuffled) == report(results)
    assert report(results).played + report(results).left_out == len(results)
