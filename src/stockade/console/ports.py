"""The ports of the control plane: what it needs of the outside. `app.py` chooses the implementations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stockade.core.permissions import Permission
from stockade.core.principal import Principal, Role
from stockade.guard.approvals.approval import Approval, Vote
from stockade.guard.identity import KeyRecord, NewKey, Proof, Revocation, RevocationKind
from stockade.guard.identity.signin import Begun


class Callers(Protocol):
    """Who calls. Every call may fail with UnauthenticatedError; whatever else it raises is a 401 all the same."""

    async def prove(self, headers: tuple[tuple[bytes, bytes], ...]) -> Principal:
        """Return whom a key or a token proves."""

    def standing(self, proof: Proof) -> None:
        """Refuse the person of a session who was revoked since."""

    async def sign_in_url(self, begun: Begun) -> str:
        """Return where a browser goes to sign in."""

    async def signed_in(self, code: str, begun: Begun) -> Proof:
        """Return who signed in."""


class Keys(Protocol):
    """The API keys; calls touch a disk and are made in a thread. Fails: ConfigError, StorageError."""

    def create(
        self, name: str, tenant: str = "default", *, team: str = "", roles: Sequence[Role] = (), workspace: str = ""
    ) -> NewKey: ...

    def list(self) -> tuple[KeyRecord, ...]: ...

    def revoke(self, key_id: str) -> KeyRecord: ...

    def suspend(self, key_id: str) -> KeyRecord: ...

    def resume(self, key_id: str) -> KeyRecord: ...


class RevocationStore(Protocol):
    """Who was revoked; as `Keys`."""

    def revoke(self, kind: RevocationKind, subject: str = "", before_s: int | None = None) -> Revocation: ...

    def restore(self, kind: RevocationKind, subject: str = "") -> bool: ...

    def list(self) -> tuple[Revocation, ...]: ...


class Approvals(Protocol):
    """What waits for a person's yes; as `Keys`, and NotFoundError, ForbiddenError, NotOpenError."""

    def vote(self, id_: str, said: Vote) -> Approval: ...

    def get(self, id_: str) -> tuple[Approval, bytes]: ...

    def list(self, *, waiting: bool = False) -> tuple[Approval, ...]: ...


class Notes(Protocol):
    """The record of what people do with the gate."""

    async def __call__(self, caller: Principal, permission: Permission, subject: str) -> None:
        """Write that `caller` used `permission` on `subject`; durable once this returns. Fails: StorageError."""
