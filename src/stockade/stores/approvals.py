"""Approvals at rest: what waits for a person's yes, what people said, and how often it was used.

Owns that a yes is counted and used exactly once, however many gates and people are at it: every change is one
transaction, and writers stand in line. What an approver sees is sealed for its tenant and its id; an erased tenant
leaves nothing of it. A rule that holds nothing costs nothing here: no gate asks before a rule says `hold`.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, or_, select, update

from stockade.core.errors import NotFoundError, NotOpenError, StorageError
from stockade.core.limits import APPROVALS_WAITING_MAX
from stockade.guard.approvals.approval import (
    Approval,
    Held,
    Ruling,
    Scope,
    State,
    Subject,
    Vote,
    ask,
    passing,
    used,
    vote,
)
from stockade.stores.database import Database
from stockade.stores.sealing import Seal, SealError
from stockade.stores.statements import batches
from stockade.stores.tables import APPROVAL_VOTES, APPROVALS
from stockade.stores.tenants import TenantStore

KEPT_S = 90 * 86_400
"""How long an approval is kept after it ran out; the ledger tells of it for ever."""

_FIELDS = tuple(name for name in Approval.__slots__ if name != "votes")
_LOCK = "approvals"


class ApprovalStore:
    """The approvals of the installation. Safe to call from several threads."""

    def __init__(self, database: Database, tenants: TenantStore, clock: Callable[[], float]) -> None:
        """Take the database, the tenants' secrets and the clock (Unix seconds)."""
        self._database = database
        self._tenants = tenants
        self._clock = clock

    def ask(self, held: Held) -> Ruling:
        """Return how it stands: APPROVED lets it pass, and is counted as a use. What is new waits from now on.

        Fails: StorageError; a use may have been counted all the same, so a yes is rather lost than used twice.
        """
        now_s = self._now_s()
        with self._database.reading() as connection:
            known = self._own(self._found(connection, held), held, now_s)
        if known is not None and known.state in (State.DENIED, State.PENDING):
            return known  # a client that asks again and again writes nothing
        shown = self._seal(held.tenant).close(held.shown, _place(held.tenant, held.id))
        with self._database.writing(_LOCK) as connection:
            found = self._found(connection, held)
            if (grant := passing(found, held, now_s)) is not None:
                _put(connection, used(grant))
                return Ruling(grant.id, State.APPROVED)
            before = next((one for one in found if one.id == held.id), None)
            if (known := self._own(found, held, now_s)) is not None:
                return known
            if self._waiting(connection, held.tenant, now_s) >= APPROVALS_WAITING_MAX:
                return Ruling(held.id, State.CROWDED)
            self._forget(connection, now_s)
            _put(connection, ask(held, now_s, before), shown)
        return Ruling(held.id, State.PENDING)

    def vote(self, id_: str, said: Vote) -> Approval:
        """Return the approval with what somebody said, durable. Of two at once, one is first and the other sees it.

        Fails: NotFoundError; ForbiddenError for the one who asked; NotOpenError where it is over, or its link was used;
        StorageError, after which the call may be made again.
        """
        with self._database.writing(_LOCK) as connection:
            before = self._one(connection, id_)
            after = vote(before, said)
            if said.link and self._is_used(connection, said.link):
                raise NotOpenError("This link was used already.", hint="Ask for another one.")
            if after is not before:
                mine = (APPROVAL_VOTES.c.approval == id_) & (APPROVAL_VOTES.c.round == after.round)
                connection.execute(delete(APPROVAL_VOTES).where(mine, APPROVAL_VOTES.c.by == said.by))
                row = said._asdict() | {"yes": int(said.yes), "scope": said.scope.value, "told": 0}
                connection.execute(APPROVAL_VOTES.insert().values(approval=id_, round=after.round, **row))
        return after

    def get(self, id_: str) -> tuple[Approval, bytes]:
        """Return an approval with what an approver is shown. Fails: NotFoundError, StorageError."""
        with self._database.reading() as connection:
            approval = self._one(connection, id_)
            sealed = connection.execute(select(APPROVALS.c.shown).where(APPROVALS.c.id == id_)).scalar_one()
        try:
            return approval, self._seal(approval.tenant).open(sealed, _place(approval.tenant, id_))
        except SealError as error:
            raise StorageError(
                f"What {id_} shows is corrupt.", hint="Deny it; the client's next try asks anew."
            ) from error

    def list(self, *, waiting: bool = False) -> tuple[Approval, ...]:
        """Return all approvals that are kept, the newest first, or only those that wait. Fails: StorageError."""
        now_s = self._now_s()
        query = select(APPROVALS).order_by(APPROVALS.c.asked_at_s.desc(), APPROVALS.c.id)
        if waiting:
            query = query.where(APPROVALS.c.expires_at_s > now_s)
        with self._database.reading() as connection:
            found = self._with_votes(connection, connection.execute(query).mappings().all())
        return tuple(one for one in found if not waiting or one.state(now_s) is State.PENDING)

    def untold(self) -> Sequence[tuple[Approval, Vote | None]]:
        """Return what nobody was told of yet: what people said, and None for what ran out unanswered."""
        now_s = self._now_s()
        of_round = (APPROVAL_VOTES.c.approval == APPROVALS.c.id) & (APPROVAL_VOTES.c.round == APPROVALS.c.round)
        unanswered = (APPROVALS.c.expires_at_s <= now_s) & ~select(APPROVAL_VOTES.c.by).where(of_round).exists()
        over = (APPROVALS.c.told_round < APPROVALS.c.round) & unanswered
        with self._database.reading() as connection:
            query = select(APPROVAL_VOTES).where(APPROVAL_VOTES.c.told == 0)
            new = connection.execute(query.order_by(APPROVAL_VOTES.c.round)).mappings().all()
            wanted = or_(over, APPROVALS.c.id.in_({row["approval"] for row in new}))
            rows = connection.execute(select(APPROVALS).where(wanted)).mappings().all()
        kept = {row["id"]: row for row in rows}
        # A word counts as said in its round, which may be over by now.
        news: builtins.list[tuple[Approval, Vote | None]] = [
            (_approval({**kept[row["approval"]], "round": row["round"]}, (_vote(row),)), _vote(row))
            for row in new
            if row["approval"] in kept
        ]
        said = {approval.id for approval, _ in news}
        return [*news, *[(_approval(row, ()), None) for row in rows if row["id"] not in said]]

    def told(self, news: Sequence[tuple[Approval, Vote | None]]) -> None:
        """Keep that these were told of. Fails: StorageError, after which they are told of once more."""
        with self._database.writing(_LOCK) as connection:
            for approval, said in news:
                if said is None:
                    connection.execute(
                        update(APPROVALS).where(APPROVALS.c.id == approval.id).values(told_round=approval.round)
                    )
                else:
                    where = (APPROVAL_VOTES.c.approval == approval.id, APPROVAL_VOTES.c.round == approval.round)
                    connection.execute(
                        update(APPROVAL_VOTES).where(*where, APPROVAL_VOTES.c.by == said.by).values(told=1)
                    )

    def _own(self, found: Sequence[Approval], held: Held, now_s: int) -> Ruling | None:
        """Return how exactly this stands while it waits or is denied; None where it may pass, or must be asked anew."""
        if passing(found, held, now_s) is not None:
            return None
        for one in found:
            if one.id == held.id and (state := one.state(now_s)) in (State.DENIED, State.PENDING):
                return Ruling(one.id, state)
        return None

    def _found(self, connection: Connection, held: Held) -> Sequence[Approval]:
        """Return this and what has the same decisive values."""
        alike = or_(APPROVALS.c.id == held.id, APPROVALS.c.value == held.value)
        query = select(APPROVALS).where(APPROVALS.c.tenant == held.tenant, alike).order_by(APPROVALS.c.id == held.id)
        return self._with_votes(connection, connection.execute(query).mappings().all())

    def _one(self, connection: Connection, id_: str) -> Approval:
        row = connection.execute(select(APPROVALS).where(APPROVALS.c.id == id_)).mappings().one_or_none()
        if row is None:
            raise NotFoundError("Nothing waits under this id.", hint="`stockade approvals list` shows what does.")
        return self._with_votes(connection, [row])[0]

    def _with_votes(self, connection: Connection, rows: Sequence[RowMapping]) -> Sequence[Approval]:
        votes: dict[tuple[str, int], builtins.list[Vote]] = {}
        for part in batches([row["id"] for row in rows]):
            query = select(APPROVAL_VOTES).where(APPROVAL_VOTES.c.approval.in_(part))
            for row in connection.execute(query.order_by(APPROVAL_VOTES.c.at_s, APPROVAL_VOTES.c.by)).mappings():
                votes.setdefault((row["approval"], row["round"]), []).append(_vote(row))
        return [_approval(row, tuple(votes.get((row["id"], row["round"]), ()))) for row in rows]

    def _is_used(self, connection: Connection, link: str) -> bool:
        return connection.execute(select(APPROVAL_VOTES.c.by).where(APPROVAL_VOTES.c.link == link)).first() is not None

    def _waiting(self, connection: Connection, tenant: str, now_s: int) -> int:
        open_ = (APPROVALS.c.tenant == tenant, APPROVALS.c.expires_at_s > now_s, APPROVALS.c.uses == 0)
        return connection.execute(select(func.count()).select_from(APPROVALS).where(*open_)).scalar_one()

    def _forget(self, connection: Connection, now_s: int) -> None:
        old = select(APPROVALS.c.id).where(APPROVALS.c.expires_at_s < now_s - KEPT_S)
        connection.execute(delete(APPROVAL_VOTES).where(APPROVAL_VOTES.c.approval.in_(old)))
        connection.execute(delete(APPROVALS).where(APPROVALS.c.expires_at_s < now_s - KEPT_S))

    def _seal(self, tenant: str) -> Seal:
        return Seal(self._tenants.secrets(tenant).data_key)

    def _now_s(self) -> int:
        return int(self._clock())


def _put(connection: Connection, approval: Approval, shown: bytes | None = None) -> None:
    """Write an approval as it stands now; its votes are written where they are said."""
    row: dict[str, Any] = {name: getattr(approval, name) for name in _FIELDS}
    row |= {
        "rules": ",".join(approval.rules),
        "in_session": int(approval.in_session),
        "subject": approval.subject.value,
    }
    if shown is not None:
        row["shown"] = shown
    changed = connection.execute(update(APPROVALS).where(APPROVALS.c.id == approval.id).values(row))
    if not changed.rowcount:
        connection.execute(APPROVALS.insert().values(row | {"told_round": 0}))


def _approval(row: Mapping[Any, Any], votes: tuple[Vote, ...]) -> Approval:
    try:
        fields = {name: row[name] for name in _FIELDS}
        fields |= {"subject": Subject(row["subject"]), "in_session": bool(row["in_session"])}
        return Approval(**fields | {"rules": tuple(rule for rule in row["rules"].split(",") if rule)}, votes=votes)
    except (TypeError, ValueError) as error:
        raise _corrupt() from error


def _vote(row: RowMapping) -> Vote:
    try:
        return Vote(
            row["by"], row["name"], bool(row["yes"]), row["at_s"], Scope(row["scope"]), row["until_s"], row["link"]
        )
    except (TypeError, ValueError) as error:
        raise _corrupt() from error


def _corrupt() -> StorageError:
    return StorageError("A row of the approvals is corrupt.", hint="Put the control store back from a backup.")


def _place(tenant: str, id_: str) -> bytes:
    return b"approval\0" + tenant.encode() + b"\0" + id_.encode()
