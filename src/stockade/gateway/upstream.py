"""The way to the vendors. Addresses come from configuration only and are checked when connecting.

Never follows a redirect, never takes a proxy or an address from the environment or from a request, never hands the
vendor's key back: errors name the vendor, not what was sent (DESIGN invariant 8).
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping

from stockade.core.errors import UpstreamError, UpstreamTimeoutError
from stockade.gateway.http1 import BrokenAnswerError, Connection
from stockade.gateway.vendors import Pool, PrivateAddressError, Vendor
from stockade.guard.pipeline.commands import CallUpstream, UpstreamHead

_TARGET = re.compile(r"/[!-~]*")
_NAME = re.compile(rb"[!#-'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")


class HttpUpstream:
    """Keeps connections to the vendors; opened inside the running loop."""

    def __init__(self, vendors: Mapping[str, Vendor]) -> None:
        """Know the vendors. Fails: ValueError for an address that is none or is private and not allowed."""
        for vendor in vendors.values():
            vendor.check()
        self._vendors = dict(vendors)
        self._pools: dict[str, Pool] = {}

    async def open(self) -> None:
        """Open one connection pool a vendor."""
        self._pools = {name: Pool(vendor) for name, vendor in self._vendors.items()}

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    async def call(self, request: CallUpstream) -> HttpAnswer:
        """Send a request; return when the answer's head has come."""
        pool = self._pools.get(request.vendor)
        if pool is None:
            raise UpstreamError(
                f"No upstream is configured for {request.vendor}.",
                hint=f"An administrator adds `upstreams: {request.vendor}:` to stockade.yaml.",
            )
        vendor = pool.vendor
        head = _head(pool, request)
        heard = False
        try:
            connection = pool.take() or await pool.connect()
            heard = True
            await self._ask(pool, connection, head, request.body)
        except TimeoutError as error:
            raise UpstreamTimeoutError(f"{vendor.name} did not begin to answer in time.", heard=heard) from error
        except OSError as error:
            raise _unreachable(vendor, error) from error
        answer = HttpAnswer(connection, pool)
        if 300 <= connection.status < 400:
            answer.close()
            raise UpstreamError(f"{vendor.name} answered with a redirect, which the gate does not follow.")
        return answer

    async def _ask(self, pool: Pool, connection: Connection, head: bytes, body: bytes) -> None:
        """Send a request; the connection goes back to the pool where no answer begins, whatever the reason."""
        timer = asyncio.get_running_loop().call_later(pool.vendor.first_byte_timeout_s, connection.expire)
        try:
            await connection.ask(head, body)
        except BaseException:
            pool.give_back(connection)
            raise
        finally:
            timer.cancel()


class HttpAnswer:
    """One answer while it is read."""

    def __init__(self, connection: Connection, pool: Pool) -> None:
        """Take over a connection on which an answer's head has come."""
        self._connection: Connection | None = connection
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._idle: asyncio.TimerHandle | None = None
        self._idle_at_s = math.inf
        self.head = UpstreamHead(connection.status, connection.headers)

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end."""
        connection, vendor = self._connection, self._pool.vendor
        if connection is None:
            return b""
        try:
            data = connection.read_now()
            if data or connection.at_end:
                return data
            # One timer an answer, moved on when it rings: a stream is read hundreds of times.
            self._idle_at_s = self._loop.time() + vendor.idle_timeout_s
            if self._idle is None:
                self._idle = self._loop.call_at(self._idle_at_s, self._check_idle)
            try:
                return await connection.read()
            finally:
                self._idle_at_s = math.inf  # between reads it is the client that is waited for
        except TimeoutError as error:
            raise UpstreamTimeoutError(f"{vendor.name} stopped sending in the middle of its answer.") from error
        except OSError as error:
            raise UpstreamError(f"{vendor.name} broke off in the middle of its answer.") from error

    async def read_whole(self, bytes_max: int) -> bytes:
        """Return the whole body."""
        chunks: list[bytes] = []
        size = 0
        while chunk := await self.read():
            chunks.append(chunk)
            size += len(chunk)
            if size > bytes_max:
                self.close()
                raise UpstreamError(f"{self._pool.vendor.name}'s answer is larger than {bytes_max} bytes.")
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def close(self) -> None:
        """Break off, or give the connection back when the answer was read to its end."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._connection is not None:
            self._pool.give_back(self._connection)
            self._connection = None

    def _check_idle(self) -> None:
        """End a read that has waited too long, or look again when it will have."""
        self._idle = None
        if self._connection is None:
            return
        if self._loop.time() >= self._idle_at_s:
            self._connection.expire()
        elif self._idle_at_s < math.inf:
            self._idle = self._loop.call_at(self._idle_at_s, self._check_idle)


def _head(pool: Pool, request: CallUpstream) -> bytes:
    """Return a request's head. Fails: UpstreamError for what would end a line before its time."""
    assert request.method in ("GET", "POST")
    if not _TARGET.fullmatch(pool.path + request.target) or not all(
        _NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in request.headers
    ):
        raise UpstreamError("The request's path or a header holds characters that cannot be sent on.")
    lines = [f"{request.method} {pool.path}{request.target} HTTP/1.1\r\n".encode(), pool.lines]
    lines += [b"%b: %b\r\n" % pair for pair in request.headers]
    if request.body or request.method == "POST":
        lines.append(b"content-length: %d\r\n" % len(request.body))
    lines.append(b"\r\n")
    return b"".join(lines)


def _unreachable(vendor: Vendor, error: OSError) -> UpstreamError:
    if isinstance(error, PrivateAddressError):
        return UpstreamError(
            f"{vendor.name}'s address is not public, so the gate did not connect.",
            hint="If that is meant, an administrator sets `allow_private: true` for this upstream.",
        )
    if isinstance(error, BrokenAnswerError):
        return UpstreamError(f"{vendor.name} gave no answer that can be read: {error}.")
    return UpstreamError(f"{vendor.name} cannot be reached ({type(error).__name__}).")
