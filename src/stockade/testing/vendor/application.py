"""The fake vendor as an ASGI application: routes, authentication, the choice of an answer. Loopback use only."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from stockade.testing.vendor import anthropic, openai_chat, openai_responses
from stockade.testing.vendor.reading import ROUTES, Reading, choose, read
from stockade.testing.vendor.recording import Received, Recording
from stockade.testing.vendor.saying import error_body, prepare
from stockade.testing.vendor.script import Answer, Failure, Rule, Script
from stockade.testing.vendor.sending import Line, Message, Receive, Reply, Send, messages_of

Scope = dict[str, Any]

TRANSPORT = "stockade.transport"

_FORMATS: dict[str, Any] = {
    "anthropic": anthropic,
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
}
_JSON = (b"content-type", b"application/json")
_STREAM = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


class VendorApplication:
    """Answer requests as the script says and keep what was received."""

    def __init__(self, script: Script) -> None:
        """Start with nothing received."""
        self.script = script
        self.recording = Recording()
        self.permits = asyncio.Semaphore(0)
        self._numbers = itertools.count(1)
        self._bench = {rule.when.dialect or "": rule for rule in script.rules if rule.bench}
        self._prebuilt: dict[tuple[str, bool], list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        path: str = scope["path"]
        dialect = ROUTES.get(path, "")
        if self._bench and dialect and (rule := self._bench.get(dialect) or self._bench.get("")):
            for message in self._benchmark(dialect, rule, body):
                await send(message)
            return
        line = Line(send, receive, scope["extensions"][TRANSPORT]["transport"], self.permits)
        if path == "/__received":
            await line.deliver(self._control(scope), _PLAIN)
            return
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        query = scope["query_string"].decode("latin-1")
        received = self.recording.add(scope["method"], path, query, headers, body)
        reply, rule = self._reply(received, dialect)
        if scope["method"] == "HEAD":
            reply = reply._replace(parts=[])
        finished = False
        try:
            finished = await line.deliver(reply, rule)
        finally:
            self.recording.note(received, client_gone=not finished)

    def _reply(self, received: Received, dialect: str) -> tuple[Reply, Rule]:
        spoken = dialect or ("anthropic" if received.header("anthropic-version") else "openai_chat")
        if self.script.keys and _key(received) not in self.script.keys:
            return self._error(spoken, Failure(401, "the fake vendor does not know this key"), received), _PLAIN
        if received.method == "GET" and received.path == "/v1/models":
            return Reply(200, [_JSON], [_FORMATS[spoken].models(self.script.models)]), _PLAIN
        named = received.path.removeprefix("/v1/models/")
        if received.method == "GET" and named in self.script.models:
            return Reply(200, [_JSON], [_FORMATS[spoken].model(named)]), _PLAIN
        if not dialect or received.method != "POST":
            return self._error(spoken, Failure(404, "the fake vendor has no such route"), received), _PLAIN
        try:
            reading = read(dialect, received.body)
        except ValueError:
            return self._error(dialect, Failure(400, "the fake vendor cannot read this body"), received), _PLAIN
        rule, match = choose(self.script, reading)
        if received.path.endswith("/count_tokens") and rule.answer.error is None:
            return Reply(200, [_JSON], [anthropic.count_tokens(received.body)]), _PLAIN
        return self._answer(reading, rule, match, received), rule

    def _answer(self, reading: Reading, rule: Rule, match: str, received: Received) -> Reply:
        answer = rule.answer
        more = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        if answer.error is not None:
            reply = self._error(reading.dialect, answer.error, received)
            return reply._replace(headers=reply.headers + more)
        if answer.raw is not None:
            content_type = (b"content-type", answer.raw.content_type.encode("latin-1"))
            return Reply(answer.raw.status, [content_type, *more], [answer.raw.body])
        reply = _built(reading, rule, match, received.number)
        request_id = f"req_{received.number:08d}".encode()
        name = b"request-id" if reading.dialect == "anthropic" else b"x-request-id"
        return reply._replace(headers=[*reply.headers, (name, request_id), *more])

    def _benchmark(self, dialect: str, rule: Rule, body: bytes) -> list[Message]:
        stream = b'"stream":true' in body or b'"stream": true' in body
        messages = self._prebuilt.get((dialect, stream))
        if messages is None:
            reply = _built(Reading(dialect, model="demo", stream=stream), rule, "", 0)
            messages = self._prebuilt[dialect, stream] = messages_of(reply)
        return messages

    def _error(self, dialect: str, failure: Failure, received: Received) -> Reply:
        return Reply(failure.status, [_JSON], [error_body(dialect, failure, received.number)])

    def _control(self, scope: Scope) -> Reply:
        if scope["method"] == "DELETE":
            self.recording.clear()
            return Reply(204, [], [])
        query = scope["query_string"].decode("latin-1")
        since = query.removeprefix("since=")
        return Reply(200, [_JSON], [self.recording.dump(int(since) if since.isdigit() else 0)])


_PLAIN = Rule(Answer())


def _built(reading: Reading, rule: Rule, match: str, number: int) -> Reply:
    speaker = _FORMATS[reading.dialect]
    saying = prepare(rule, reading, match, number)
    if not reading.stream:
        return Reply(200, [_JSON], [speaker.whole(saying)])
    return Reply(200, _STREAM, list(speaker.events(saying)), True, speaker.error_event("the fake vendor broke off"))


def _key(received: Received) -> str:
    bearer = received.header("authorization") or ""
    return received.header("x-api-key") or bearer.removeprefix("Bearer ")


async def _body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    pieces = [message["body"]]
    while message.get("more_body"):
        message = await receive()
        pieces.append(message.get("body", b""))
    return b"".join(pieces)
