"""An approval: what was held, who said what to it, and what therefore passes now. Values and their one set of moves.

Owns when a yes counts: of enough people, none of them the one who asked, not past its time, not used up. A *round* is
one waiting for an answer; what was used or ran out is asked anew in the next round, under the same id, and nothing of
an earlier round counts in it. Never sees the content of what is held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from stockade.core.errors import ForbiddenError, NotOpenError
from stockade.core.limits import APPROVAL_UNTIL_S_MAX, APPROVAL_WAIT_S


class Scope(StrEnum):
    """How far a yes reaches."""

    ONCE = "once"  # exactly this, one time
    SESSION = "session"  # in this session, whatever has the same decisive values
    UNTIL = "until"  # exactly this, as often as it is asked for until a time


class State(StrEnum):
    """How an approval stands."""

    APPROVED = "approved"
    CROWDED = "crowded"  # so much waits already that this was not written down
    DENIED = "denied"
    EXPIRED = "expired"
    PENDING = "pending"
    USED = "used"


class Subject(StrEnum):
    """What is held."""

    CALL = "call"
    REQUEST = "request"


class Held(NamedTuple):
    """What a rule holds, as the store is asked about it.

    `id` names exactly this, the same on every retry; `value` names its decisive values in the session, for scope
    `session`. `shown` is what an approver must see; it is content, and sealed at rest.
    """

    id: str
    value: str
    tenant: str
    principal: str
    subject: Subject
    rules: tuple[str, ...]
    needed: int
    in_session: bool
    shown: bytes


class Ruling(NamedTuple):
    """The store's answer: APPROVED lets pass, and has been counted as used. `id` is the approval that decided."""

    id: str
    state: State


class Vote(NamedTuple):
    """What one person said. `link` names the link through which it was said, "" for none."""

    by: str
    name: str
    yes: bool
    at_s: int
    scope: Scope = Scope.ONCE
    until_s: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """What waits or waited. `votes` are those of this round, in order."""

    id: str
    value: str
    tenant: str
    principal: str
    subject: Subject
    rules: tuple[str, ...]
    needed: int
    in_session: bool
    round: int
    asked_at_s: int
    expires_at_s: int
    uses: int = 0
    votes: tuple[Vote, ...] = ()

    def state(self, now_s: int) -> State:
        """Return how it stands at `now_s`."""
        if any(not vote.yes for vote in self.votes):
            return State.DENIED if now_s < self.expires_at_s else State.EXPIRED
        if len(self.votes) < self.needed:
            return State.PENDING if now_s < self.expires_at_s else State.EXPIRED
        if self.scope is Scope.ONCE and self.uses:
            return State.USED
        return State.APPROVED if now_s < self.until_s else State.EXPIRED

    @property
    def scope(self) -> Scope:
        """Return how far the yes reaches: where people said different things, once."""
        said = {vote.scope for vote in self.votes if vote.yes}
        return said.pop() if len(said) == 1 else Scope.ONCE

    @property
    def until_s(self) -> int:
        """Return when the yes ends: at the earliest of what people said."""
        return min((vote.until_s for vote in self.votes if vote.yes), default=0)


def ask(held: Held, now_s: int, before: Approval | None = None) -> Approval:
    """Return what waits now for `held`: as it stood, or a new round where that is over."""
    if before is not None and before.state(now_s) not in (State.EXPIRED, State.USED):
        return before
    return Approval(
        held.id,
        held.value,
        held.tenant,
        held.principal,
        held.subject,
        held.rules,
        held.needed,
        held.in_session,
        before.round + 1 if before is not None else 1,
        now_s,
        now_s + APPROVAL_WAIT_S,
    )


def passing(found: Iterable[Approval], held: Held, now_s: int) -> Approval | None:
    """Return the approval under which `held` may pass now, None for none."""
    for one in found:
        if one.state(now_s) is not State.APPROVED or (one.tenant, one.principal) != (held.tenant, held.principal):
            continue
        if one.id == held.id or (one.scope is Scope.SESSION and one.value == held.value):
            return one
    return None


def used(approval: Approval) -> Approval:
    """Return it with one more use."""
    return replace(approval, uses=approval.uses + 1)


def vote(approval: Approval, said: Vote) -> Approval:
    """Return the approval with what somebody said; the same word of two people, or twice, is one.

    Fails: ForbiddenError for the one who asked, NotOpenError where it is over or the scope cannot be.
    """
    state = approval.state(said.at_s)
    if said.yes and said.by == approval.principal:
        raise ForbiddenError("Nobody approves what they asked for themselves.", hint="Ask another approver.")
    if said.yes and state is State.APPROVED:
        return approval
    if not said.yes and state is State.DENIED:
        return approval
    if state not in (State.APPROVED, State.PENDING):
        raise NotOpenError(
            f"{approval.id} is {state}, so nobody can decide it any more.",
            hint="It waits anew when the client asks for the same again.",
        )
    earlier = [one for one in approval.votes if one.by == said.by]
    if said.yes and earlier:
        return approval
    if said.yes:
        _check_scope(approval, said)
    votes = tuple(one for one in approval.votes if one.by != said.by)
    return replace(approval, votes=(*votes, said))


def _check_scope(approval: Approval, said: Vote) -> None:
    if said.scope is Scope.SESSION and not approval.in_session:
        raise NotOpenError(
            "The client named no session, so nothing can be approved for one.", hint="Approve it once, or until a time."
        )
    if not said.at_s < said.until_s <= said.at_s + APPROVAL_UNTIL_S_MAX:
        raise NotOpenError(
            f"An approval ends later than now and within {APPROVAL_UNTIL_S_MAX // 86_400} days.",
            hint="Name another time.",
        )
