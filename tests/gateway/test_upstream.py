"""The way to the vendors: what is sent and read, over TLS too, and what a vendor that stops comes to."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiohttp
import orjson
import pytest
from aiohttp.http_parser import HttpResponseParserPy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stockade.core.errors import UpstreamError, UpstreamTimeoutError
from stockade.gateway.upstream import HttpAnswer, HttpUpstream
from stockade.gateway.vendors import Vendor
from stockade.guard.pipeline.commands import CallUpstream
from stockade.testing.fake_vendor import FakeVendor
from tests.gateway.raw_vendor import NEWS_S, Caller, Play, RawVendor, on_both_loops, raw_vendor
from tests.gateway.test_http1 import BAD, GOOD

Value = TypeVar("Value")

HANGING = """
rules:
  - answer: one two three four
    fail: {how: hang, after_events: 3}
"""
PAUSING = """
rules:
  - answer: one two three four
    fail: {how: pause, after_events: 3}
"""


async def reading(
    script: str, idle_timeout_s: float, use: Callable[[FakeVendor, HttpAnswer], Awaitable[Value]]
) -> Value:
    with await asyncio.to_thread(FakeVendor.start, script) as fake:
        upstream = HttpUpstream(
            {"anthropic": Vendor("anthropic", fake.base_url, "", allow_private=True, idle_timeout_s=idle_timeout_s)}
        )
        await upstream.open()
        body = {"model": "claude-1", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
        headers = ((b"content-type", b"application/json"),)
        try:
            answer = await upstream.call(CallUpstream("anthropic", "POST", "/v1/messages", headers, orjson.dumps(body)))
            try:
                return await use(fake, answer)
            finally:
                answer.close()
        finally:
            await upstream.close()


async def read_on(_fake: FakeVendor, answer: HttpAnswer) -> bytes:
    data = b""
    while chunk := await answer.read():
        data += chunk
    return data


async def test_a_vendor_that_stops_sending_is_timed_out() -> None:
    with pytest.raises(UpstreamTimeoutError, match="stopped sending"):
        await reading(HANGING, 0.05, read_on)


async def test_a_read_that_goes_on_in_time_is_not_timed_out() -> None:
    async def resumed(fake: FakeVendor, answer: HttpAnswer) -> bytes:
        fake.resume()
        return await read_on(fake, answer)

    assert b"message_stop" in await reading(PAUSING, 30, resumed)


async def test_the_time_between_two_reads_is_not_the_vendors() -> None:
    async def slow(fake: FakeVendor, answer: HttpAnswer) -> bytes:
        data = await answer.read()
        waiting = asyncio.ensure_future(answer.read())
        fake.resume()
        data += await waiting
        answer._check_idle()  # the timer rings while nobody reads
        assert answer._idle is None
        return data + await read_on(fake, answer)

    assert b"message_stop" in await reading(PAUSING, 30, slow)


async def test_a_whole_answer_past_its_bound_is_refused() -> None:
    async def whole(_fake: FakeVendor, answer: HttpAnswer) -> bytes:
        return await answer.read_whole(100)

    with pytest.raises(UpstreamError, match="larger than 100 bytes"):
        await reading("rules: [{answer: one two three four five six}]", 30, whole)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CALL = CallUpstream("anthropic", "POST", "/v1/messages?beta=true", ((b"anthropic-version", b"2023-06-01"),), b"{}")


@asynccontextmanager
async def upstream_to(vendor: RawVendor, key: str = "", path: str = "", **more: Any) -> AsyncIterator[HttpUpstream]:
    settings = {"allow_private": True, "connect_timeout_s": NEWS_S, **more}
    upstream = HttpUpstream({"anthropic": Vendor("anthropic", vendor.base_url + path, key, **settings)})
    await upstream.open()
    try:
        yield upstream
    finally:
        opened = [pool._open - len(pool._free) for pool in upstream._pools.values()]
        await upstream.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert opened == [0]  # every connection came back, however its call ended


async def answering(caller: Caller) -> None:
    while True:
        await caller.request()
        caller.say(OK)


def saying(data: bytes) -> Play:
    async def play(caller: Caller) -> None:
        await caller.request()
        caller.say(data)

    return play


async def ask(upstream: HttpUpstream, request: CallUpstream = CALL) -> tuple[int, bytes]:
    answer = await upstream.call(request)
    try:
        return answer.head.status, await answer.read_whole(1_000_000)
    finally:
        answer.close()


@on_both_loops
async def test_a_request_goes_out_as_it_is_and_one_connection_serves_all() -> None:
    async with raw_vendor(answering) as vendor, upstream_to(vendor, "sk-vendor", "/proxy/v1/") as upstream:
        assert [await ask(upstream), await ask(upstream)] == [(200, b"ok")] * 2
        assert await ask(upstream, CallUpstream("anthropic", "GET", "/v1/models", (), b"")) == (200, b"ok")
        (caller,) = vendor.callers
        common = (
            f"host: localhost:{vendor.port}\r\nuser-agent: stockade\r\naccept-encoding: identity\r\naccept: */*\r\n"
            "x-api-key: sk-vendor\r\n"
        )
        first = (
            f"POST /proxy/v1/messages?beta=true HTTP/1.1\r\n{common}"
            "anthropic-version: 2023-06-01\r\ncontent-length: 2\r\n\r\n{}"
        )
        last = f"GET /proxy/v1/models HTTP/1.1\r\n{common}\r\n"
        assert caller.heard == [first.encode(), first.encode(), last.encode()]


@pytest.mark.parametrize(
    "request_",
    [
        CALL._replace(target="/v1/messages HTTP/1.1\r\nx: y\r\n\r\nGET /"),
        CALL._replace(target="/v1/m essages"),
        CALL._replace(target="v1/messages"),
        CALL._replace(target="/v1/messag\u00e9s"),
        CALL._replace(headers=((b"a", b"b\r\nc: d"),)),
        CALL._replace(headers=((b"a", b"b\0"),)),
        CALL._replace(headers=((b"a: b\r\nc", b"d"),)),
        CALL._replace(headers=((b"a ", b"d"),)),
        CALL._replace(headers=((b"", b"d"),)),
    ],
)
async def test_what_would_end_a_line_is_not_sent(request_: CallUpstream) -> None:
    async with raw_vendor(answering) as vendor, upstream_to(vendor) as upstream:
        with pytest.raises(UpstreamError, match="cannot be sent on"):
            await upstream.call(request_)
        assert vendor.callers == []


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    moved = b"HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" % status
    async with raw_vendor(saying(moved)) as vendor, upstream_to(vendor) as upstream:
        with pytest.raises(UpstreamError, match="redirect"):
            await upstream.call(CALL)
        assert len(vendor.callers) == 1


async def test_a_vendor_that_is_not_configured() -> None:
    with pytest.raises(UpstreamError, match="No upstream is configured for openai"):
        await HttpUpstream({}).call(CALL._replace(vendor="openai"))


async def test_a_vendor_that_nobody_listens_for() -> None:
    async with raw_vendor(answering) as vendor:
        pass
    async with upstream_to(vendor) as upstream:
        with pytest.raises(UpstreamError, match=r"cannot be reached \(ConnectionRefusedError\)"):
            await upstream.call(CALL)


@on_both_loops
async def test_a_vendor_that_answers_nothing_is_timed_out_and_its_connection_closed() -> None:
    async def silent(caller: Caller) -> None:
        await caller.request()
        assert await caller.reader.read() == b""
        hung_up.set()

    hung_up = asyncio.Event()
    async with raw_vendor(silent) as vendor, upstream_to(vendor, first_byte_timeout_s=0.01) as upstream:
        with pytest.raises(UpstreamTimeoutError, match="did not begin to answer"):
            await upstream.call(CALL)
        async with asyncio.timeout(NEWS_S):
            await hung_up.wait()


@pytest.mark.parametrize("turns", range(30))
async def test_a_call_that_is_cancelled_at_any_moment_leaves_no_connection_behind(turns: int) -> None:
    async with raw_vendor(answering) as vendor, upstream_to(vendor) as upstream:
        calling = asyncio.ensure_future(upstream.call(CALL))
        for _ in range(turns):
            await asyncio.sleep(0)
        calling.cancel()
        with suppress(asyncio.CancelledError):
            (await calling).close()  # it was quicker
        assert await ask(upstream) == (200, b"ok")


async def test_a_call_that_is_cancelled_as_its_answer_comes_gives_the_connection_back() -> None:
    async with raw_vendor(answering) as vendor, upstream_to(vendor) as upstream:
        assert await ask(upstream) == (200, b"ok")
        ((_, connection),) = upstream._pools["anthropic"]._free
        calling = asyncio.ensure_future(upstream.call(CALL))
        while connection._waiter is None:  # noqa: ASYNC110 - until the call waits
            await asyncio.sleep(0)
        connection.data_received(OK)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling


class Outcome(NamedTuple):
    """What a client made of an answer; status 0 when it refused it."""

    status: int
    body: bytes


@pytest.mark.parametrize("name", [*GOOD, *BAD])
@pytest.mark.parametrize("parser", ["llhttp", "python"])
async def test_where_aiohttp_reads_an_answer_it_reads_the_same(
    name: str, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if parser == "python":
        monkeypatch.setattr("aiohttp.client_proto.HttpResponseParser", HttpResponseParserPy)
    sent = GOOD[name].sent if name in GOOD else BAD[name]
    async with raw_vendor(saying(sent)) as vendor:
        theirs = Outcome(0, b"")
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            try:
                async with session.post(vendor.base_url, data=b"{}", allow_redirects=False) as answer:
                    theirs = Outcome(answer.status, await answer.read())
            except aiohttp.ClientError:
                pass
        ours = Outcome(0, b"")
        async with upstream_to(vendor) as upstream:
            try:
                ours = Outcome(*await ask(upstream))
            except UpstreamError:
                assert name in BAD or name == "not modified"
        if ours.status:
            assert name in GOOD
            assert theirs in (ours, Outcome(0, b""))


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for a host; return what a server needs, and the file that a client has to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, trusted = folder / "server.pem", folder / "trusted.pem"
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + public)
    trusted.write_bytes(public)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context, trusted


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@on_both_loops
async def test_a_vendor_over_tls(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 3_000_000

    async def play(caller: Caller) -> None:
        for _ in range(2):
            assert len(await caller.request()) > size
            caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + bytes(900_000))
        spoken.append(caller.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await caller.reader.read()

    spoken: list[str] = []
    tls, trusted = certified(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with raw_vendor(play, tls=tls) as vendor:
        vendor.base_url = vendor.base_url.replace("localhost", host)
        async with upstream_to(vendor) as upstream:
            for _ in range(2):
                assert await ask(upstream, CALL._replace(body=bytes(size))) == (200, bytes(900_000))
            assert (spoken, len(vendor.callers)) == (["http/1.1"], 1)


@pytest.mark.parametrize(("name", "trust"), [("localhost", False), ("other.example", True)])
@on_both_loops
async def test_a_vendor_whose_certificate_is_not_its_own_is_sent_nothing(
    name: str, trust: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusted = certified(tmp_path, name)
    if trust:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with raw_vendor(answering, tls=tls) as vendor, upstream_to(vendor, "sk-vendor") as upstream:
        with pytest.raises(UpstreamError, match=r"cannot be reached \(SSLCertVerificationError\)"):
            await upstream.call(CALL)
        assert vendor.callers == []


@on_both_loops
async def test_a_vendor_that_breaks_off_inside_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, trusted = certified(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"
    async with raw_vendor(saying(cut), tls=tls) as vendor, upstream_to(vendor) as upstream:
        with pytest.raises(UpstreamError, match="broke off"):
            await ask(upstream)


async def test_a_vendor_that_speaks_no_tls() -> None:
    async def play(caller: Caller) -> None:
        caller.say(OK)
        await caller.reader.read()

    async with raw_vendor(play) as vendor:
        vendor.base_url = vendor.base_url.replace("http:", "https:")
        async with upstream_to(vendor) as upstream:
            with pytest.raises(UpstreamError, match=r"cannot be reached \(SSLError\)"):
                await upstream.call(CALL)
