"""The admin interface: keys and revocations, as JSON. The text of a key stands in the answer to its making alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stockade.console.bodies import json_object, text
from stockade.console.ports import Keys, Notes, RevocationStore
from stockade.console.routes import ControlRoute, Door, route
from stockade.core.errors import ConfigError, InvalidRequestError, NotFoundError
from stockade.core.permissions import Permission
from stockade.core.principal import Principal, Role
from stockade.guard.identity import KeyRecord, Revocation, RevocationKind

_NEW_KEY = frozenset({"name", "tenant", "team", "roles", "workspace"})
_NEW_REVOCATION = frozenset({"kind", "subject", "before"})

_Result = TypeVar("_Result")


class KeysApi:
    """Handlers over the stores."""

    def __init__(self, keys: Keys, revocations: RevocationStore, workspaces: frozenset[str], note: Notes) -> None:
        """Take the stores, the names of known workspaces, and where what people do is recorded."""
        self._keys = keys
        self._revocations = revocations
        self._workspaces = workspaces
        self._note = note

    def routes(self, door: Door) -> list[ControlRoute]:
        """Return the routes."""
        suspend = Permission.ACCESS_KEYS_SUSPEND
        key = "/api/keys/{id:str}"
        revoked = "/api/revocations"
        return [
            route(door, "GET", "/api/keys", Permission.ACCESS_KEYS_LIST, self.list_keys),
            route(door, "POST", "/api/keys", Permission.ACCESS_KEYS_CREATE, self.create),
            route(door, "POST", f"{key}/revoke", Permission.ACCESS_KEYS_REVOKE, self.revoke),
            route(door, "POST", f"{key}/suspend", suspend, self.suspend),
            route(door, "POST", f"{key}/resume", suspend, self.resume),
            route(door, "GET", revoked, Permission.ACCESS_PEOPLE_LIST, self.list_revocations),
            route(door, "POST", revoked, Permission.ACCESS_PEOPLE_REVOKE, self.revoke_person),
            route(door, "DELETE", revoked + "/{kind}/{subject}", Permission.ACCESS_PEOPLE_REVOKE, self.restore),
        ]

    async def list_keys(self, _request: Request, _caller: Principal) -> Response:
        """Tell all keys, revoked ones too, never their text."""
        return JSONResponse({"keys": [shown_key(record) for record in await _done(self._keys.list)]})

    async def create(self, request: Request, caller: Principal) -> Response:
        """Make a key; its text is told this once."""
        told = await json_object(request, _NEW_KEY)
        workspace = text(told, "workspace", "")
        if workspace and workspace not in self._workspaces:
            raise InvalidRequestError("There is no workspace of this name.")
        roles, name, tenant = _roles(told), text(told, "name"), text(told, "tenant", "default")
        team = text(told, "team", "")
        made = await _done(lambda: self._keys.create(name, tenant, team=team, roles=roles, workspace=workspace))
        await self._note(caller, Permission.ACCESS_KEYS_CREATE, made.record.id)
        return JSONResponse({"key": made.text, **shown_key(made.record)}, 201, {"cache-control": "no-store"})

    async def revoke(self, request: Request, caller: Principal) -> Response:
        """Make a key open nothing any more."""
        return await self._change(request, caller, Permission.ACCESS_KEYS_REVOKE, self._keys.revoke)

    async def suspend(self, request: Request, caller: Principal) -> Response:
        """Make a key open nothing until it is resumed."""
        return await self._change(request, caller, Permission.ACCESS_KEYS_SUSPEND, self._keys.suspend)

    async def resume(self, request: Request, caller: Principal) -> Response:
        """Let a suspended key open again."""
        return await self._change(request, caller, Permission.ACCESS_KEYS_SUSPEND, self._keys.resume)

    async def list_revocations(self, _request: Request, _caller: Principal) -> Response:
        """Tell who was revoked."""
        found = await _done(self._revocations.list)
        return JSONResponse({"revocations": [shown_revocation(record) for record in found]})

    async def revoke_person(self, request: Request, caller: Principal) -> Response:
        """Revoke a person, a token, or everybody up to a time."""
        told = await json_object(request, _NEW_REVOCATION)
        kind, subject, before = _kind(text(told, "kind")), text(told, "subject", ""), told.get("before")
        if before is not None and (isinstance(before, bool) or not isinstance(before, int) or not 0 < before < 2**40):
            raise InvalidRequestError("`before` must be a time in Unix seconds.")
        made = await _done(lambda: self._revocations.revoke(kind, subject, before))
        await self._note(caller, Permission.ACCESS_PEOPLE_REVOKE, made.subject or made.kind)
        return JSONResponse(shown_revocation(made), 201)

    async def restore(self, request: Request, caller: Principal) -> Response:
        """Take a revocation back; `everybody` has the subject "-"."""
        kind, subject = _kind(request.path_params["kind"]), request.path_params["subject"]
        if not await _done(lambda: self._revocations.restore(kind, "" if subject == "-" else subject)):
            raise NotFoundError("There is no such revocation.")
        await self._note(caller, Permission.ACCESS_PEOPLE_REVOKE, subject)
        return JSONResponse({"restored": subject})

    async def _change(
        self, request: Request, caller: Principal, permission: Permission, change: Callable[[str], KeyRecord]
    ) -> Response:
        key_id = request.path_params["id"]
        try:
            record = await asyncio.to_thread(change, key_id)
        except ConfigError as error:
            raise NotFoundError(error.public) from error
        await self._note(caller, permission, record.id)
        return JSONResponse(shown_key(record))


def shown_key(record: KeyRecord) -> dict[str, Any]:
    """Return what is told of a key."""
    return {
        "id": record.id,
        "name": record.name,
        "tenant": record.tenant,
        "team": record.team,
        "roles": list(record.roles),
        "workspace": record.workspace,
        "created_at": _time(record.created_at_s),
        "revoked_at": _time(record.revoked_at_s),
        "suspended_at": _time(record.suspended_at_s),
    }


def shown_revocation(record: Revocation) -> dict[str, Any]:
    """Return what is told of a revocation."""
    return {
        "kind": record.kind,
        "subject": record.subject,
        "before": _time(record.before_s),
        "created_at": _time(record.created_at_s),
    }


async def _done(work: Callable[[], _Result]) -> _Result:
    """Return what a store answers, asked in a thread; what it cannot do is the caller's mistake."""
    try:
        return await asyncio.to_thread(work)
    except ConfigError as error:
        raise InvalidRequestError(error.public, hint=error.hint) from error


def _roles(told: dict[str, Any]) -> tuple[Role, ...]:
    found = told.get("roles", [])
    if not isinstance(found, list) or not all(isinstance(role, str) and role in set(Role) for role in found):
        raise InvalidRequestError("`roles` must be a list of: " + ", ".join(sorted(Role)) + ".")
    return tuple(Role(role) for role in dict.fromkeys(found))


def _kind(word: str) -> RevocationKind:
    if word not in set(RevocationKind):
        raise InvalidRequestError("`kind` must be one of: " + ", ".join(sorted(RevocationKind)) + ".")
    return RevocationKind(word)


def _time(at_s: int | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
