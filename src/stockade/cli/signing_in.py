"""Sign-ins from a terminal: by a browser on this machine, or by a code that is typed in elsewhere; and refreshing.

Owns the listener on loopback that waits for one answer of the browser. Believes an ID token only after all its checks.
Source: RFC 8252 (native applications: loopback redirect), RFC 8628.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

from stockade.cli.credentials import Credentials
from stockade.core.errors import ConfigError, StockadeError, UnauthenticatedError
from stockade.gateway.fetch import FetchError
from stockade.gateway.issuers import Address
from stockade.gateway.metadata import Metadata, discover, fetch_ok
from stockade.gateway.oauth import Tokens, ask_device, begin_device, request_tokens
from stockade.guard.identity import Issuer, IssuerKeysError, People, SignIn, read_keys
from stockade.guard.identity.signin import (
    ENTROPY_BYTES,
    SIGN_IN_S,
    Begun,
    Client,
    authorization_url,
    begin,
    code_form,
    code_of,
    refresh_form,
)

_Answer = TypeVar("_Answer")

_LINE_BYTES_MAX = 16 * 1024
_DONE = "Signed in. You may close this window."
_FAILED = "The sign-in failed. The terminal says why; you may close this window."


class Target(NamedTuple):
    """At whom to sign in, and as which client."""

    address: Address
    client: Client


async def by_browser(target: Target, show: Callable[[str], None], port: int = 0) -> Credentials:
    """Return the credentials of a person who signs in with a browser; `show` is given the address to open."""
    metadata = await _metadata(target)
    answered: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = (await asyncio.wait_for(reader.readline(), 10))[:_LINE_BYTES_MAX].decode("latin-1")
            method, _, rest = line.partition(" ")
            place = urlsplit(rest.rpartition(" ")[0])
            if method != "GET" or place.path != "/callback" or answered.done():
                writer.write(_page("404 Not Found", "There is nothing here."))
                return
            answered.set_result(dict(parse_qsl(place.query)))
            await ended.wait()
            writer.write(_page("200 OK", _DONE if outcome["done"] else _FAILED))
        except (TimeoutError, ValueError, OSError):
            return
        finally:
            writer.close()

    outcome = {"done": False}
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=_LINE_BYTES_MAX)
    async with server:
        redirect_uri = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/callback"
        begun = begin(secrets.token_bytes(ENTROPY_BYTES), target.address.url, redirect_uri, int(time.time()))
        show(authorization_url(metadata.authorization_endpoint, target.client, begun))
        try:
            async with asyncio.timeout(SIGN_IN_S):
                code = code_of(await answered, begun, time.time())
            tokens = await _asked(request_tokens(target.address, metadata, code_form(code, target.client, begun)))
            await _check_identity(target, metadata, tokens, begun)
            outcome["done"] = True
        except TimeoutError as error:
            raise UnauthenticatedError("Nobody signed in.", hint="Run: stockade login") from error
        finally:
            ended.set()
            await asyncio.sleep(0)  # the page is written before the listener goes
    return _credentials(target, tokens)


async def by_device(target: Target, show: Callable[[str, str, str], None]) -> Credentials:
    """Return the credentials of a person who types a code in elsewhere; `show` is given address, code, and both."""
    metadata = await _metadata(target)
    device = await _asked(begin_device(target.address, metadata, target.client))
    show(device.verification_uri, device.user_code, device.verification_uri_complete)
    interval_s, ends_at_s = device.interval_s, time.monotonic() + device.lifetime_s
    while time.monotonic() < ends_at_s:
        await asyncio.sleep(interval_s)
        tokens = await _asked(ask_device(target.address, metadata, target.client, device.device_code))
        if isinstance(tokens, Tokens):
            return _credentials(target, tokens)
        interval_s += tokens.longer_s
    raise UnauthenticatedError("Nobody signed in.", hint="Run: stockade login --device")


async def refreshed(target: Target, credentials: Credentials) -> Credentials:
    """Return credentials with a fresh access token. Fails: UnauthenticatedError where the sign-in has ended."""
    if not credentials.refresh_token:
        raise UnauthenticatedError("The sign-in has ended.", hint="Run: stockade login")
    metadata = await _metadata(target)
    tokens = await _asked(
        request_tokens(target.address, metadata, refresh_form(credentials.refresh_token, target.client))
    )
    return credentials.renewed(tokens.access_token, tokens.refresh_token, _expires_at_s(tokens))


async def revoked(target: Target, credentials: Credentials) -> None:
    """Tell the issuer that the refresh token is not needed any more (RFC 7009), as far as it can be told."""
    try:
        metadata = await _metadata(target)
        if metadata.revocation_endpoint and credentials.refresh_token:
            form = {"token": credentials.refresh_token, "token_type_hint": "refresh_token"}
            await target.address.fetch(metadata.revocation_endpoint, form | {"client_id": credentials.client_id})
    except (FetchError, StockadeError):
        return


async def _metadata(target: Target) -> Metadata:
    return await _asked(discover(target.address.url, target.address.fetch))


async def _asked(coroutine: Awaitable[_Answer]) -> _Answer:
    """Return what an issuer answers; what it does not becomes a sentence for the person at the keyboard."""
    try:
        return await coroutine
    except FetchError as error:
        raise ConfigError(f"The issuer cannot be used: {error}.", hint="Check its url and its client.") from error


async def _check_identity(target: Target, metadata: Metadata, tokens: Tokens, begun: Begun) -> None:
    """Refuse tokens whose ID token was not made for this client and this sign-in."""
    document = await _asked(fetch_ok(metadata.jwks_uri, target.address.fetch))
    issuer = Issuer(target.address.url, frozenset({target.client.client_id}))
    try:
        keys = read_keys(document)
    except IssuerKeysError as error:
        raise ConfigError(f"The issuer's keys cannot be used: {error}.") from error
    sign_in = SignIn(target.client.client_id, begun.nonce)
    People([issuer], {issuer.url: keys}).prove(tokens.id_token.encode(), time.time(), sign_in)


def _credentials(target: Target, tokens: Tokens) -> Credentials:
    return Credentials(
        target.address.url,
        target.client.client_id,
        target.client.scopes,
        target.client.resource,
        tokens.access_token,
        tokens.refresh_token,
        _expires_at_s(tokens),
    )


def _expires_at_s(tokens: Tokens) -> float:
    return time.time() + (tokens.lifetime_s or 60.0)


def _page(status: str, text: str) -> bytes:
    body = f"<!doctype html><title>Stockade</title><p>{text}</p>".encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body
