"""The machine: runs an exchange through the stages. Sans-IO: commands out, answers in, nothing awaited.

Contract: whatever happens, the client is told something in its vendor's shape unless it has gone, the caller's place is
given back, and the outcome is recorded. An unexpected fault denies (DESIGN invariant 6) and shows nobody a stack trace.
"""

from __future__ import annotations

from collections.abc import Iterable

from stockade.core.errors import (
    GuardFailedError,
    RateLimitedError,
    RefusedError,
    StockadeError,
    StoppedError,
    UpstreamError,
)
from stockade.guard.pipeline.budget import limit_headers
from stockade.guard.pipeline.commands import ClientGone, SendBody, SendHead
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.faults import place
from stockade.guard.pipeline.judge import Steps
from stockade.guard.pipeline.stages import ENDING, STAGES, Stage


def run(gate: Gate, exchange: Exchange, stages: Iterable[Stage] = STAGES) -> Steps:
    """Run one exchange; yield commands, be sent their answers (see `commands.py`)."""
    try:
        try:
            for stage in stages:
                yield from stage.run(gate, exchange)
        except ClientGone:
            raise
        except StockadeError as error:
            yield from _tell(exchange, error)
        except (GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever breaks in a guard denies, a panic of Rust code too
            exchange.fault = place(error)
            yield from _tell(exchange, GuardFailedError("The gate failed on this exchange; nothing was let through."))
    except ClientGone:
        exchange.ended = "client_gone"
    except Exception as error:  # noqa: BLE001 - the client could not even be told; the exchange is settled all the same
        exchange.fault = exchange.fault or place(error)
    for stage in ENDING:
        try:
            yield from stage.run(gate, exchange)
        except Exception as error:  # noqa: BLE001 - the exchange is over: what could not be recorded is the operator's
            exchange.fault = exchange.fault or f"{stage.name}: {place(error)}"


def _tell(exchange: Exchange, error: StockadeError) -> Steps:
    """Tell the client of an error in its vendor's shape, as far as it can still be told."""
    exchange.error = error
    exchange.ended = _ending(exchange, error)
    assert exchange.voice is not None
    if not exchange.head_sent:
        reply = exchange.voice.error(error)
        exchange.status = reply.status
        exchange.head_sent = True
        exchange.sent_bytes = len(reply.body)
        limits = limit_headers(exchange) if isinstance(error, RateLimitedError) else ()
        length = (b"content-length", str(len(reply.body)).encode())
        yield SendHead(reply.status, (*reply.headers, *limits, length))
        yield SendBody(reply.body, more=False)
    elif exchange.streaming:
        event = exchange.voice.error_event(error)
        exchange.sent_bytes += len(event)
        if exchange.sent_hash is not None:
            exchange.sent_hash.update(event)
            exchange.sent_digest = exchange.sent_hash.hexdigest()
        yield SendBody(event, more=False)


def _ending(exchange: Exchange, error: StockadeError) -> str:
    if isinstance(error, UpstreamError):
        return "upstream_failed"
    if isinstance(error, RefusedError | StoppedError):
        return "stopped" if exchange.streaming else "refused"
    return "stopped" if exchange.streaming else "rejected"
