"""Admission: from headers alone, before the body is read; nobody who is not proven gets further."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stockade.core.errors import RateLimitedError
from stockade.core.limits import HEADER_BYTES_MAX, PATH_CHARS_MAX
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.models import ModelList
from stockade.testing.playbook import KEY, Answer, Played, Sent
from tests.guard.pipeline.talks import PATHS, answer, ask, each_dialect, hear, say
from tests.properties.gates import SECRET, playbook

BEARER = ("authorization", f"Bearer {KEY.text}")
ANTHROPIC_SIGNS = ["anthropic-version", "anthropic-beta", "x-api-key"]


def play(sent: Sent) -> Played:
    return playbook().play(sent, Answer((b"{}",)))


def with_headers(dialect: str, *headers: tuple[str, str]) -> Sent:
    sent = ask(dialect, "hello")
    return sent._replace(headers=(*sent.headers, *headers))


@each_dialect
@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("authorization", "Bearer "),),
        (("authorization", KEY.text),),
        (("authorization", f"Bearer {KEY.text[:-1]}"),),
        (("authorization", f"Bearer {KEY.text}x"),),
        (("authorization", "Basic eDp5"),),
        (("x-api-key", "other"),),
        (BEARER, ("x-api-key", "other")),
        (BEARER, ("authorization", "Bearer other")),
    ],
)
def test_who_is_not_proven_is_told_so_and_nothing_is_read(dialect: str, headers: tuple[tuple[str, str], ...]) -> None:
    played = play(ask(dialect, "hello")._replace(headers=headers))
    assert played.status == 401
    assert hear(dialect, played).error
    assert set(played.commands) == {"SendHead", "SendBody"}


@each_dialect
@pytest.mark.parametrize("name", ["authorization", "x-api-key"])
def test_a_key_may_come_in_either_header(dialect: str, name: str) -> None:
    value = BEARER[1] if name == "authorization" else KEY.text
    sent = ask(dialect, "hello")._replace(headers=((name, value),))
    played = playbook().play(sent, answer(dialect, say("Fine."), streamed=False))
    assert hear(dialect, played).text == "Fine."


@each_dialect
@pytest.mark.parametrize(
    ("header", "status"),
    [
        (("content-encoding", "gzip"), 400),
        (("content-encoding", "identity, br"), 400),
        (("content-length", "99999999999"), 413),
        (("content-length", "-1"), 413),
        (("content-length", "1e3"), 413),
        (("x-long", "x" * HEADER_BYTES_MAX), 413),
    ],
)
def test_what_no_stage_could_read_is_refused_from_its_head(dialect: str, header: tuple[str, str], status: int) -> None:
    played = play(with_headers(dialect, header))
    assert played.status == status
    assert hear(dialect, played).error
    assert set(played.commands) == {"SendHead", "SendBody"}


@each_dialect
def test_a_path_past_its_bound_is_refused(dialect: str) -> None:
    played = play(ask(dialect, "hello")._replace(query="x" * PATH_CHARS_MAX))
    assert played.status == 413
    assert set(played.commands) == {"SendHead", "SendBody"}


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_plain_body_may_say_so(encoding: str) -> None:
    sent = with_headers("openai_chat", ("content-encoding", encoding))
    assert playbook().play(sent, answer("openai_chat", say("Fine."), streamed=False)).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "post"])
@pytest.mark.parametrize("path", list(PATHS.values()))
def test_another_method_is_not_served(method: str, path: str) -> None:
    assert play(Sent(path, b"", method=method)).status == 404


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/messages/", "//v1/messages", "/v1/embeddings", "/v1/responses/x"])
def test_another_path_is_not_served(path: str) -> None:
    played = play(Sent(path, b"{}"))
    assert played.status == 404
    assert "Reserve" not in played.commands


@pytest.mark.parametrize("sign", ANTHROPIC_SIGNS)
def test_who_speaks_like_anthropic_s_client_is_answered_like_it(sign: str) -> None:
    played = play(Sent("/v1/nothing", b"{}", headers=((sign, "x"),)))
    assert played.json["type"] == "error"
    assert "type" not in play(Sent("/v1/nothing", b"{}", headers=())).json


@pytest.mark.parametrize(("header", "vendor"), [(("anthropic-version", "2023-06-01"), "anthropic"), (None, "openai")])
def test_the_shared_route_goes_to_the_vendor_whose_client_asks(header: tuple[str, str] | None, vendor: str) -> None:
    sent = Sent("/v1/models", b"", headers=(BEARER, *((header,) if header else ())), method="GET")
    played = playbook().play(sent, Answer((b'{"data":[]}',)))
    assert played.upstream is not None
    assert played.upstream.vendor == vendor
    assert "ReadBody" not in played.commands


def retrieve(path: str, **more: str) -> Played:
    book = playbook()
    book.gate = replace(book.gate, models=ModelList(["m-*"]))
    return book.play(Sent(path, b"", method="GET", **more), Answer((b'{"id":"m-1","object":"model"}',)))  # type: ignore[arg-type]


def test_one_model_is_asked_for_by_its_path() -> None:
    played = retrieve("/v1/models/m-1", query="beta=1")
    assert played.upstream is not None
    assert played.upstream.target == "/v1/models/m-1?beta=1"
    assert (played.records[0]["model"], played.records[0]["route"]) == ("m-1", "GET /v1/models/{model}")
    assert "ReadBody" not in played.commands
    assert retrieve("/v1/models/other").records[-1]["error"] == "model_not_listed"


@pytest.mark.parametrize(
    "name", ["", "..", ".", "m-1/..", "m-1/x", "m-1?x=1", "m-1#x", "m-1%2f..", "m 1", "m-1\n", "m-\u00e9", "m" * 129]
)
def test_what_is_no_model_s_name_never_becomes_part_of_a_path(name: str) -> None:
    played = retrieve(f"/v1/models/{name}")
    assert played.upstream is None
    assert played.exchange.dialect is None


def test_a_secret_in_the_path_is_not_sent_on() -> None:
    book = playbook()
    played = book.play(Sent(f"/v1/models/{SECRET}", b"", method="GET"), Answer((b"{}",)))
    assert played.upstream is None


@each_dialect
def test_a_used_up_limit_is_told_with_the_time_to_wait(dialect: str) -> None:
    def full(command: object) -> BaseException | None:
        if isinstance(command, c.Reserve):
            return RateLimitedError("Too many requests.", limit="requests", retry_after_s=2.5)
        return None

    played = playbook().play(ask(dialect, "hello"), answer(dialect, say("Fine."), streamed=False), full)
    assert played.status == 429
    assert dict(played.headers)[b"retry-after"] == b"3"
    assert "ReadBody" not in played.commands
    assert played.released == 0
    assert not played.records, "whoever was not let in is counted by the gateway: a record each could fill the disk"


def test_the_body_s_bound_is_the_gate_s() -> None:
    book = playbook()
    book.gate = replace(book.gate, body_bytes_max=10)
    bounds = []

    def look(command: object) -> None:
        if isinstance(command, c.ReadBody):
            bounds.append(command.bytes_max)

    book.play(ask("openai_chat", "hello"), answer("openai_chat", say("Fine."), streamed=False), look)
    assert bounds == [10]
    sent = with_headers("openai_chat", ("content-length", "11"))
    assert book.play(sent, answer("openai_chat", say("Fine."), streamed=False)).status == 413


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/messages", "/nowhere"])
def test_a_websocket_is_told_to_come_as_http(path: str) -> None:
    """Codex 0.169 tries seven times, six seconds long, after a 404, and sends a POST at once after a 426 (measured)."""
    asked = Sent(path, b"", (("connection", "Upgrade"), ("upgrade", "WebSocket")), method="GET")
    played = playbook().play(asked, Answer(()))
    assert played.status == (426 if "messages" not in path else 404)
    assert played.upstream is None
    assert "no WebSocket" in played.json["error"]["message"]
    if played.status == 426:
        assert (b"upgrade", b"HTTP/1.1") in played.headers
