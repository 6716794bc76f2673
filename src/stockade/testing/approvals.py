"""Approvals in memory: the moves of `guard/approvals` without a database, for playbooks."""

from __future__ import annotations

from stockade.guard.approvals.approval import Approval, Held, Ruling, Scope, State, Vote, ask, passing, used, vote


class MemoryApprovals:
    """What waits, by its id, and what was shown of it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.kept: dict[str, Approval] = {}
        self.shown: dict[str, bytes] = {}

    def ask(self, held: Held, now_s: float) -> Ruling:
        """Return how it stands; APPROVED is counted as a use."""
        grant = passing(self.kept.values(), held, int(now_s))
        if grant is not None:
            self.kept[grant.id] = used(grant)
            return Ruling(grant.id, State.APPROVED)
        waits = self.kept[held.id] = ask(held, int(now_s), self.kept.get(held.id))
        self.shown[held.id] = held.shown
        return Ruling(held.id, waits.state(int(now_s)))

    def vote(
        self, id_: str, now_s: float, *, by: str = "bob", yes: bool = True, scope: Scope = Scope.ONCE, for_s: int = 60
    ) -> None:
        """Have somebody say something to what waits. Fails: as the store does."""
        said = Vote(by, by, yes, int(now_s), scope, int(now_s) + for_s)
        self.kept[id_] = vote(self.kept[id_], said)
