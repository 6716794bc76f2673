"""A second server in the gate's process and loop, for the control plane.

Owns its socket and its end. Takes no signals: the gate's own server does, and ends this one first.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator
from typing import Any

import uvicorn

from stockade.core.errors import ConfigError
from stockade.gateway.connection import BoundedProtocol


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Beside:
    """A server that runs until it is stopped. `url` is where it listens."""

    def __init__(self, host: str, port: int) -> None:
        """Take the address. Fails: ConfigError when somebody else has it."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family, backlog=128)
        except OSError as error:
            raise ConfigError(
                f"The control plane cannot listen on {host}:{port}: {error.strerror}.",
                hint="Name another address under `control: listen:` in stockade.yaml.",
            ) from error
        taken = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{taken}"
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, application: Any) -> None:
        """Have `application` answer from now on."""
        config = uvicorn.Config(
            application,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _Quiet(config)
        self._task = asyncio.get_running_loop().create_task(self._server.serve([self._socket]))

    async def stop(self) -> None:
        """End in order."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
        self._socket.close()
