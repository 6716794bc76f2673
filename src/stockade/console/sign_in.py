"""Sign-ins of browsers: to the issuer and back, with PKCE, state and nonce; and who is signed in.

Where a browser is sent after it signed in is fixed, so that no address in a request can lead it elsewhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from stockade.console.routes import ControlRoute, Door, open_route, route
from stockade.core.errors import InvalidRequestError, UnauthenticatedError
from stockade.core.permissions import ROLE_PERMISSIONS, Permission
from stockade.core.principal import Principal
from stockade.guard.identity.signin import ENTROPY_BYTES, begin, code_of

CALLBACK = "/callback"
HOME = "/api/me"


class SignInApi:
    """Handlers of sign-ins. `issuers` are the urls of those at which people can sign in."""

    def __init__(self, door: Door, issuers: tuple[str, ...], now_s: Callable[[], float]) -> None:
        """Stand behind `door`."""
        self._door = door
        self._issuers = issuers
        self._now_s = now_s

    def routes(self) -> list[ControlRoute]:
        """Return the routes."""
        return [
            open_route("GET", "/healthz", self.health),
            open_route("GET", "/login", self.login),
            open_route("GET", CALLBACK, self.callback),
            route(self._door, "POST", "/logout", Permission.OWN_IDENTITY_READ, self.logout),
            route(self._door, "GET", HOME, Permission.OWN_IDENTITY_READ, self.me),
        ]

    async def health(self, _request: Request) -> Response:
        """Say that the process runs."""
        return JSONResponse({"status": "ok"})

    async def login(self, request: Request) -> Response:
        """Send the browser to the issuer."""
        if not self._issuers:
            raise InvalidRequestError("Nobody can sign in here.", hint="Give an issuer in stockade.yaml a client_id.")
        issuer = request.query_params.get("issuer", self._issuers[0])
        if issuer not in self._issuers:
            raise InvalidRequestError("Nobody can sign in at that issuer.")
        entropy = secrets.token_bytes(ENTROPY_BYTES)
        begun = begin(entropy, issuer, self._door.origin + CALLBACK, int(self._now_s()))
        response = RedirectResponse(await self._door.callers.sign_in_url(begun), 303, {"cache-control": "no-store"})
        self._door.sessions.begin(response, begun)
        return response

    async def callback(self, request: Request) -> Response:
        """End the sign-in that this browser began."""
        begun = self._door.sessions.begun(request)
        if begun is None:
            raise UnauthenticatedError("This browser has begun no sign-in.", hint="Begin at /login.")
        code = code_of(request.query_params, begun, self._now_s())
        proof = await self._door.callers.signed_in(code, begun)
        response = RedirectResponse(HOME, 303, {"cache-control": "no-store"})
        self._door.sessions.open(response, proof)
        return response

    async def logout(self, _request: Request, _caller: Principal) -> Response:
        """Sign the browser out; at the issuer the person stays signed in."""
        response = JSONResponse({"status": "signed out"})
        self._door.sessions.close(response)
        return response

    async def me(self, _request: Request, caller: Principal) -> Response:
        """Tell the caller who it is here."""
        return JSONResponse(shown_caller(caller), headers={"cache-control": "no-store"})


def shown_caller(caller: Principal) -> dict[str, Any]:
    """Return what a caller is told of itself, at the terminal too."""
    return {
        "id": caller.id,
        "name": caller.name,
        "kind": caller.kind,
        "tenant": caller.tenant,
        "teams": list(caller.teams),
        "roles": list(caller.roles),
        "permissions": sorted(set().union(*(ROLE_PERMISSIONS[role] for role in caller.roles))),
    }
