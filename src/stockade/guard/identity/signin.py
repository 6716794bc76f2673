"""Signing a person in: the authorisation code with PKCE, state and nonce, without a socket.

Owns what is sent to an issuer, what must come back, and that both belong to one sign-in. Chance is an argument.
Source: RFC 6749, RFC 7636 (S256 alone), RFC 9207 (`iss` in the answer), RFC 9700; OpenID Connect Core 3.1.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple
from urllib.parse import urlencode

from stockade.core.errors import UnauthenticatedError

ENTROPY_BYTES = 96
SIGN_IN_S = 600
"""How long a person may take at the issuer."""

_CODE_CHARS_MAX = 4096


class Client(NamedTuple):
    """The gate as a client of an issuer."""

    client_id: str
    scopes: tuple[str, ...]
    resource: str = ""


class Begun(NamedTuple):
    """A sign-in that waits for its answer. Secret: whoever has it can end it."""

    issuer: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    at_s: int


def begin(entropy: bytes, issuer: str, redirect_uri: str, at_s: int) -> Begun:
    """Return a new sign-in. Units: `entropy` is `ENTROPY_BYTES` from the system's source of chance."""
    assert len(entropy) == ENTROPY_BYTES
    state, nonce, verifier = (_letters(entropy[at : at + 32]) for at in (0, 32, 64))
    return Begun(issuer, state, nonce, verifier, redirect_uri, at_s)


def authorization_url(endpoint: str, client: Client, begun: Begun) -> str:
    """Return where the person's browser goes."""
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": begun.redirect_uri,
        "scope": " ".join(client.scopes),
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": _letters(sha256(begun.verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    if client.resource:
        asked["resource"] = client.resource
    if "offline_access" in client.scopes:
        asked["prompt"] = "consent"  # OpenID Connect Core 11: without it no refresh token is given
    return endpoint + ("&" if "?" in endpoint else "?") + urlencode(asked)


def code_of(answer: Mapping[str, str], begun: Begun, now_s: float) -> str:
    """Return the code in the answer that a browser brought. Fails: UnauthenticatedError for another sign-in's."""
    if not compare_digest(answer.get("state", "").encode(), begun.state.encode()):
        raise UnauthenticatedError("This answer belongs to another sign-in.", hint="Begin again.")
    if not 0 <= now_s - begun.at_s <= SIGN_IN_S:
        raise UnauthenticatedError("The sign-in took too long.", hint="Begin again.")
    if answer.get("iss", begun.issuer) != begun.issuer:
        raise UnauthenticatedError("This answer comes from another issuer.", hint="Begin again.")
    if "error" in answer:
        raise UnauthenticatedError("The issuer refused the sign-in.", hint="Begin again, or ask who runs the issuer.")
    code = answer.get("code", "")
    if not 1 <= len(code) <= _CODE_CHARS_MAX:
        raise UnauthenticatedError("The issuer's answer holds no code.", hint="Begin again.")
    return code


def code_form(code: str, client: Client, begun: Begun) -> dict[str, str]:
    """Return what redeems a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": begun.redirect_uri,
        "code_verifier": begun.verifier,
    }
    return form | ({"resource": client.resource} if client.resource else {})


def refresh_form(refresh_token: str, client: Client) -> dict[str, str]:
    """Return what asks for a fresh access token."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return form | ({"resource": client.resource} if client.resource else {})


def device_form(client: Client) -> dict[str, str]:
    """Return what begins a sign-in on another device (RFC 8628)."""
    form = {"client_id": client.client_id, "scope": " ".join(client.scopes)}
    if "offline_access" in client.scopes:
        form["prompt"] = "consent"
    return form | ({"resource": client.resource} if client.resource else {})


def device_token_form(device_code: str, client: Client) -> dict[str, str]:
    """Return what asks whether the person has said yes."""
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": device_code}
    return form | ({"resource": client.resource} if client.resource else {})


def _letters(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
