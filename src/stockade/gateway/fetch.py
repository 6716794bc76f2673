"""One bounded request to an issuer of tokens: its metadata, its keys, its token and introspection endpoints.

Owns the bounds: bytes, one time-out for all of it, the address that is connected to. Never follows a redirect, never
goes to a private address or over plain http unless configuration says so of this issuer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from stockade.core.errors import StockadeError
from stockade.core.limits import ISSUER_BYTES_MAX
from stockade.gateway.upstream import HttpUpstream
from stockade.gateway.vendors import Vendor
from stockade.guard.pipeline.commands import CallUpstream

_FORM = (b"content-type", b"application/x-www-form-urlencoded")
_JSON = (b"accept", b"application/json")


class FetchError(Exception):
    """The answer could not be had. The sentence is fit for a log: it quotes nothing that was sent or received."""


class Fetched(NamedTuple):
    """An answer, whole and within its bound."""

    status: int
    body: bytes


class Fetch(Protocol):
    """One request: a GET, or a POST of a form. Fails: FetchError."""

    async def __call__(
        self, url: str, form: Mapping[str, str] | None = None, *, authorization: str = ""
    ) -> Fetched: ...


class IssuerFetch:
    """Requests to one issuer, by its rules."""

    def __init__(self, *, allow_private: bool, timeout_s: float) -> None:
        """Keep what configuration says of this issuer."""
        self._allow_private = allow_private
        self._timeout_s = timeout_s

    async def __call__(self, url: str, form: Mapping[str, str] | None = None, *, authorization: str = "") -> Fetched:
        """Return the answer of `url`. Each request has a connection of its own: they are rare."""
        upstream = self._open(url)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = [_JSON] if form is None else [_JSON, _FORM]
        if authorization:
            headers.append((b"authorization", authorization.encode("latin-1", "replace")))
        body = b"" if form is None else urlencode(form).encode()
        call = CallUpstream("issuer", "GET" if form is None else "POST", target, tuple(headers), body)
        try:
            async with asyncio.timeout(self._timeout_s):
                await upstream.open()
                answer = await upstream.call(call)
                try:
                    return Fetched(answer.head.status, await answer.read_whole(ISSUER_BYTES_MAX))
                finally:
                    answer.close()
        except TimeoutError as error:
            raise FetchError(f"no whole answer within {self._timeout_s:g} s") from error
        except StockadeError as error:
            raise FetchError(error.public) from error
        finally:
            await upstream.close()

    def _open(self, url: str) -> HttpUpstream:
        try:
            parts = urlsplit(url)
            secure = parts.scheme == "https" or (parts.scheme == "http" and self._allow_private)
            if not secure or not parts.hostname or "@" in parts.netloc or parts.fragment:
                raise FetchError("an address of the issuer is no https:// address")
            vendor = Vendor("issuer", f"{parts.scheme}://{parts.netloc}", "", self._allow_private)
            return HttpUpstream({"issuer": vendor})
        except ValueError as error:
            raise FetchError("an address of the issuer is private or cannot be read") from error
