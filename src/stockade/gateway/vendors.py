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
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from stockade.gateway.http1 import Connection

CONNECTIONS_MAX = 512
"""Connections to one vendor; a call past it waits for one to come back."""

IDLE_S = 15.0
"""How long a connection is kept for the next call: less than servers keep theirs, so that both do not meet."""

RESOLVED_S = 60.0
"""How long a name's addresses are kept."""

_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = tuple[socket.AddressFamily, str]


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
        if not self.base_url.isascii():
            raise ValueError(f"upstream {self.name}: base_url must be ASCII; write the host's name in its xn-- form")
        try:
            public = is_public(host)
        except ValueError:
            return  # a name: its addresses are looked at when connecting
        if not public and not self.allow_private:
            raise ValueError(f"upstream {self.name}: {host} is not a public address; set allow_private: true if meant")


def is_public(text: str) -> bool:
    """Say whether an IP address, zone or not, is one of the public internet, also where it stands in an IPv6 address.

    Fails: ValueError for what is no address. Source: the IANA special-purpose registries by way of `ipaddress`; RFC
    6052 for the well-known prefix of NAT64. A NAT64 prefix of a network's own looks like any public address.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None:
            return address in _UNICAST and address.is_global
        address = inner
    return address.is_global and not address.is_multicast


class Pool:
    """The connections to one vendor. `path` and `lines` are what every request to it begins with."""

    def __init__(self, vendor: Vendor) -> None:
        """Connect to nothing yet."""
        self.vendor = vendor
        url = vendor.url
        secure = url.scheme != "http"
        self._host, self._port = url.hostname or "", url.port or (443 if secure else 80)
        self._tls = ssl.create_default_context() if secure else None
        if self._tls is not None:
            self._tls.set_alpn_protocols(["http/1.1"])
        self._free: list[tuple[float, Connection]] = []
        self._open = 0  # connections, those being opened, and room that was given to a waiter
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._resolved: tuple[float, list[Address]] = (0.0, [])
        self._stopped = False
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
            if connection.silent:
                return connection
            self._drop(connection)
        return None

    async def connect(self) -> Connection:
        """Open a connection, or wait for one where all are in use. Fails: OSError, TimeoutError."""
        if self._open >= CONNECTIONS_MAX:
            connection = await self._wait()
            if connection is not None:
                return connection
        else:
            self._open += 1
        try:
            async with asyncio.timeout(self.vendor.connect_timeout_s):
                return await self._connect(await self._resolve())
        except BaseException:
            self._gone()
            raise

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next call if nothing is left of the last one, else close it."""
        if self._stopped or not connection.reusable:
            self._drop(connection)
        elif not self._hand_on(connection):
            self._free.append((self._loop.time(), connection))
            if self._sweep is None:
                self._sweep = self._loop.call_later(IDLE_S, self._sweep_idle)

    def close(self) -> None:
        """Close what is free and let nobody wait; what is in use is closed when it is given back."""
        self._stopped = True
        if self._sweep is not None:
            self._sweep.cancel()
        while self._free:
            self._drop(self._free.pop()[1])
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(ConnectionAbortedError("the gate stops"))
        self._waiting.clear()

    async def _wait(self) -> Connection | None:
        """Wait for an open connection, or for the room for one: None. Fails: TimeoutError, OSError."""
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(self.vendor.first_byte_timeout_s):
                connection = await waiter
        except BaseException:
            with suppress(ValueError):
                self._waiting.remove(waiter)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                late = waiter.result()  # it came too late for this call
                self._gone() if late is None else self.give_back(late)
            raise
        if connection is not None and not connection.silent:
            connection.close()
            return None
        return connection

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._gone()

    def _gone(self) -> None:
        """Count a connection as closed, or give its room to who waits."""
        if not self._hand_on(None):
            self._open -= 1

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
            self._drop(connection)
        if self._free:
            self._sweep = self._loop.call_later(self._free[0][0] + IDLE_S - self._loop.time(), self._sweep_idle)

    async def _resolve(self) -> list[Address]:
        """Return the vendor's addresses. Fails: OSError, PrivateAddressError when any is not allowed."""
        known_until, addresses = self._resolved
        if self._loop.time() < known_until:
            return addresses
        try:
            found = await self._loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise OSError("the vendor's name is none that can be looked up") from error
        addresses = [(family, str(address[0])) for family, _, _, _, address in found]
        if not self.vendor.allow_private and not all(is_public(address) for _, address in addresses):
            raise PrivateAddressError("the vendor's name leads to an address that is not public")
        self._resolved = (self._loop.time() + RESOLVED_S, addresses)
        return addresses

    async def _connect(self, addresses: list[Address]) -> Connection:
        """Try the addresses in order, none for longer than its share of the time. Fails: the last one's OSError."""
        fault = OSError("the vendor's name has no address")
        for index, (family, address) in enumerate(addresses):
            try:
                async with asyncio.timeout(self.vendor.connect_timeout_s / len(addresses)):
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
                if index:  # next time the one that answers comes first
                    self._resolved = (self._resolved[0], [*addresses[index:], *addresses[:index]])
                return connection
        self._resolved = (0.0, [])
        raise fault
