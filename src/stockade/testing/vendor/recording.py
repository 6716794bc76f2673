"""What a fake vendor received: kept in memory up to a bound, the oldest go first. Never on disk."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from stockade.core.digests import body_digest

RECEIVED_BYTES_MAX = 256 * 1024 * 1024
RECEIVED_MAX = 10_000


@dataclass(slots=True)
class Received:
    """One request as it arrived. `client_gone` turns true when the client left before the answer's end."""

    number: int
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client_gone: bool = False
    answered: bool = False

    def header(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self) -> object:
        """Return the body parsed."""
        return orjson.loads(self.body)


class Recording:
    """Keep what was received; safe to read from another thread."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self._kept: deque[Received] = deque()
        self._bytes = 0
        self._number = 0
        self._changed = threading.Condition()

    def add(self, method: str, path: str, query: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Received:
        """Keep one request and number it from 1."""
        with self._changed:
            self._number += 1
            received = Received(self._number, method, path, query, headers, body)
            self._kept.append(received)
            self._bytes += len(body)
            while len(self._kept) > RECEIVED_MAX or (self._bytes > RECEIVED_BYTES_MAX and len(self._kept) > 1):
                self._bytes -= len(self._kept.popleft().body)
            self._changed.notify_all()
        return received

    def note(self, received: Received, *, client_gone: bool) -> None:
        """Write down how the answer ended."""
        with self._changed:
            received.answered = not client_gone
            received.client_gone = client_gone
            self._changed.notify_all()

    def all(self) -> tuple[Received, ...]:
        """Return what is kept, oldest first."""
        with self._changed:
            return tuple(self._kept)

    def clear(self) -> None:
        """Forget what was received; the numbers go on."""
        with self._changed:
            self._kept.clear()
            self._bytes = 0

    def wait_for(self, condition: Callable[[tuple[Received, ...]], bool], timeout_s: float) -> bool:
        """Wait until the condition holds over what is kept; say whether it came to hold in time."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(tuple(self._kept)), timeout_s)

    def dump(self, since: int) -> bytes:
        """Return the requests with a number above `since` as JSON; bodies as text, broken UTF-8 replaced."""
        return orjson.dumps(
            [
                {
                    "number": one.number,
                    "method": one.method,
                    "path": one.path,
                    "query": one.query,
                    "headers": one.headers,
                    "body": one.body.decode("utf-8", "replace"),
                    "digest": body_digest(one.body),
                    "client_gone": one.client_gone,
                    "answered": one.answered,
                }
                for one in self.all()
                if one.number > since
            ]
        )
