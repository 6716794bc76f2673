"""The first stages: which route, is there room. Decided from headers alone, before the body is read.

Who calls is proven between the two (`authentication.py`). Never reads a body past its bound (DESIGN invariant 10).
"""

from __future__ import annotations

import re

from stockade.core.errors import (
    InvalidRequestError,
    NotFoundError,
    NoWebSocketError,
    RateLimitedError,
    TooLargeError,
)
from stockade.core.limits import HEADER_BYTES_MAX, PATH_CHARS_MAX
from stockade.guard.dialects.dialect import BODILESS, MODEL_PLACE, Dialect, Route
from stockade.guard.pipeline.commands import ReadBody, Reserve
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.judge import Steps

MODEL_IN_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
_ANTHROPIC_SIGNS = frozenset({b"anthropic-version", b"anthropic-beta", b"x-api-key"})


def receive(gate: Gate, exchange: Exchange) -> Steps:
    """Find the wire format that serves this route; refuse what no stage could read."""
    candidates = gate.routes.get((exchange.method, exchange.path), ()) or _of_a_model(gate, exchange)
    vendor = speaks(exchange)
    exchange.voice = _voice(gate, candidates, vendor)
    if sum([len(name) + len(value) for name, value in exchange.headers]) > HEADER_BYTES_MAX:
        raise TooLargeError(f"The request's headers are larger than {HEADER_BYTES_MAX} bytes.")
    if len(exchange.path) + len(exchange.query) > PATH_CHARS_MAX:
        raise TooLargeError(f"The request's path is longer than {PATH_CHARS_MAX} characters.")
    if exchange.header(b"upgrade").strip().lower() == b"websocket":
        raise NoWebSocketError("This gate serves no WebSocket.", hint="Send the request as an HTTP POST.")
    for dialect, route in candidates:
        if len(candidates) == 1 or dialect.vendor == vendor:
            exchange.dialect, exchange.route, exchange.voice = dialect, route, dialect
    if exchange.dialect is None:
        raise NotFoundError(
            "This gate does not serve that method and path.",
            hint="`stockade stages --routes` lists those that it does.",
        )
    encoding = exchange.header(b"content-encoding").strip().lower()
    if encoding not in (b"", b"identity"):
        raise InvalidRequestError(
            "The request body is compressed.", hint="Send it without Content-Encoding: a guard reads what is sent on."
        )
    length = exchange.header(b"content-length")
    if length and (not length.isdigit() or int(length) > gate.body_bytes_max):
        raise TooLargeError(f"The request body is larger than {gate.body_bytes_max} bytes.", hint="Send less at once.")
    yield from ()


def admit(gate: Gate, exchange: Exchange) -> Steps:
    """Take a place within this key's rate and concurrency, then read the body up to its bound."""
    assert exchange.principal is not None
    assert exchange.route is not None
    exchange.reservation = yield Reserve(exchange.id + ".place", gate.places.takes(exchange.principal.id))
    if exchange.route.operation not in BODILESS:
        exchange.body = yield ReadBody(gate.body_bytes_max)


def turned_away(exchange: Exchange) -> bool:
    """Say whether the caller was not let in. That is counted, not recorded: it costs a caller nothing to try again."""
    return isinstance(exchange.error, RateLimitedError) or exchange.principal is None


def _of_a_model(gate: Gate, exchange: Exchange) -> tuple[tuple[Dialect, Route], ...]:
    """Return who serves a path that ends with a model's id. Nothing else that could stand there is ever sent on."""
    place, _, exchange.path_model = exchange.path.rpartition("/")
    if not MODEL_IN_PATH.fullmatch(exchange.path_model):
        return ()
    return gate.routes.get((exchange.method, f"{place}/{MODEL_PLACE}"), ())


def speaks(exchange: Exchange) -> str:
    """Return the vendor whose client this looks like; it decides shapes, never rights."""
    if exchange.path.startswith("/v1/messages"):
        return "anthropic"
    return "openai" if _ANTHROPIC_SIGNS.isdisjoint([name for name, _ in exchange.headers]) else "anthropic"


def _voice(gate: Gate, candidates: tuple[tuple[Dialect, Route], ...], vendor: str) -> Dialect:
    """Return the dialect in whose shape this client is told of errors."""
    for pairs in (candidates, *gate.routes.values()):
        for dialect, _ in pairs:
            if dialect.vendor == vendor:
                return dialect
    return next(iter(gate.routes.values()))[0][0]
