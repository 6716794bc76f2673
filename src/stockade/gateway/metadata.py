"""What an issuer says of itself: its endpoints, from `/.well-known/openid-configuration`.

Owns reading that document. Never takes it over for another issuer than the one that was asked for.
Source: OpenID Connect Discovery 1.0, sections 3 and 4.3; RFC 8414, section 3.3 (the name must be the same, exactly).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from stockade.gateway.fetch import Fetch, FetchError

WELL_KNOWN = "/.well-known/openid-configuration"


class Metadata(NamedTuple):
    """The endpoints of an issuer; "" for one that it does not have."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    device_authorization_endpoint: str = ""
    introspection_endpoint: str = ""
    revocation_endpoint: str = ""


async def discover(issuer: str, fetch: Fetch) -> Metadata:
    """Return the metadata of `issuer`. Fails: FetchError."""
    told = json_object(await fetch_ok(issuer.rstrip("/") + WELL_KNOWN, fetch))
    if told.get("issuer") != issuer:
        raise FetchError("its metadata is of another issuer; `url:` must be written exactly as the issuer writes it")
    found = {name: told.get(name, "") for name in Metadata._fields}
    if not all(isinstance(each, str) for each in found.values()) or not found["jwks_uri"]:
        raise FetchError("its metadata names no keys (jwks_uri)")
    return Metadata(**found)


async def fetch_ok(url: str, fetch: Fetch) -> bytes:
    """Return the body of an answer that is a success. Fails: FetchError."""
    fetched = await fetch(url)
    if fetched.status != 200:
        raise FetchError(f"it answered with status {fetched.status}")
    return fetched.body


def json_object(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds. Fails: FetchError."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FetchError("it answered with what is no JSON") from error
    if not isinstance(told, dict):
        raise FetchError("it answered with JSON that is no object")
    return told
