"""Approvals over HTTP: what waits, shown and decided, also by a signed link; as JSON.

Owns that a link is bound to its round and used once, and that who asked cannot open it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stockade.console.bodies import json_object
from stockade.console.links import Link, opened, signed
from stockade.console.ports import Approvals, Notes
from stockade.console.routes import ControlRoute, Door, route
from stockade.core.errors import ForbiddenError, InvalidRequestError, NotOpenError
from stockade.core.limits import APPROVAL_WAIT_S
from stockade.core.permissions import Permission
from stockade.core.principal import Principal
from stockade.guard.approvals.approval import Approval, Scope, Vote
from stockade.guard.approvals.telling import timestamp, told

LINKS = "/api/approval-links"
LINK_S = 3600
"""How long a link lives where nobody says otherwise."""

_DECISION = frozenset({"scope", "for_s"})


class ApprovalsApi:
    """Handlers over the store."""

    def __init__(self, approvals: Approvals, note: Notes, key: bytes, now_s: Callable[[], float]) -> None:
        """Sign links with `key`; `note` records what people do."""
        self._approvals = approvals
        self._note = note
        self._key = key
        self._now_s = now_s
        self._origin = ""

    def routes(self, door: Door) -> list[ControlRoute]:
        """Return the routes."""
        self._origin = door.origin
        look, decide = Permission.APPROVAL_CALLS_LIST, Permission.APPROVAL_CALLS_DECIDE
        one, link = "/api/approvals/{id:str}", LINKS + "/{link:str}"
        return [
            route(door, "GET", "/api/approvals", look, self.list_approvals),
            route(door, "GET", one, look, self.show),
            route(door, "POST", f"{one}/approve", decide, self.approve),
            route(door, "POST", f"{one}/deny", decide, self.deny),
            route(door, "POST", f"{one}/link", decide, self.make_link),
            route(door, "GET", link, decide, self.open_link),
            route(door, "POST", f"{link}/approve", decide, self.approve_by_link),
            route(door, "POST", f"{link}/deny", decide, self.deny_by_link),
        ]

    async def list_approvals(self, request: Request, _caller: Principal) -> Response:
        """Tell what waits, or all that is kept where `all=1` asks for it."""
        waiting = request.query_params.get("all") != "1"
        found = await asyncio.to_thread(lambda: self._approvals.list(waiting=waiting))
        now_s = int(self._now_s())
        return JSONResponse({"approvals": [told(one, now_s) for one in found]})

    async def show(self, request: Request, _caller: Principal) -> Response:
        """Tell what waits under one id, with what an approver must see."""
        return await self._shown(request.path_params["id"])

    async def approve(self, request: Request, caller: Principal) -> Response:
        """Say yes."""
        return await self._yes(request, caller, request.path_params["id"])

    async def deny(self, request: Request, caller: Principal) -> Response:
        """Say no."""
        return await self._no(caller, request.path_params["id"])

    async def make_link(self, request: Request, caller: Principal) -> Response:
        """Make a link to what waits."""
        lasts_s = _seconds(await json_object(request, frozenset({"for_s"})), LINK_S)
        approval, _ = await self._get(request.path_params["id"])
        now_s = int(self._now_s())
        link = Link(approval.id, approval.round, min(now_s + lasts_s, approval.expires_at_s), secrets.token_hex(12))
        await self._note(caller, Permission.APPROVAL_CALLS_DECIDE, f"{approval.id} link")
        url = f"{self._origin}{LINKS}/{signed(self._key, link)}"
        return JSONResponse(
            {"url": url, "expires_at": timestamp(link.expires_at_s)}, 201, {"cache-control": "no-store"}
        )

    async def open_link(self, request: Request, caller: Principal) -> Response:
        """Tell what a link points to."""
        return await self._shown((await self._linked(request, caller)).approval)

    async def approve_by_link(self, request: Request, caller: Principal) -> Response:
        """Say yes by a link."""
        link = await self._linked(request, caller)
        return await self._yes(request, caller, link.approval, link.nonce)

    async def deny_by_link(self, request: Request, caller: Principal) -> Response:
        """Say no by a link."""
        link = await self._linked(request, caller)
        return await self._no(caller, link.approval, link.nonce)

    async def _linked(self, request: Request, caller: Principal) -> Link:
        link = opened(self._key, request.path_params["link"], self._now_s())
        approval, _ = await self._get(link.approval)
        if caller.id == approval.principal:
            raise ForbiddenError("Nobody approves what they asked for themselves.", hint="Ask another approver.")
        if approval.round != link.round or any(said.link == link.nonce for said in approval.votes):
            raise NotOpenError("This link was used already, or what it points to is over.", hint="Ask for another one.")
        return link

    async def _shown(self, id_: str) -> Response:
        approval, content = await self._get(id_)
        shown = told(approval, int(self._now_s())) | {"shown": orjson.loads(content)}
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    async def _get(self, id_: str) -> tuple[Approval, bytes]:
        return await asyncio.to_thread(self._approvals.get, id_)

    async def _yes(self, request: Request, caller: Principal, id_: str, link: str = "") -> Response:
        body = await json_object(request, _DECISION)
        scope = body.get("scope", Scope.ONCE.value)
        if not isinstance(scope, str) or scope not in set(Scope):
            raise InvalidRequestError("`scope` must be one of: " + ", ".join(sorted(Scope)) + ".")
        now_s = int(self._now_s())
        until_s = now_s + _seconds(body, APPROVAL_WAIT_S)
        return await self._vote(caller, id_, Vote(caller.id, caller.name, True, now_s, Scope(scope), until_s, link))

    async def _no(self, caller: Principal, id_: str, link: str = "") -> Response:
        said = Vote(caller.id, caller.name, False, int(self._now_s()), link=link)
        return await self._vote(caller, id_, said)

    async def _vote(self, caller: Principal, id_: str, said: Vote) -> Response:
        approval = await asyncio.to_thread(self._approvals.vote, id_, said)
        await self._note(caller, Permission.APPROVAL_CALLS_DECIDE, f"{approval.id} {'yes' if said.yes else 'no'}")
        return JSONResponse(told(approval, int(self._now_s())))


def _seconds(body: dict[str, Any], default: int) -> int:
    found = body.get("for_s", default)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found < 2**31:
        raise InvalidRequestError("`for_s` must be a number of seconds.")
    return found
