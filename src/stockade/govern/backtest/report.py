"""The report: results added up. Owns where a session ends, what is left out, and the order of everything.

A session is followed up to its first divergence: what was recorded behind it would not have happened, so nothing is
said of it but how much it is. The same results give the same report in whatever order they came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stockade.core.decisions import Effect
from stockade.govern.backtest.differences import Change, Flip
from stockade.govern.backtest.results import Result, Standing

SAMPLES_MAX = 5
"""Samples of each rule."""


class Turn(NamedTuple):
    """One way in which a rule would decide otherwise: findings and exchanges of it."""

    rule: str
    before: Effect
    after: Effect
    findings: int
    exchanges: int


class Sample(NamedTuple):
    """An exchange that shows a turn; holds no content."""

    rule: str
    exchange: str
    at_s: float
    change: Change


class Cost(NamedTuple):
    """CPU time of an exchange without inspection, in microseconds: in the middle and at the 99th percentile."""

    median_us: int
    high_us: int


class Report(NamedTuple):
    """What a back-test found.

    `played` were compared, `left_out` stand behind the first divergence of their session. `checked` were recorded under
    a policy that is kept, of which `unfaithful` came out otherwise under it this time. `other_sight` are those in which
    the detectors saw something else than then; `defects` those of them whose detectors are the same versions.
    `unanswered` would have been sent otherwise than they were. `shadows` are the turns that rules in shadow would make.
    """

    played: int
    flips: dict[Flip, int]
    left_out: int
    sessions: int
    repeated: int
    incomparable: int
    unreadable: dict[str, int]
    checked: int
    unfaithful: int
    other_sight: int
    defects: int
    unanswered: int
    turns: tuple[Turn, ...]
    shadows: tuple[Turn, ...]
    samples: tuple[Sample, ...]
    cost: Cost
    cost_then: Cost
    inspection: Cost

    @property
    def as_before(self) -> int:
        """Return how many would have been decided as they were."""
        return self.played - sum(self.flips.values())


def report(results: Iterable[Result], since_s: float = 0.0) -> Report:
    """Return the report over results, of exchanges that began at `since_s` or later."""
    taken = list(results)
    unreadable = Counter(each.trouble for each in taken if each.standing is Standing.UNREADABLE)
    ordered = _whole([each for each in taken if each.standing is not Standing.UNREADABLE and each.at_s >= since_s])
    followed, left_out, sessions = _followed([each for each in ordered if each.standing is Standing.COMPARED])
    flips = Counter(each.flip for each in followed if each.flip is not None)
    turns, samples = _turns([(each, each.changes) for each in followed])
    shadows, _ = _turns([(each, each.shadows) for each in followed])
    checked = [each for each in followed if each.faithful is not None]
    otherwise = [each for each in followed if not each.sight]
    return Report(
        played=len(followed),
        flips={flip: flips.get(flip, 0) for flip in Flip},
        left_out=left_out,
        sessions=sessions,
        repeated=sum(each.standing is Standing.REPEATED for each in ordered),
        incomparable=sum(each.standing is Standing.INCOMPARABLE for each in ordered),
        unreadable=dict(sorted(unreadable.items())),
        checked=len(checked),
        unfaithful=sum(not each.faithful for each in checked),
        other_sight=len(otherwise),
        defects=sum(each.same_guards for each in otherwise),
        unanswered=sum(each.sent and not each.answered for each in followed),
        turns=turns,
        shadows=shadows,
        samples=samples,
        cost=_cost([each.cpu_us for each in followed]),
        cost_then=_cost([each.cpu_us_then for each in followed]),
        inspection=_cost([each.inspect_us for each in followed]),
    )


def _whole(results: Sequence[Result]) -> list[Result]:
    """Return one result an exchange in order of time; one made before the end counts only where no other is."""
    found: dict[str, Result] = {}
    for each in sorted(results, key=lambda one: (one.at_s, one.id, not one.provisional)):
        if each.id not in found or found[each.id].provisional:
            found[each.id] = each
    return list(found.values())


def _followed(results: Sequence[Result]) -> tuple[list[Result], int, int]:
    """Return the exchanges that would have happened, how many would not, and how many sessions diverged."""
    diverged: set[tuple[str, str]] = set()
    followed: list[Result] = []
    left_out = 0
    for each in results:
        session = (each.tenant, each.session)
        if session in diverged and each.goes_on:
            left_out += 1
            continue
        followed.append(each)
        if each.felt:
            diverged.add(session)
    return followed, left_out, len(diverged)


def _turns(
    told: Sequence[tuple[Result, Sequence[Change]]],
) -> tuple[tuple[Turn, ...], tuple[Sample, ...]]:
    findings: Counter[tuple[str, Effect, Effect]] = Counter()
    exchanges: Counter[tuple[str, Effect, Effect]] = Counter()
    samples: dict[tuple[str, Effect, Effect], list[Sample]] = {}
    for each, found in told:
        seen = set()
        for change in found:
            for rule in change.rules or ("(none)",):
                turn = (rule, change.before, change.after)
                findings[turn] += 1
                if turn not in seen:
                    seen.add(turn)
                    exchanges[turn] += 1
                    if len(samples.setdefault(turn, [])) < SAMPLES_MAX:
                        samples[turn].append(Sample(rule, each.id, each.at_s, change))
    order = sorted(findings, key=lambda turn: (-exchanges[turn], turn))
    turns = tuple(Turn(*turn, findings[turn], exchanges[turn]) for turn in order)
    return turns, tuple(sample for turn in order for sample in samples[turn])


def _cost(figures: Sequence[int]) -> Cost:
    if not figures:
        return Cost(0, 0)
    ordered = sorted(figures)
    return Cost(ordered[len(ordered) // 2], ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)])
