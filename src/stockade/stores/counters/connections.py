"""Connections to Redis: one script a call, and whether a call that failed may have been carried out.

Owns sockets and the map of foreign errors to ours. A call is sent once; who calls decides whether to send it again.
Source: redis-py 8.1, `redis.asyncio.connection` (read November 2026).
"""

from __future__ import annotations

import asyncio
from hashlib import sha1
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from stockade.core.errors import ConfigError, LimitsUnreachableError

_IDLE_MAX = 64


def call_failed(*, sent: bool) -> LimitsUnreachableError:
    """Return the error of a call without an answer. `sent`: it may have been carried out all the same."""
    return LimitsUnreachableError(
        "The store that counts limits does not answer.", hint="Try again; an operator looks at Redis.", sent=sent
    )


class Script:
    """A script of the server's by its digest."""

    __slots__ = ("digest", "text")

    def __init__(self, text: str) -> None:
        """Take the text over."""
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()


class Connections:
    """As many connections as calls run at once; idle ones are kept."""

    def __init__(self, url: str, timeout_s: float) -> None:
        """Connect to nothing yet. Fails: ConfigError for a URL that cannot be used."""
        try:
            settings: dict[str, Any] = dict(parse_url(url))
        except ValueError as error:
            raise ConfigError("redis: the URL cannot be used.", hint="Such as redis://127.0.0.1:6379/0.") from error
        self._class: type[AbstractConnection] = settings.pop("connection_class", Connection)
        self._settings = settings | {
            "socket_timeout": None,  # each call has one time-out of ours around it
            "socket_connect_timeout": timeout_s,
            "retry": Retry(NoBackoff(), 0),
        }
        self._timeout_s = timeout_s
        self._idle: list[AbstractConnection] = []
        self._closed = False

    async def run(self, script: Script, key: str, argument: bytes) -> str:
        """Return what the script answers. Fails: LimitsUnreachableError."""
        sent = False
        connection: AbstractConnection | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = await self._connected()
                sent = True
                try:
                    answer = await _ask(connection, "EVALSHA", script.digest, 1, key, argument)
                except NoScriptError:
                    answer = await _ask(connection, "EVAL", script.text, 1, key, argument)
        except (RedisError, OSError, TimeoutError) as error:
            # An answer that is an error is an answer: the script did nothing.
            sent = sent and not isinstance(error, ResponseError)
            if connection is not None:
                await connection.disconnect(nowait=True)
            if sent:  # the server may have closed them all
                await self._drop_idle()
            raise call_failed(sent=sent) from error
        except BaseException:
            if connection is not None:
                await connection.disconnect(nowait=True)
            raise
        if self._closed or len(self._idle) >= _IDLE_MAX:
            await connection.disconnect(nowait=True)
        else:
            self._idle.append(connection)
        return answer.decode() if isinstance(answer, bytes) else str(answer)

    async def close(self) -> None:
        """Close every idle connection."""
        self._closed = True
        await self._drop_idle()

    async def _drop_idle(self) -> None:
        while self._idle:
            await self._idle.pop().disconnect(nowait=True)

    async def _connected(self) -> AbstractConnection:
        """Return a connection. An idle one may be closed by the server: then the call fails and is made again."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected:
                return connection
        connection = self._class(**self._settings)
        await connection.connect()  # type: ignore[no-untyped-call]  # redis-py has no types there
        return connection


async def _ask(connection: AbstractConnection, *words: object) -> Any:
    await connection.send_command(*words)
    return await connection.read_response()
