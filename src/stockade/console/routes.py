"""Routes of the control plane: none can be made without a permission, and who may use one is asked of that one.

Owns the way from a request to its handler: who calls (a key, a token, or a browser's session), whether a role of that
caller holds the permission of the matched route, and that a browser was not sent here by another site. Never decides by
path, host or any header of the request (CVE-2026-49468), and answers no caller whom nothing proves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stockade.console.ports import Callers
from stockade.console.sessions import Sessions
from stockade.core.errors import ForbiddenError, StockadeError, StoppedError, UnauthenticatedError
from stockade.core.permissions import Permission, permitted
from stockade.core.principal import Principal

SAME_ORIGIN_HEADER = "x-stockade-console"
"""A page of ours sends it with each change; a form cannot, and another site's script must ask first, in vain."""

_SAFE = frozenset({"GET", "HEAD"})
_CREDENTIALS = frozenset({b"authorization", b"x-api-key"})


class Open(Enum):
    """The declaration of a route that everybody may use."""

    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True)
class Door:
    """What stands before every handler. `origin` is how browsers reach the control plane."""

    callers: Callers
    sessions: Sessions
    origin: str


Handler = Callable[[Request, Principal], Awaitable[Response]]
OpenHandler = Callable[[Request], Awaitable[Response]]


class ControlRoute(Route):
    """A route with its declaration."""

    needs: Permission | Open


def route(door: Door, method: str, path: str, permission: Permission, handler: Handler) -> ControlRoute:
    """Return a route for callers of whom a role holds `permission`."""

    async def endpoint(request: Request) -> Response:
        caller = await _caller(door, request)
        if not permitted(caller.roles, permission):
            raise ForbiddenError(
                "None of your roles may do this.", hint=f"An administrator gives you one that holds {permission}."
            )
        return await handler(request, caller)

    return _made(method, path, permission, endpoint)


def open_route(method: str, path: str, handler: OpenHandler) -> ControlRoute:
    """Return a route that everybody may use: it shows nothing of the installation and changes nothing."""
    return _made(method, path, Open.ANYBODY, handler)


def refusal(error: StockadeError) -> JSONResponse:
    """Return an error as the control plane tells it."""
    told = {"error": {"code": error.code, "message": error.public, "hint": error.hint}}
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(told, error.status, headers)


def _made(method: str, path: str, needs: Permission | Open, endpoint: OpenHandler) -> ControlRoute:
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except StockadeError as error:
            return refusal(error)

    made = ControlRoute(path, answered, methods=[method])
    made.needs = needs
    return made


async def _caller(door: Door, request: Request) -> Principal:
    """Return who calls. Contract: a principal that was proven, or UnauthenticatedError, whatever breaks."""
    try:
        if any(name in _CREDENTIALS for name, _ in request.headers.raw):
            return await door.callers.prove(tuple(request.headers.raw))
        session = door.sessions.session(request)
        if session is None:
            raise UnauthenticatedError("Nobody is signed in.", hint="Sign in at /login, or send a key or token.")
        door.callers.standing(session.proof)
    except (StoppedError, UnauthenticatedError):
        raise
    except Exception as error:
        raise UnauthenticatedError("The gate could not prove who calls, so nobody was let in.") from error
    if request.method not in _SAFE:
        _check_origin(door, request)
    return session.proof.principal


def _check_origin(door: Door, request: Request) -> None:
    """Refuse a change that another site has a signed-in browser make. Fails: ForbiddenError."""
    origin = request.headers.get("origin", door.origin)
    if request.headers.get(SAME_ORIGIN_HEADER) != "1" or origin != door.origin:
        raise ForbiddenError(
            "This change does not come from a page of the gate.",
            hint=f"Send {SAME_ORIGIN_HEADER}: 1 from {door.origin}.",
        )
