"""A control plane in memory: its real routes, sessions and stores, behind an authenticator of the test's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from starlette.responses import Response

from stockade.config.identity import Control, Identity, Issuer
from stockade.config.schema import Settings, Workspace
from stockade.console.control import Parts, control_application, control_routes
from stockade.console.routes import SAME_ORIGIN_HEADER
from stockade.console.sessions import Sessions
from stockade.core.errors import UnauthenticatedError
from stockade.core.permissions import Permission
from stockade.core.principal import Principal, Role
from stockade.guard.identity import Proof
from stockade.guard.identity.signin import Begun
from stockade.stores.control import ControlStore

URL = "http://127.0.0.1:8701"
ISSUER = "https://login.example.com"
KEY = bytes(range(32))
NOW = 1_800_000_000.0
Headers = tuple[tuple[bytes, bytes], ...]


def caller(*roles: Role) -> Principal:
    return Principal("p-" + "a" * 32, "anna", "default", roles=tuple(sorted(roles)))


def proof(principal: Principal) -> Proof:
    return Proof(principal, NOW + 600, NOW, "", ISSUER)


class Callers:
    """An authenticator: `principal` is whom every credential proves, or what it raises."""

    def __init__(self, principal: Principal | BaseException) -> None:
        self.principal = principal
        self.revoked: set[str] = set()
        self.codes: list[tuple[str, Begun]] = []

    async def prove(self, headers: Headers) -> Principal:
        if isinstance(self.principal, BaseException):
            raise self.principal
        return self.principal

    def standing(self, proof: Proof) -> None:
        if isinstance(self.principal, BaseException):
            raise self.principal
        if proof.principal.id in self.revoked:
            raise UnauthenticatedError("revoked")

    async def sign_in_url(self, begun: Begun) -> str:
        return f"{begun.issuer}/authorize?state={begun.state}"

    async def signed_in(self, code: str, begun: Begun) -> Proof:
        self.codes.append((code, begun))
        if isinstance(self.principal, BaseException):
            raise self.principal
        return proof(self.principal)


class Answered:
    """What a request was answered."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = [(name.decode(), value.decode()) for name, value in headers]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def cookies(self) -> dict[str, str]:
        found = [value.partition(";")[0].partition("=") for name, value in self.headers if name == "set-cookie"]
        return {name: value for name, _, value in found}


class Desk:
    """A control plane and what was noted of its use."""

    def __init__(self, folder: Path, principal: Principal | BaseException, **control: Any) -> None:
        self.callers = Callers(principal)
        self.noted: list[tuple[str, Permission, str]] = []
        self.faults: list[str] = []
        self.now_s = NOW
        self.store = ControlStore.open(f"sqlite:///{folder}/c.sqlite", bytes(32), clock=lambda: self.now_s)
        section = Issuer(url=ISSUER, audiences=("stockade",), client_id="gate")
        self.settings = Settings(
            identity=Identity((section,)), control=Control(**control), workspaces=(Workspace(name="payments"),)
        )
        parts = Parts(
            self.callers, self.store.keys, self.store.revocations, self.store.approvals, self._note, lambda: self.now_s
        )
        self.routes = control_routes(self.settings, parts, URL, KEY)
        self.application = control_application(self.routes, self.faults.append)

    async def _note(self, principal: Principal, permission: Permission, subject: str) -> None:
        self.noted.append((principal.id, permission, subject))

    async def ask(
        self, method: str, path: str, body: object = None, *, headers: Headers = (), host: bytes = b"127.0.0.1:8701"
    ) -> Answered:
        raw = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", host), (b"content-type", b"application/json"), *headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8701),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.application(scope, receive, send)  # type: ignore[arg-type]
        return Answered(sent[0]["status"], sent[0]["headers"], b"".join(m.get("body", b"") for m in sent[1:]))

    def session(self, principal: Principal) -> Headers:
        """Return the cookie of a signed-in browser, and the header that its pages send."""
        sessions = Sessions(KEY, secure=False, session_s=3600, now_s=lambda: self.now_s)
        response = Response()
        sessions.open(response, proof(principal))
        cookie = response.headers["set-cookie"].partition(";")[0]
        return ((b"cookie", cookie.encode()), (SAME_ORIGIN_HEADER.encode(), b"1"))

    def close(self) -> None:
        self.store.close()


BEARER: Headers = ((b"authorization", b"Bearer x"),)
