"""Differences between what was decided then and what would be decided: by finding, by tool, by exchange.

Owns what counts as stopped and what as another course of a session. Compares values alone; holds no content.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from stockade.core.decisions import STRENGTH, Effect, Verdict
from stockade.guard.recording.recording import Called, Decided, Side, Sighting

REFUSED = frozenset({"policy_refusal", "model_not_listed"})
"""Codes of errors by which the gate says no; all others are accidents, of which nothing follows for a policy."""

_UNFELT = frozenset({Effect.ALLOW, Effect.FLAG})
_UNSEEN = Verdict(Effect.ALLOW)


class Flip(StrEnum):
    """How an exchange would have been decided otherwise."""

    NEWLY_ALLOWED = "newly allowed"
    NEWLY_STOPPED = "newly stopped"
    CHANGED = "changed"


class Change(NamedTuple):
    """One thing that would have been decided otherwise.

    `what` is the rule of a detector, `tool` or `model`; `rules` are those that decide: of the policy that says more.
    """

    side: Side
    what: str
    before: Effect
    after: Effect
    rules: tuple[str, ...]
    evidence: str = ""
    characters: int = 0
    channel: str = ""
    excerpt: str = ""

    @property
    def felt(self) -> bool:
        """Say whether client or vendor would have noticed."""
        return self.before not in _UNFELT or self.after not in _UNFELT


def stopped(decided: Decided) -> bool:
    """Say whether the gate refused or stopped an exchange, or took a tool call out of its answer."""
    return decided.error in REFUSED or decided.withdrawn > 0


def flip_of(then: Decided, now: Decided, changed: Sequence[Change], *, followed: bool) -> Flip | None:
    """Return how the exchange would have been decided otherwise, None for not at all.

    `followed` says that the vendor would have been asked for the same: else of its answer nothing is known.
    """
    other = Flip.CHANGED if changed else None
    was_stopped, is_stopped = stopped(then), stopped(now)
    if now.forwarded and not followed:
        return Flip.NEWLY_ALLOWED if was_stopped and not then.forwarded else other
    if is_stopped != was_stopped:
        return Flip.NEWLY_STOPPED if is_stopped else Flip.NEWLY_ALLOWED
    return other


def changes(then: Decided, now: Decided, *, answered: bool) -> list[Change]:
    """Return what would have been decided otherwise; on the side of the answer only where one was played."""
    found = list(_of_calls(then.calls, now.calls))
    if then.inspected and now.inspected:
        found += _of_findings(then, now, Side.REQUEST)
    if answered:
        found += _of_findings(then, now, Side.ANSWER)
    if not found and (now.error in REFUSED) != (then.error in REFUSED) and (answered or not now.forwarded):
        # Refused for the model, or by a rule that judges no finding.
        before, after = (Effect.DENY if stopped(each) else Effect.ALLOW for each in (then, now))
        found.append(Change(Side.REQUEST, "model", before, after, now.rules or then.rules))
    return found


def in_shadow(now: Decided) -> list[Change]:
    """Return what rules in shadow would make otherwise, were they in force."""
    found = [
        _change(one, one.verdict.effect, one.verdict.shadow, one.verdict.shadow_rules + one.verdict.shadow_failed)
        for one in now.sightings
        if one.verdict.shadow is not None
    ]
    others = [("tool", called.verdict) for called in now.calls]
    if now.forward is not None:
        others.append(("model", now.forward))
    for what, verdict in others:
        if verdict.shadow is not None:
            rules = verdict.shadow_rules + verdict.shadow_failed
            found.append(Change(Side.REQUEST, what, verdict.effect, verdict.shadow, rules))
    return found


def same_sight(then: Decided, now: Decided, side: Side) -> bool:
    """Say whether the detectors saw the same on one side, as far as both were looked at.

    An answer is judged only up to what stops it, so there the shorter account must be the beginning of the longer.
    """
    seen = [[(one.evidence, one.facts) for one in each.sightings if one.side is side] for each in (then, now)]
    if side is Side.ANSWER and (stopped(then) or stopped(now)):
        length = min(map(len, seen))
        return seen[0][:length] == seen[1][:length]
    return seen[0] == seen[1]


def _of_findings(then: Decided, now: Decided, side: Side) -> Iterator[Change]:
    before, after = (_by_place(each.sightings, side) for each in (then, now))
    cut = side is Side.ANSWER and (stopped(then) or stopped(now))
    for place in dict.fromkeys((*before, *after)):
        old, new = before.get(place), after.get(place)
        if cut and (old is None or new is None):
            continue  # behind what stopped one of the two
        one = new or old
        assert one is not None
        was, is_ = (each.verdict if each is not None else _UNSEEN for each in (old, new))
        if was.effect is not is_.effect:
            yield _change(one, was.effect, is_.effect, _deciding(was, is_))


def _by_place(sightings: Sequence[Sighting], side: Side) -> dict[tuple[object, ...], Sighting]:
    """Return the sightings of one side by what they are; of those that are alike, each by its number."""
    found: dict[tuple[object, ...], Sighting] = {}
    for each in sightings:
        if each.side is side:
            alike = (each.segment, each.facts.detector, each.facts.rule, each.evidence)
            number = 0
            while (*alike, number) in found:
                number += 1
            found[*alike, number] = each
    return found


def _of_calls(then: Sequence[Called], now: Sequence[Called]) -> Iterator[Change]:
    for old, new in zip_longest(then, now):
        if old is None or new is None:
            continue  # behind what stopped one of the two
        was, is_ = old.verdict.effect, new.verdict.effect
        if was is not is_:
            rules = _deciding(old.verdict, new.verdict)
            yield Change(Side.ANSWER, "tool", was, is_, rules, characters=len(old.tool))


def _change(one: Sighting, before: Effect, after: Effect, rules: tuple[str, ...]) -> Change:
    return Change(one.side, one.facts.rule, before, after, rules, one.evidence, one.characters, one.facts.channel)


def _deciding(was: Verdict, is_: Verdict) -> tuple[str, ...]:
    """Return the rules to which a change is put down: those that say more, now or then."""
    old, new = was.rules + was.failed, is_.rules + is_.failed
    return (new or old) if STRENGTH[is_.effect] > STRENGTH[was.effect] else (old or new)
