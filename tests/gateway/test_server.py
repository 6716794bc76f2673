"""What arrives at the door: bad input is a clear error in the vendor's shape, reaches nobody, and harms nothing."""

from __future__ import annotations

import gzip
import resource
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.config.schema import Limits
from stockade.guard.pipeline import authentication
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for
from tests.gateway.wire import (
    CHAT,
    MESSAGES,
    PATHS,
    RESPONSES,
    assert_error,
    body_for,
    send,
    send_raw,
)

SECRET = "ghp_" + "Zx81kQw92LmN4vB7tY6uR3eW5qA0sD2fG1hJ"

paths = pytest.mark.parametrize("path", PATHS)


@pytest.fixture(autouse=True)
def serves_afterwards(gate: RunningGate, vendor: FakeVendor) -> Iterator[None]:
    """Whatever a test did to it, the gate still serves and has told nobody a secret."""
    yield
    assert send(gate, MESSAGES, body_for(MESSAGES)).status == 200
    assert SECRET not in gate.log
    assert SECRET not in repr(gate.records())
    assert [one for one in vendor.received if SECRET.encode() in one.body] == []


def deep(levels: int) -> bytes:
    return b',"x":' + b"[" * levels + b"]" * levels + b"}"


BROKEN = {
    "cut short": lambda body: body[:-5],
    "something behind": lambda body: body + b"x",
    "no JSON": lambda body: b"model=claude-demo&text=" + SECRET.encode(),
    "a list": lambda body: b"[" + body + b"]",
    "a string": lambda _: b'"' + SECRET.encode() + b'"',
    "null": lambda _: b"null",
    "no body": lambda _: b"",
    "invalid UTF-8": lambda body: body.replace(b"ghp_", b"\xff\xfe ghp_"),
    "cut inside a character": lambda body: body.replace(b"ghp_", "é".encode()[:1] + b"ghp_"),
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "a lone surrogate": lambda body: body.replace(b"ghp_", b"\\ud800 ghp_"),
    "a control character": lambda body: body.replace(b"ghp_", b"\0ghp_"),
    "a key twice": lambda body: body[:-1] + b',"model":"gpt-demo"}',
    "a key twice deep inside": lambda body: body[:-1] + b',"x":[{"a":1,"a":"' + SECRET.encode() + b'"}]}',
    "NaN": lambda body: body[:-1] + b',"x":NaN}',
    "a number past all bounds": lambda body: body[:-1] + b',"x":1e999999}',
    "model is a number": lambda body: body.replace(b'"gpt-demo"', b"7").replace(b'"claude-demo"', b"7"),
    "stream is a string": lambda body: body[:-1] + b',"stream":"yes"}',
    "compressed": gzip.compress,
}


@paths
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_body_is_a_400(gate: RunningGate, vendor: FakeVendor, path: str, fault: str) -> None:
    reply = send(gate, path, BROKEN[fault](body_for(path, SECRET)), {"content-type": "application/json"})
    assert_error(path, reply, 400)
    assert SECRET not in reply.body.decode()
    assert vendor.received == ()


@paths
@pytest.mark.parametrize("value", [7, {"a": SECRET}, True], ids=str)
def test_messages_of_a_wrong_type_are_a_400(gate: RunningGate, vendor: FakeVendor, path: str, value: object) -> None:
    name = "input" if path == RESPONSES else "messages"
    reply = send(gate, path, body_for(path, **{name: value}))
    assert_error(path, reply, 400)
    assert name in reply.message
    assert vendor.received == ()


@paths
@pytest.mark.parametrize("levels", [129, 1_000_000])
def test_a_body_that_is_nested_too_deep_is_refused(
    gate: RunningGate, vendor: FakeVendor, path: str, levels: int
) -> None:
    reply = send(gate, path, body_for(path, SECRET)[:-1] + deep(levels))
    assert_error(path, reply, 413)
    assert "128 levels" in reply.message
    assert vendor.received == ()


@paths
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, identity", "identity, gzip"])
def test_a_compressed_body_is_refused_unread(gate: RunningGate, vendor: FakeVendor, path: str, encoding: str) -> None:
    bomb = zlib.compress(b"[" * 10_000_000)
    assert len(bomb) < 20_000
    reply = send(gate, path, bomb, {"content-encoding": encoding})
    assert_error(path, reply, 400)
    assert "compressed" in reply.message
    assert vendor.received == ()


@pytest.fixture(scope="module")
def small_gate(running_vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    limits = Limits(body_bytes_max=2048)
    folder = tmp_path_factory.mktemp("small")
    with RunningGate.start(settings_for(running_vendor.base_url, folder, limits=limits)) as gate:
        yield gate


@paths
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_one_byte_past_its_bound_is_a_413(
    small_gate: RunningGate, vendor: FakeVendor, path: str, chunked: bool
) -> None:
    def padded(size: int) -> bytes:
        empty = len(body_for(path, ""))
        return body_for(path, "x" * (size - empty))

    def sent(body: bytes) -> int:
        pieces = iter([body[:1000], body[1000:2000], body[2000:]]) if chunked else body
        return send(small_gate, path, pieces).status

    assert sent(padded(2048)) == 200
    vendor.clear()
    assert sent(padded(2049)) == 413
    assert vendor.received == ()


@paths
def test_headers_past_their_bound_are_a_413(gate: RunningGate, vendor: FakeVendor, path: str) -> None:
    for headers in ({"x-big": "a" * 66_000}, {f"x-{n}": "a" * 1000 for n in range(70)}):
        reply = send(gate, path, body_for(path), headers)
        assert_error(path, reply, 413)
    assert vendor.received == ()


def test_a_path_past_its_bound_is_a_413(gate: RunningGate, vendor: FakeVendor) -> None:
    assert_error(MESSAGES, send(gate, f"{MESSAGES}?beta={'x' * 2048}", body_for(MESSAGES)), 413)
    assert vendor.received == ()


@pytest.mark.parametrize("lines", [60_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_tool_result_of_a_million_lines_passes_within_bounded_memory(
    gate: RunningGate, vendor: FakeVendor, lines: int
) -> None:
    line = "2026-11-22 INFO done\n"
    text = line * (lines // 2) + f"token {SECRET}\n" + line * (lines // 2)
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": text}
    before = peak_bytes()
    reply = send(gate, MESSAGES, body_for(MESSAGES, messages=[{"role": "user", "content": [result]}]))
    assert reply.status == 200, reply.message
    forwarded = vendor.received[-1].body
    assert vendor.received[-1].header("content-length") == str(len(forwarded))
    assert forwarded.count(b"INFO done") == lines
    assert SECRET.encode() not in forwarded
    assert peak_bytes() - before < 60 * len(text), "text, views and scans of it, here and in the vendor beside it"


def peak_bytes() -> int:
    """Return the highest memory use of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/messages"),
        ("PUT", "/v1/messages"),
        ("OPTIONS", "/v1/messages"),
        ("POST", "/v1/messages/"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1/messages/../chat/completions"),
        ("DELETE", "/v1/responses"),
        ("GET", "/v1/responses/resp_1"),
        ("POST", "/V1/chat/completions"),
        ("POST", "//v1/chat/completions"),
        ("POST", "/v1/embeddings"),
        ("GET", "/metrics"),
        ("POST", "/admin/keys"),
        ("TRACE", "/v1/chat/completions"),
    ],
)
@pytest.mark.parametrize("key", [None, "nobody"])
def test_a_route_that_is_not_served_is_a_404(
    gate: RunningGate, vendor: FakeVendor, method: str, path: str, key: str | None
) -> None:
    body = body_for(CHAT) if method in ("POST", "PUT") else None
    assert_error(path, send(gate, path, body, method=method, key=key), 404)
    assert vendor.received == ()


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method in ("GET", "HEAD") for path in ("/", "/api/hello", "/healthz", "/readyz")],
)
def test_probes_are_answered_without_a_key(gate: RunningGate, vendor: FakeVendor, method: str, path: str) -> None:
    reply = send(gate, path, None, method=method, key="nobody")
    assert (reply.status, reply.body != b"") == (200, method == "GET")
    assert vendor.received == ()


def test_a_websocket_upgrade_is_refused(gate: RunningGate, vendor: FakeVendor) -> None:
    head = (
        f"GET {RESPONSES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gate.key}\r\nconnection: Upgrade\r\n"
        "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    status = int(send_raw(gate, head.encode()).split(b" ")[1])
    assert status in (404, 426)
    assert vendor.received == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 50 + b"\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        b"POST /v1/messages HTTP/9.9\r\nhost: x\r\n\r\n",
    ],
    ids=["TLS", "two lengths of a body", "two content-lengths", "below zero", "a header without a colon", "version"],
)
def test_what_is_no_http_is_refused(gate: RunningGate, vendor: FakeVendor, raw: bytes) -> None:
    reply = send_raw(gate, raw)
    assert reply[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 401"), reply
    assert vendor.received == ()


def test_a_client_that_goes_in_the_middle_of_its_body_costs_nothing(gate: RunningGate, vendor: FakeVendor) -> None:
    head = f"POST {MESSAGES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gate.key}\r\ncontent-length: 500\r\n\r\n"
    gone = len(_gone(gate))
    assert send_raw(gate, head.encode() + b'{"model":') == b""
    gate.wait_for(lambda: len(_gone(gate)) == gone + 1)
    assert not _gone(gate)[-1]["intent"]
    assert vendor.received == ()


def _gone(gate: RunningGate) -> list[dict[str, object]]:
    return [one for one in gate.records("outcome") if one["ended"] == "client_gone"]


@paths
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"},
        {"x-original-url": "/admin", "x-rewrite-url": "/admin"},
        {"x-api-base": "http://evil.example", "x-portkey-custom-host": "http://evil.example"},
        {"x-stockade-upstream": "http://evil.example", "base_url": "http://evil.example"},
    ],
)
def test_no_header_chooses_the_upstream(
    gate: RunningGate, vendor: FakeVendor, path: str, headers: dict[str, str]
) -> None:
    assert send(gate, path, body_for(path), headers).status == 200
    one = vendor.received[-1]
    assert one.path == path
    assert one.header("host") == vendor.base_url.removeprefix("http://")
    assert "evil" not in str(one.headers)
    reply = send(gate, path, body_for(path), headers, key="nobody")
    assert_error(path, reply, 401)


def test_an_absolute_address_goes_to_the_configured_vendor(gate: RunningGate, vendor: FakeVendor) -> None:
    assert send(gate, f"http://evil.example{MESSAGES}", body_for(MESSAGES)).status == 200
    assert vendor.received[-1].header("host") == vendor.base_url.removeprefix("http://")


@pytest.mark.parametrize("path", [*PATHS, "/v1/messages/count_tokens", "/v1/models"])
@pytest.mark.parametrize("error", [RuntimeError, KeyError, MemoryError, SystemError])
def test_an_authenticator_that_fails_lets_nobody_in(
    gate: RunningGate, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch, path: str, error: type[Exception]
) -> None:
    def broken(*_: object) -> object:
        raise error(SECRET)

    with monkeypatch.context() as patch:
        patch.setattr(authentication, "prove_caller", broken)
        reply = send(gate, path, None if path == "/v1/models" else body_for(path, SECRET), method=_method(path))
    assert reply.status == 401
    assert SECRET not in reply.body.decode()
    assert vendor.received == ()


def _method(path: str) -> str:
    return "GET" if path == "/v1/models" else "POST"


@pytest.mark.parametrize("path", [*PATHS, "/v1/messages/count_tokens", "/v1/models"])
@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": "Bearer nobody"},
        {"authorization": "Basic bm9ib2R5Om5vYm9keQ=="},
        {"x-api-key": "' OR 1=1 --"},
        {"x-api-key": "nobody", "authorization": "Bearer somebody"},
        {"authorization": "Bearer " + "x" * 600},
        {"cookie": "key=nobody"},
    ],
    ids=str,
)
def test_without_a_key_of_this_gate_every_route_is_a_401(
    gate: RunningGate, vendor: FakeVendor, path: str, credential: dict[str, str]
) -> None:
    body = None if path == "/v1/models" else body_for(path)
    head = f"{_method(path)} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body or b'')}\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in credential.items())
    raw = send_raw(gate, (head + lines + "\r\n").encode() + (body or b""))
    assert raw.startswith(b"HTTP/1.1 401"), raw
    assert vendor.received == ()


def test_a_second_gate_on_one_folder_is_refused_and_the_first_goes_on(vendor: FakeVendor, tmp_path: Path) -> None:
    from stockade.core.errors import StorageError

    settings = settings_for(vendor.base_url, tmp_path)
    with RunningGate.start(settings) as first:
        with pytest.raises(StorageError, match="another process writes this ledger") as caught:
            RunningGate.start(settings)
        assert "data_dir" in caught.value.hint
        assert send(first, MESSAGES, body_for(MESSAGES)).status == 200
