"""The control plane as one application: its routes, and what every answer of it carries.

Owns that nothing is answered but what a route answers: an unknown path is a 404 that says nothing, a fault a 500
without a word of what it was. Shares no route with the data plane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stockade.config.schema import Settings
from stockade.console.approvals import ApprovalsApi
from stockade.console.keys import KeysApi
from stockade.console.ports import Approvals, Callers, Keys, Notes, RevocationStore
from stockade.console.routes import ControlRoute, Door, refusal
from stockade.console.sessions import Sessions
from stockade.console.sign_in import SignInApi
from stockade.core.errors import NotFoundError, StockadeError
from stockade.stores.installation_key import derived_key

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def control_application(routes: Iterable[ControlRoute], fault: Callable[[str], None]) -> ASGIApp:
    """Return the application; `fault` is told the type of an unexpected exception."""

    async def unknown(_request: Request, _error: Exception) -> Response:
        return refusal(NotFoundError("The control plane has nothing here."))

    async def broken(_request: Request, error: Exception) -> Response:
        fault(type(error).__name__)
        return refusal(StockadeError("The control plane failed on this request."))

    made = Starlette(routes=list(routes), exception_handlers={404: unknown, 405: unknown, Exception: broken})
    made.router.redirect_slashes = False  # such a redirect would be made of the Host header
    return _Guarded(made)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the control plane works with."""

    callers: Callers
    keys: Keys
    revocations: RevocationStore
    approvals: Approvals
    note: Notes
    now_s: Callable[[], float]


def control_plane(settings: Settings, parts: Parts, url: str, key: bytes, fault: Callable[[str], None]) -> ASGIApp:
    """Return the control plane that listens at `url`; `key` seals sessions."""
    return control_application(control_routes(settings, parts, url, key), fault)


def control_routes(settings: Settings, parts: Parts, url: str, key: bytes) -> list[ControlRoute]:
    """Return every route of the control plane. A part that adds some is named here."""
    control = settings.control
    origin = (control.url or url).rstrip("/")
    sessions = Sessions(key, secure=origin.startswith("https:"), session_s=control.session_s, now_s=parts.now_s)
    door = Door(parts.callers, sessions, origin)
    issuers = tuple(each.url for each in settings.identity.issuers if each.client_id is not None)
    workspaces = frozenset(each.name for each in settings.workspaces)
    return [
        *SignInApi(door, issuers, parts.now_s).routes(),
        *KeysApi(parts.keys, parts.revocations, workspaces, parts.note).routes(door),
        *ApprovalsApi(parts.approvals, parts.note, derived_key(key, "approval links"), parts.now_s).routes(door),
    ]


class _Guarded:
    """Adds the headers that keep a browser from being misled, and serves HTTP alone."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        try:
            await self._inner(scope, receive, answer)
        except Exception:  # noqa: BLE001 - Starlette answers a fault, then raises it again; it has been told
            return
