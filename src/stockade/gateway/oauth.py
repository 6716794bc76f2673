"""What is asked of an issuer's token endpoint, for a sign-in in the browser or on another device, and to refresh.

Owns reading the answers. Never shows a token in an error, and takes no token that came by another way.
Source: RFC 6749 (4.1.3, 5, 6), RFC 8628 (device authorization grant), read November 2026.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stockade.core.errors import UnauthenticatedError
from stockade.gateway.fetch import FetchError
from stockade.gateway.issuers import Address, basic
from stockade.gateway.metadata import Metadata, json_object
from stockade.guard.identity.signin import Client, device_form, device_token_form

_TEXT_CHARS_MAX = 64 * 1024
_PENDING = {"authorization_pending": 0.0, "slow_down": 5.0}
"""Errors that mean "not yet", with the seconds to wait longer (RFC 8628, 3.5)."""


class Tokens(NamedTuple):
    """What an issuer gave. `lifetime_s` is of the access token, 0 where it is not told."""

    access_token: str
    id_token: str = ""
    refresh_token: str = ""
    lifetime_s: float = 0.0


class DeviceCode(NamedTuple):
    """What the person needs on the other device, and what we ask with meanwhile."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    lifetime_s: float
    interval_s: float


class NotYet(NamedTuple):
    """The person has not answered; ask again after so many seconds more than before."""

    longer_s: float


async def request_tokens(address: Address, metadata: Metadata, form: dict[str, str]) -> Tokens:
    """Return the tokens for a grant. Fails: FetchError; UnauthenticatedError where the issuer refuses the grant."""
    told = await _post(address, metadata.token_endpoint, form)
    if isinstance(told, str):
        raise UnauthenticatedError("The issuer refused to give a token.", hint="Sign in again.")
    return _tokens(told)


async def begin_device(address: Address, metadata: Metadata, client: Client) -> DeviceCode:
    """Return a code that the person types in on another device. Fails: FetchError."""
    told = await _post(address, metadata.device_authorization_endpoint, device_form(client))
    if isinstance(told, str):
        raise FetchError("it refused a sign-in on another device")
    found = DeviceCode(
        _text(told, "device_code"),
        _text(told, "user_code"),
        _text(told, "verification_uri"),
        _text(told, "verification_uri_complete"),
        _seconds(told, "expires_in", 600.0),
        max(1.0, _seconds(told, "interval", 5.0)),
    )
    if not (found.device_code and found.user_code and found.verification_uri.startswith(("https://", "http://"))):
        raise FetchError("its answer to a sign-in on another device cannot be used")
    return found


async def ask_device(address: Address, metadata: Metadata, client: Client, device_code: str) -> Tokens | NotYet:
    """Return the tokens once the person has said yes. Fails: FetchError; UnauthenticatedError for a no."""
    told = await _post(address, metadata.token_endpoint, device_token_form(device_code, client))
    if isinstance(told, str):
        if told in _PENDING:
            return NotYet(_PENDING[told])
        raise UnauthenticatedError("The sign-in was refused, or took too long.", hint="Begin again.")
    return _tokens(told)


async def _post(address: Address, endpoint: str, form: dict[str, str]) -> dict[str, Any] | str:
    """Return the answer to a form, or the name of the error that the issuer gave."""
    if not endpoint:
        raise FetchError("it offers no such sign-in")
    proof = basic(address)
    fetched = await address.fetch(
        endpoint, form if proof else form | {"client_id": address.client_id}, authorization=proof
    )
    if fetched.status == 200:
        return json_object(fetched.body)
    if fetched.status in (400, 401, 403):
        error = json_object(fetched.body).get("error")
        return error if isinstance(error, str) and error else "refused"
    raise FetchError(f"it answered with status {fetched.status}")


def _tokens(told: dict[str, Any]) -> Tokens:
    access = _text(told, "access_token")
    if not access or str(told.get("token_type", "")).lower() != "bearer":
        raise FetchError("its answer holds no bearer token")
    lifetime_s = _seconds(told, "expires_in", 0.0)
    return Tokens(access, _text(told, "id_token"), _text(told, "refresh_token"), lifetime_s)


def _text(told: dict[str, Any], name: str) -> str:
    found = told.get(name, "")
    return found if isinstance(found, str) and len(found) <= _TEXT_CHARS_MAX and found.isprintable() else ""


def _seconds(told: dict[str, Any], name: str, default: float) -> float:
    found = told.get(name)
    usable = isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < 10**9
    return float(found) if usable and found is not None else default
