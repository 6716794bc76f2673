"""Sessions of browsers: who signed in, sealed into a cookie. Nothing is kept on this side.

Owns the cookies' names, attributes and contents. A cookie that cannot be opened is none, and so is one that has ended.
What a session may do is asked at each request, and so is whether its person was revoked.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stockade.core.errors import UnauthenticatedError
from stockade.core.principal import Principal, PrincipalKind, Role
from stockade.guard.identity import Proof
from stockade.guard.identity.signin import SIGN_IN_S, Begun
from stockade.stores.sealing import Seal, SealError

COOKIE_CHARS_MAX = 4096
"""What browsers keep of one cookie (RFC 6265, 6.1)."""

_SESSION, _BEGUN = b"console session", b"console sign-in"


class Session(NamedTuple):
    """Who signed in with a browser, and until when."""

    proof: Proof
    until_s: float


class Sessions:
    """Writes and reads the two cookies: of a session, and of a sign-in that is under way."""

    def __init__(self, key: bytes, *, secure: bool, session_s: float, now_s: Callable[[], float]) -> None:
        """Seal with `key`; `secure` says whether browsers reach the control plane over https."""
        self._seal = Seal(key)
        self._secure = secure
        self._session_s = session_s
        self._now_s = now_s
        # The prefix has browsers refuse such a cookie from another host or over plain http.
        self.session_name = "__Host-stockade" if secure else "stockade"
        self.begun_name = "__Host-stockade-sign-in" if secure else "stockade-sign-in"

    def begin(self, response: Response, begun: Begun) -> None:
        """Give the browser the secret of its sign-in."""
        self._set(response, self.begun_name, _BEGUN, list(begun), SIGN_IN_S)

    def begun(self, request: Request) -> Begun | None:
        """Return the sign-in that this browser began."""
        found = self._read(request, self.begun_name, _BEGUN)
        return Begun(*found) if isinstance(found, list) and len(found) == len(Begun._fields) else None

    def open(self, response: Response, proof: Proof) -> None:
        """Sign the browser in, and forget how it came to it."""
        principal = proof.principal
        told = {
            "principal": [principal.id, principal.name, principal.tenant, principal.teams, principal.roles],
            "issuer": proof.issuer,
            "issued_at_s": proof.issued_at_s,
            "until_s": self._now_s() + self._session_s,
        }
        self._set(response, self.session_name, _SESSION, told, int(self._session_s))
        self._drop(response, self.begun_name)

    def session(self, request: Request) -> Session | None:
        """Return the browser's session, None where it has none or it has ended."""
        told = self._read(request, self.session_name, _SESSION)
        if not isinstance(told, dict) or self._now_s() >= told["until_s"]:
            return None
        id_, name, tenant, teams, roles = told["principal"]
        principal = Principal(
            id_, name, tenant, PrincipalKind.PERSON, tuple(teams), tuple(Role(role) for role in roles)
        )
        proof = Proof(principal, told["until_s"], told["issued_at_s"], "", told["issuer"])
        return Session(proof, told["until_s"])

    def close(self, response: Response) -> None:
        """Sign the browser out."""
        self._drop(response, self.session_name)
        self._drop(response, self.begun_name)

    def _set(self, response: Response, name: str, place: bytes, told: Any, seconds: int) -> None:
        value = urlsafe_b64encode(self._seal.close(orjson.dumps(told), place)).decode()
        if len(value) > COOKIE_CHARS_MAX:
            raise UnauthenticatedError("This person has more teams than a browser's session can hold.")
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax")

    def _drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="lax")

    def _read(self, request: Request, name: str, place: bytes) -> Any:
        value = request.cookies.get(name, "")
        if not value or len(value) > COOKIE_CHARS_MAX:
            return None
        try:
            return orjson.loads(self._seal.open(urlsafe_b64decode(value), place))
        except (SealError, ValueError):
            return None
