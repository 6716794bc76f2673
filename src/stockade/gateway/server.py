"""The data plane: a raw ASGI application. Probes are answered here, everything else goes through the machine.

Owns the process's life: what is opened when the loop starts and closed when it ends. Never serves the control plane.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn
import uvloop

from stockade.gateway.connection import BoundedProtocol
from stockade.gateway.driver import Receive, Send, Services, serve

_PROBES = frozenset([(method, path) for method in ("GET", "HEAD") for path in ("/", "/api/hello", "/healthz")])
_JSON = [(b"content-type", b"application/json")]

SWITCH_INTERVAL_S = 0.0005

GARBAGE_OBJECTS = 10_000
"""New containers between two collections: an exchange makes some hundreds and almost none in a circle."""

Scope = MutableMapping[str, Any]


class GateApplication:
    """The gate as an ASGI application. `life` opens and closes what needs a running loop."""

    def __init__(
        self, services: Services, life: Callable[[], AbstractAsyncContextManager[None]], ready: Callable[[], str]
    ) -> None:
        """Serve with `services`; `ready` returns "" or why the gate cannot serve now."""
        self.services = services
        self._life = life
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the server's start and end."""
        if scope["type"] == "http":
            if (scope["method"], scope["path"]) in _PROBES:
                await _reply(send, 200, b'{"status":"ok"}')
            elif scope["path"] == "/readyz" and scope["method"] in ("GET", "HEAD"):
                await self._readiness(send)
            else:
                await serve(self.services, scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _readiness(self, send: Send) -> None:
        reason = self._ready()
        if reason:
            await _reply(send, 503, b'{"status":"not ready","reason":"' + reason.encode() + b'"}')
        else:
            await _reply(send, 200, b'{"status":"ready"}')

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            life = self._life()
            await life.__aenter__()
        except Exception as error:  # noqa: BLE001 - uvicorn reports a failed start by this message
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await life.__aexit__(None, None, None)
        await send({"type": "lifespan.shutdown.complete"})


async def _reply(send: Send, status: int, body: bytes) -> None:
    headers: list[tuple[bytes, bytes]] = [*_JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class AnnouncingServer(uvicorn.Server):
    """A uvicorn server that says when its sockets are open, and where."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        """Call `announce` with the base URL once requests are accepted."""
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: Any = None) -> None:
        """Open the sockets, then announce."""
        await super().startup(sockets=sockets)
        if self.started and self.servers and self.servers[0].sockets:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")


def server(application: GateApplication, host: str, port: int, announce: Callable[[str], None]) -> AnnouncingServer:
    """Return a server for `application`, not running yet."""
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )
    return AnnouncingServer(config, announce)


async def run(application: GateApplication, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until a signal ends it."""
    await server(application, host, port, announce).serve()


def start(serving: Awaitable[None]) -> None:
    """Run `serving` on a uvloop event loop."""
    # The ledger's writer is a thread: at the default of 5 ms it would wait that long for the interpreter lock.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # What stands by now stays: patterns, policies, modules. The collector need not walk it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_awaited(serving))


async def _awaited(serving: Awaitable[None]) -> None:
    await serving
