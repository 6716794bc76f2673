"""The vendors: who they are by configuration, and the open connections to each.

Owns resolving, the check of the address that is connected to, and the pool. Never connects to an address that is not
public unless configuration says so: a name cannot be bent inward between a check and the connection (rebinding),
because the address that was checked is the one that is used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from stockade.gateway.http1 import Connection

CONNECTIONS_MAX = 512
"""Connections to one vendor; a call past it waits for one to come back."""

IDLE_S = 15.0
"""How long a connection is kept for the next call: less than servers keep theirs, so that both do not meet."""

RESOLVED_S = 60.0
"""How long a name's addresses are kept."""


class PrivateAddressError(OSError):
    """A vendor's name leads to an address that configuration does not allow."""


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
    def url(self) -> SplitResult:
        """Return the address without the `/v1` that some clients' base URLs carry; routes bring their own."""
        return urlsplit(self.base_url.rstrip("/").removesuffix("/v1"))

    @property
    def key_header(self) -> tuple[str, str] | None:
        """Return the header that proves the gate to this vendor."""
        if not self.key:
            return None
        return ("x-api-key", self.key) if self.name == "anthropic" else ("authorization", f"Bearer {self.key}")

    def check(self) -> None:
        """Look at what can be seen without a network. Fails: ValueError."""
        host = self.url.hostname or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return
        if not address.is_global and not self.allow_private:
            raise ValueError(f"upstream {self.name}: {host} is not a public address; set allow_private: true if meant")


class Pool:
    """The connections to one vendor. `path` and `lines` are what every request to it begins with."""

    def __init__(self, vendor: Vendor) -> None:
        """Connect to nothing yet."""
        self.vendor = vendor
        url = vendor.url
        secure = url.scheme != "http"
        self._host, self._port = url.hostname or "", url.port or (443 if secure else 80)
        self._tls = ssl.create_default_context() if secure else None
        self._free: list[tuple[float, Connection]] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._resolved: tuple[float, list[tuple[socket.AddressFamily, str]]] = (0.0, [])
        self._loop = asyncio.get_running_loop()
        self._sweep: asyncio.TimerHandle | None = None
        self.path = url.path
        named = {"host": url.netloc.rpartition("@")[2], "user-agent": "stockade", "accept-encoding": "identity"}
        headers = [*named.items(), ("accept", "*/*")]
        if vendor.key_header is not None:
            headers.append(vendor.key_header)
        self.lines = "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1")

    def take(self) -> Connection | None:
        """Return a connection that is open and free, None when there is none."""
        while self._free:
            _, connection = self._free.pop()
            if not connection.closed:
                return connection
            self._gone()
        return None

    async def connect(self) -> Connection:
        """Open a connection, or wait for one where all are in use. Fails: OSError, TimeoutError."""
        if self._open >= CONNECTIONS_MAX:
            waiter: asyncio.Future[Connection | None] = self._loop.create_future()
            self._waiting.append(waiter)
            try:
                async with asyncio.timeout(self.vendor.first_byte_timeout_s):
                    connection = await waiter
            except BaseException:
                if waiter.done() and not waiter.cancelled():  # it came too late for this call
                    late = waiter.result()
                    self._hand_on(None) if late is None else self.give_back(late)
                raise
            if connection is not None:
                return connection
        self._open += 1
        try:
            async with asyncio.timeout(self.vendor.connect_timeout_s):
                return await self._connect(await self._resolve())
        except BaseException:
            self._gone()
            raise

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next call if nothing is left of the last one, else close it."""
        if not connection.reusable:
            connection.close()
            self._gone()
        elif not self._hand_on(connection):
            self._free.append((self._loop.time(), connection))
            if self._sweep is None:
                self._sweep = self._loop.call_later(IDLE_S, self._sweep_idle)

    def close(self) -> None:
        """Close what is free; what is in use is closed by its holder."""
        if self._sweep is not None:
            self._sweep.cancel()
        for _, connection in self._free:
            connection.close()
        self._free.clear()

    def _gone(self) -> None:
        """Count a connection as closed; whoever waits may open one in its place."""
        self._open -= 1
        self._hand_on(None)

    def _hand_on(self, connection: Connection | None) -> bool:
        """Give a connection, or the room for one, to who has waited longest; say whether anybody did."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _sweep_idle(self) -> None:
        """Close what nobody took for too long; the longest free stands first."""
        self._sweep = None
        before = self._loop.time() - IDLE_S
        stale = [connection for since, connection in self._free if since <= before or connection.closed]
        self._free = [(since, one) for since, one in self._free if since > before and not one.closed]
        for connection in stale:
            connection.close()
            self._gone()
        if self._free:
            self._sweep = self._loop.call_later(self._free[0][0] + IDLE_S - self._loop.time(), self._sweep_idle)

    async def _resolve(self) -> list[tuple[socket.AddressFamily, str]]:
        """Return the vendor's addresses. Fails: OSError, PrivateAddressError when any is not allowed."""
        known_until, addresses = self._resolved
        if self._loop.time() < known_until:
            return addresses
        found = await self._loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        addresses = [(family, str(address[0])) for family, _, _, _, address in found]
        for _, address in addresses:
            if not self.vendor.allow_private and not ipaddress.ip_address(address.partition("%")[0]).is_global:
                raise PrivateAddressError("the vendor's name leads to an address that is not public")
        self._resolved = (self._loop.time() + RESOLVED_S, addresses)
        return addresses

    async def _connect(self, addresses: list[tuple[socket.AddressFamily, str]]) -> Connection:
        """Try the addresses in order. Fails: the last one's OSError."""
        fault: OSError = OSError("the vendor's name has no address")
        for family, address in addresses:
            try:
                _, connection = await self._loop.create_connection(
                    Connection,
                    address,
                    self._port,
                    family=family,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
            except OSError as error:
                fault = error
            else:
                return connection
        self._resolved = (0.0, [])
        raise fault
