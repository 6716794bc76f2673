"""A client that says what no SDK would say: requests byte by byte, and what came back."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from stockade.testing.gate import Gate

MESSAGES, CHAT, RESPONSES = "/v1/messages", "/v1/chat/completions", "/v1/responses"
PATHS = (MESSAGES, CHAT, RESPONSES)
TIMEOUT_S = 60.0


class Reply(NamedTuple):
    """What the gate answered; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def message(self) -> str:
        """Return the error's sentence."""
        return str(self.json["error"]["message"])


def body_for(path: str, text: str = "hello", **more: Any) -> bytes:
    """Return a good request body of this route's format."""
    model = "claude-demo" if path == MESSAGES else "gpt-demo"
    if path == RESPONSES:
        return orjson.dumps({"model": model, "input": text, **more})
    messages = [{"role": "user", "content": text}]
    limit = {"max_tokens": 100} if path == MESSAGES else {}
    return orjson.dumps({"model": model, "messages": messages, **limit, **more})


def address(gate: Gate) -> tuple[str, int]:
    parts = urlsplit(gate.base_url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def send(
    gate: Gate,
    path: str,
    body: bytes | Iterable[bytes] | None,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    key: str | None = None,
) -> Reply:
    """Send one request with the gate's key; a body that is not bytes goes out chunked."""
    connection = HTTPConnection(*address(gate), timeout=TIMEOUT_S)
    try:
        connection.request(
            method,
            path,
            body,
            {"authorization": f"Bearer {gate.key if key is None else key}", **(headers or {})},
            encode_chunked=not isinstance(body, bytes | None),
        )
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def send_raw(gate: Gate, raw: bytes) -> bytes:
    """Send bytes as they are and return everything until the gate closes."""
    with socket.create_connection(address(gate), timeout=TIMEOUT_S) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def opened(gate: Gate, path: str, body: bytes) -> socket.socket:
    """Send a good request and return the open connection."""
    connection = socket.create_connection(address(gate), timeout=TIMEOUT_S)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gate.key}\r\ncontent-length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    """Read until `wanted` has come. Fails: AssertionError when the connection ends before."""
    received = b""
    while wanted not in received:
        chunk = connection.recv(65536)
        assert chunk, "the connection ended"
        assert len(received) < 1_000_000, "it does not come"
        received += chunk
    return received


def assert_error(path: str, reply: Reply, status: int) -> None:
    """Assert an error in the shape of the route's vendor, with a sentence in it."""
    assert (reply.status, reply.headers["content-type"]) == (status, "application/json"), reply
    if path.startswith(MESSAGES):
        assert reply.json["type"] == "error"
        assert reply.json["error"]["type"]
    else:
        assert {"message", "type", "param", "code"} == set(reply.json["error"])
    assert len(reply.message) > 10
