"""The way to the vendors, over aiohttp. Addresses come from configuration only and are checked when connecting.

Never follows a redirect, never takes a proxy or an address from the environment or from a request, never hands the
vendor's key back: errors name the vendor, not what was sent (DESIGN invariant 8).
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from stockade.core.errors import UpstreamError, UpstreamTimeoutError
from stockade.guard.pipeline.commands import CallUpstream, UpstreamHead

_CHUNK_BYTES = 64 * 1024
_CONNECTIONS_MAX = 512
_WHOLE_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor as configuration names it. `key` is sent as this vendor expects it; "" sends none."""

    name: str
    base_url: str
    key: str = field(repr=False)
    allow_private: bool = False
    connect_timeout_s: float = 10.0
    first_byte_timeout_s: float = 600.0
    idle_timeout_s: float = 120.0

    @property
    def root(self) -> str:
        """Return the address without the `/v1` that some clients' base URLs carry; routes bring their own."""
        return self.base_url.rstrip("/").removesuffix("/v1")

    def headers(self) -> dict[str, str]:
        """Return the headers that prove the gate to this vendor."""
        if not self.key:
            return {}
        return {"x-api-key": self.key} if self.name == "anthropic" else {"authorization": f"Bearer {self.key}"}


class PrivateAddressError(OSError):
    """A vendor's name leads to an address that configuration does not allow."""


class _CheckedResolver(AbstractResolver):
    """Resolves names and refuses addresses that are not public, so that a name cannot be bent inward (rebinding)."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(not ipaddress.ip_address(result["host"].partition("%")[0]).is_global for result in found):
            raise PrivateAddressError("the vendor's name leads to an address that is not public")
        return found

    async def close(self) -> None:
        await self._inner.close()


class AiohttpUpstream:
    """Keeps connections to the vendors; opened inside the running loop."""

    def __init__(self, vendors: Mapping[str, Vendor]) -> None:
        """Know the vendors. Fails: ValueError for a literal private address that is not allowed."""
        self._vendors = dict(vendors)
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        for vendor in vendors.values():
            _check_literal(vendor)

    async def open(self) -> None:
        """Open one connection pool a vendor."""
        for vendor in self._vendors.values():
            resolver = ThreadedResolver()
            connector = aiohttp.TCPConnector(
                limit=_CONNECTIONS_MAX,
                resolver=resolver if vendor.allow_private else _CheckedResolver(resolver),
                ttl_dns_cache=60,
                ssl=ssl.create_default_context(),
                enable_cleanup_closed=False,
            )
            self._sessions[vendor.name] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=True,
                headers={"user-agent": "stockade", "accept-encoding": "identity", **vendor.headers()},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=vendor.connect_timeout_s, sock_read=None),
            )

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def call(self, request: CallUpstream) -> AiohttpAnswer:
        """Send a request; return when the answer's head has come."""
        vendor = self._vendors.get(request.vendor)
        session = self._sessions.get(request.vendor)
        if vendor is None or session is None:
            raise UpstreamError(
                f"No upstream is configured for {request.vendor}.",
                hint=f"An administrator adds `upstreams: {request.vendor}:` to stockade.yaml.",
            )
        try:
            async with asyncio.timeout(vendor.first_byte_timeout_s):
                response = await session.request(
                    request.method,
                    URL(vendor.root + request.target, encoded=True),
                    # A large body is written piece by piece: whole, it would hold the event loop (aiohttp warns of it).
                    data=BytesIO(request.body) if len(request.body) > _WHOLE_BYTES_MAX else request.body or None,
                    headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers],
                    allow_redirects=False,
                )
        except TimeoutError as error:
            raise UpstreamTimeoutError(f"{vendor.name} did not begin to answer in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(vendor, error) from error
        if 300 <= response.status < 400:
            response.close()
            raise UpstreamError(f"{vendor.name} answered with a redirect, which the gate does not follow.")
        return AiohttpAnswer(response, vendor)


class AiohttpAnswer:
    """One answer while it is read."""

    def __init__(self, response: aiohttp.ClientResponse, vendor: Vendor) -> None:
        """Take over a response whose head has come."""
        self._response = response
        self._vendor = vendor
        self._loop = asyncio.get_running_loop()
        self._idle: asyncio.TimerHandle | None = None
        self._idle_at_s = math.inf
        self.head = UpstreamHead(response.status, tuple((name.lower(), value) for name, value in response.raw_headers))

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end."""
        content = self._response.content
        try:
            if (data := content.read_nowait()) or content.at_eof():
                return data
            # One timer an answer, moved on when it rings: a stream is read hundreds of times.
            self._idle_at_s = self._loop.time() + self._vendor.idle_timeout_s
            if self._idle is None:
                self._idle = self._loop.call_at(self._idle_at_s, self._check_idle)
            data = await content.readany()
            self._idle_at_s = math.inf  # between reads it is the client that is waited for
            return data
        except TimeoutError as error:
            raise UpstreamTimeoutError(f"{self._vendor.name} stopped sending in the middle of its answer.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamError(f"{self._vendor.name} broke off in the middle of its answer.") from error

    async def read_whole(self, bytes_max: int) -> bytes:
        """Return the whole body."""
        chunks: list[bytes] = []
        size = 0
        while chunk := await self.read():
            chunks.append(chunk)
            size += len(chunk)
            if size > bytes_max:
                self.close()
                raise UpstreamError(f"{self._vendor.name}'s answer is larger than {bytes_max} bytes.")
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def close(self) -> None:
        """Break off, or give the connection back when the answer was read to its end."""
        if self._idle is not None:
            self._idle.cancel()
        self._response.close() if not self._response.content.at_eof() else self._response.release()

    def _check_idle(self) -> None:
        """End a read that has waited too long, or look again when it will have."""
        self._idle = None
        if self._loop.time() >= self._idle_at_s:
            self._response.content.set_exception(TimeoutError())
        elif self._idle_at_s < math.inf:
            self._idle = self._loop.call_at(self._idle_at_s, self._check_idle)


def _unreachable(vendor: Vendor, error: BaseException) -> UpstreamError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PrivateAddressError):
            return UpstreamError(
                f"{vendor.name}'s address is not public, so the gate did not connect.",
                hint="If that is meant, an administrator sets `allow_private: true` for this upstream.",
            )
        cause = cause.__cause__ or cause.__context__
    return UpstreamError(f"{vendor.name} cannot be reached ({type(error).__name__}).")


def _check_literal(vendor: Vendor) -> None:
    host = urlsplit(vendor.base_url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if not address.is_global and not vendor.allow_private:
        raise ValueError(f"upstream {vendor.name}: {host} is not a public address; set allow_private: true if meant")
