"""The pool: addresses that may be called, connections that are shared, and counts that never drift."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from unittest import mock

import pytest

from stockade.gateway import vendors
from stockade.gateway.http1 import Connection
from stockade.gateway.vendors import Pool, PrivateAddressError, Vendor, is_public
from tests.gateway.raw_vendor import NEWS_S, Caller, Got, RawVendor, Seen, exchange, on_both_loops, raw_vendor

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GOOD = Got(200, b"ok", "", reusable=True)


async def answering(caller: Caller) -> None:
    while True:
        await caller.request()
        caller.say(OK)


@asynccontextmanager
async def pool_of(vendor: RawVendor, **more: Any) -> AsyncIterator[Pool]:
    settings = {"allow_private": True, "first_byte_timeout_s": NEWS_S, **more}
    pool = Pool(Vendor("anthropic", vendor.base_url.replace("localhost", "127.0.0.1"), "", **settings))
    made: list[Seen] = []

    def make() -> Seen:
        made.append(Seen())
        return made[-1]

    with mock.patch.object(vendors, "Connection", make):
        try:
            yield pool
        finally:
            pool.close()
            for connection in [one for one in made if one._transport is not None]:
                connection.close()
                await connection.until(lambda seen: seen.lost)


@pytest.fixture
def two_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendors, "CONNECTIONS_MAX", 2)


async def settled() -> None:
    """Let whatever can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


PUBLIC = "8.8.8.8 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1"
SPECIAL = """
    127.0.0.1 127.9.9.9 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 198.18.0.1 192.0.2.1
    240.0.0.1 255.255.255.255 224.0.0.1 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1
    2001:db8::1 2001::1 100::1 5f00::1
"""
DRESSED = """
    ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::10.0.0.1 2002:7f00:1:: 2002:a00:1::1
    64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::a00:1 64:ff9b::e000:1 64:ff9b:1::808:808
"""
"""Inner addresses in IPv6: mapped, compatible, 6to4, NAT64, and NAT64 for local use."""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*SPECIAL.split(), *DRESSED.split()])
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("base_url", "complaint"),
    [
        ("https://127.0.0.1", "not a public address"),
        ("https://[::ffff:10.0.0.1]:8443/v1", "not a public address"),
        ("https://[64:ff9b::7f00:1]", "not a public address"),
        ("https://[fe80::1%25eth0]", "not a public address"),
        ("https://bücher.example", "xn--"),
        ("https://api.example/pfad-ü", "xn--"),
    ],
)
def test_what_can_be_seen_without_a_network(base_url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Vendor("openai", base_url, "").check()


@pytest.mark.parametrize("base_url", ["https://api.example", "https://8.8.8.8/v1", "https://xn--bcher-kva.example"])
def test_what_a_check_lets_pass(base_url: str) -> None:
    Vendor("openai", base_url, "").check()


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str] | Exception) -> list[str]:
    """Let names lead to these addresses, one list a look-up; return the list of what is looked up."""
    looked: list[str] = []
    left = list(answers)

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        looked.append(host)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in answer]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port))
            for family, address in zip(families, answer, strict=True)
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return looked


@pytest.mark.parametrize("inner", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1%1"])
@pytest.mark.parametrize("beside", [[], ["8.8.8.8"]])
async def test_a_name_that_leads_inside_is_not_called(
    monkeypatch: pytest.MonkeyPatch, inner: str, beside: list[str]
) -> None:
    names(monkeypatch, [*beside, inner])
    pool = Pool(Vendor("openai", "http://rebound.example", ""))
    with pytest.raises(PrivateAddressError):
        await pool.connect()
    assert pool._open == 0


async def test_a_name_that_turns_inside_later_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[str] = []

    async def create_connection(_factory: object, host: str, *_: Any, **__: Any) -> Any:
        dialled.append(host)
        raise ConnectionRefusedError

    looked = names(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
    pool = Pool(Vendor("openai", "http://rebound.example", ""))
    with pytest.raises(ConnectionRefusedError):
        await pool.connect()
    with pytest.raises(PrivateAddressError):
        await pool.connect()
    assert dialled == ["8.8.8.8"]  # the address that was looked at, not the name
    assert len(looked) == 2


@pytest.mark.parametrize("fault", [socket.gaierror(-2, "unknown"), UnicodeEncodeError("idna", "x", 0, 1, "too long")])
async def test_a_name_that_cannot_be_looked_up(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    names(monkeypatch, fault)
    pool = Pool(Vendor("openai", "http://no.example", ""))
    for _ in range(3):
        with pytest.raises(OSError, match=r"unknown|looked up"):
            await pool.connect()
    assert pool._open == 0


async def test_a_name_with_an_empty_label_is_an_error_of_the_call() -> None:
    with pytest.raises(OSError, match=r"."):
        await Pool(Vendor("openai", f"http://{'x' * 64}.example", "")).connect()


async def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, [])
    with pytest.raises(OSError, match="no address"):
        await Pool(Vendor("openai", "http://no.example", "")).connect()


async def test_the_second_address_is_tried_and_comes_first_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
    dialled: list[str] = []
    dial = asyncio.get_running_loop().create_connection

    async def create_connection(factory: Any, host: str, *arguments: Any, **more: Any) -> Any:
        dialled.append(host)
        if host == "127.0.0.9":
            await asyncio.Event().wait()  # a route that leads nowhere and says nothing
        return await dial(factory, host, *arguments, **more)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
    async with raw_vendor(answering) as vendor, pool_of(vendor, connect_timeout_s=0.1) as pool:
        pool._host = "two.example"
        connections = [await pool.connect() for _ in range(2)]
        assert dialled == ["127.0.0.9", "127.0.0.1", "127.0.0.1"]
        assert len(looked) == 1
        for connection in connections:
            pool.give_back(connection)
        assert pool._open == 0  # none has answered yet, so none is kept


@on_both_loops
async def test_a_connection_that_answered_is_used_again() -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        first = await pool.connect()
        for _ in range(5):
            assert await exchange(first) == GOOD
            pool.give_back(first)
            assert pool.take() is first
        assert len(vendor.callers) == 1
        assert pool.take() is None
        assert pool._open == 1


@on_both_loops
async def test_a_connection_that_the_vendor_closed_meanwhile_is_not_used() -> None:
    async def once(caller: Caller) -> None:
        await caller.request()
        caller.say(OK)

    async with raw_vendor(once, answering) as vendor, pool_of(vendor) as pool:
        connection = await pool.connect()
        assert (await exchange(connection)).body == b"ok"
        pool.give_back(connection)
        assert isinstance(connection, Seen)
        await connection.until(lambda seen: seen.lost)
        assert pool.take() is None
        assert pool._open == 0
        assert await exchange(await pool.connect()) == GOOD


@on_both_loops
async def test_stray_bytes_close_an_idle_connection() -> None:
    async def stray(caller: Caller) -> None:
        await caller.request()
        caller.say(OK)
        await kept.wait()
        caller.say(OK)
        await caller.reader.read()

    kept = asyncio.Event()
    async with raw_vendor(stray, answering) as vendor, pool_of(vendor) as pool:
        connection = await pool.connect()
        assert await exchange(connection) == GOOD
        pool.give_back(connection)
        kept.set()
        assert isinstance(connection, Seen)
        await connection.until(lambda seen: seen.lost)
        assert pool.take() is None
        assert pool._open == 0


async def busy(pool: Pool) -> list[Connection]:
    """Open all connections that there may be, each with an answer behind it."""
    connections = [await pool.connect() for _ in range(vendors.CONNECTIONS_MAX)]
    for connection in connections:
        assert await exchange(connection) == GOOD
    return connections


@on_both_loops
async def test_who_waits_gets_a_connection_in_turn(two_at_most: None) -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        one, two = await busy(pool)
        waiting = [asyncio.ensure_future(pool.connect()) for _ in range(3)]
        await settled()
        pool.give_back(one)
        pool.give_back(two)
        assert [await waiting[0], await waiting[1]] == [one, two]
        assert await exchange(one) == GOOD
        pool.give_back(one)
        assert await waiting[2] is one
        assert (pool._open, len(vendor.callers)) == (2, 2)


@on_both_loops
async def test_who_waits_gets_the_room_of_a_connection_that_broke(two_at_most: None) -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        one, two = await busy(pool)
        waiting = [asyncio.ensure_future(pool.connect()) for _ in range(2)]
        await settled()
        one.expire()
        pool.give_back(one)
        late = asyncio.ensure_future(pool.connect())  # comes before the one that waits has opened its connection
        assert await exchange(await waiting[0]) == GOOD
        assert pool._open == 2
        assert not late.done()
        pool.give_back(two)
        assert await waiting[1] is two
        pool.give_back(await waiting[0])
        await late
        assert (pool._open, len(vendor.callers)) == (2, 3)


@on_both_loops
async def test_a_connection_that_breaks_on_its_way_to_who_waits_is_replaced(two_at_most: None) -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        one, _two = await busy(pool)
        waiting = asyncio.ensure_future(pool.connect())
        await settled()
        pool.give_back(one)
        one.expire()
        replaced = await waiting
        assert replaced is not one
        assert await exchange(replaced) == GOOD
        assert pool._open == 2


@pytest.mark.parametrize("room", [False, True])
@on_both_loops
async def test_what_is_handed_to_a_call_that_was_cancelled_goes_to_the_next(two_at_most: None, room: bool) -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        one, two = await busy(pool)
        waiting = [asyncio.ensure_future(pool.connect()) for _ in range(3)]
        await settled()
        waiting[0].cancel()  # before anything is handed to it
        if room:
            one.expire()
        pool.give_back(one)
        waiting[1].cancel()  # when it was already handed to it
        third = await waiting[2]
        assert (third is one) is not room
        assert [task.cancelled() for task in waiting] == [True, True, False]
        assert (pool._open, len(pool._waiting)) == (2, 0)
        for connection in (two, third):
            connection.close()
            pool.give_back(connection)
        assert pool._open == 0


async def test_waiting_for_a_connection_has_an_end(two_at_most: None) -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor, first_byte_timeout_s=0.01) as pool:
        connections = await busy(pool)
        with pytest.raises(TimeoutError):
            await pool.connect()
        assert (pool._open, len(pool._waiting)) == (2, 0)
        for connection in connections:
            pool.give_back(connection)
        assert len(pool._free) == 2


@pytest.mark.parametrize("steps", range(12))
async def test_a_call_cancelled_while_it_connects_leaves_no_count(steps: int) -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        connecting = asyncio.ensure_future(pool.connect())
        for _ in range(steps):
            await asyncio.sleep(0)
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            pool.give_back(await connecting)  # it was quicker
        assert pool._open == 0


async def test_idle_connections_are_closed_and_the_timer_goes_with_them() -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        connections = [await pool.connect() for _ in range(3)]
        for connection in connections:
            assert await exchange(connection) == GOOD
            pool.give_back(connection)
        now = pool._loop.time()
        pool._free = [(now - vendors.IDLE_S, connections[0]), (now, connections[1]), (now, connections[2])]
        connections[2].expire()
        pool._sweep_idle()
        assert pool._free == [(now, connections[1])]
        assert pool._open == 1
        assert pool._sweep is not None
        assert pool.take() is connections[1]
        pool._sweep.cancel()
        pool._sweep_idle()
        assert pool._sweep is None


async def test_the_end_of_the_gate_leaves_nothing_open(two_at_most: None) -> None:
    async with raw_vendor(answering) as vendor, pool_of(vendor) as pool:
        one, two = await busy(pool)
        waiting = asyncio.ensure_future(pool.connect())
        await settled()
        pool.give_back(one)
        first = await waiting
        pool.give_back(first)
        pool.close()
        assert first.closed
        waiting = asyncio.ensure_future(pool.connect())
        two_more = asyncio.ensure_future(pool.connect())
        await settled()
        pool.close()
        with pytest.raises(ConnectionAbortedError):
            await two_more
        pool.give_back(await waiting)
        pool.give_back(two)
        assert two.closed
        assert (pool._open, pool._free) == (0, [])
        assert pool._sweep is None or pool._sweep.cancelled()
