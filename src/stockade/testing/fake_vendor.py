"""A fake vendor: a server on loopback that speaks the three wire formats as a script says.

In a test: `with FakeVendor.start(script) as vendor: ... vendor.base_url ... vendor.received`. At a terminal:
`python -m stockade.testing.fake_vendor --port 8701 --script FILE`. It must never
listen beyond loopback: it has no guard.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import click
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stockade.core.errors import StockadeError
from stockade.testing.vendor.application import TRANSPORT, VendorApplication
from stockade.testing.vendor.recording import Received
from stockade.testing.vendor.script import Script
from stockade.testing.vendor.script_reader import DEMO, load, parse

HOST = "127.0.0.1"
START_TIMEOUT_S = 30.0


class FakeVendor:
    """A running fake vendor in a thread of its own. Make it with `start`; leave it with `stop` or a `with` block."""

    def __init__(self, script: Script, port: int = 0) -> None:
        """Listen at once, so that the port is known; nothing is answered before `run`."""
        self.application = VendorApplication(script)
        self._socket = socket.create_server((HOST, port), backlog=2048)
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"http://{HOST}:{self.port}"
        self._server = _Server(_config(self.application))
        self._thread: threading.Thread | None = None

    @classmethod
    def start(cls, script: Script | str | Path | None = None, *, port: int = 0) -> Self:
        """Start a vendor that follows a `Script`, YAML text, or a file; without one it echoes.

        Fails: ConfigError for a script that cannot be used.
        """
        if isinstance(script, Path):
            script = load(script)
        elif isinstance(script, str):
            script = parse(script)
        vendor = cls(script or Script(), port)
        vendor._thread = threading.Thread(target=vendor.run, name="fake-vendor", daemon=True)
        vendor._thread.start()
        if not vendor._server.ready.wait(START_TIMEOUT_S):
            raise RuntimeError("the fake vendor did not start")
        return vendor

    def run(self) -> None:
        """Answer until stopped; at a terminal until Ctrl-C."""
        with closing(self._socket):
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Stop answering, drop open connections and wait for the thread's end."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        """Return the running vendor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def received(self) -> tuple[Received, ...]:
        """Return what was received, oldest first (bounded; see `vendor.recording`)."""
        return self.application.recording.all()

    def clear(self) -> None:
        """Forget what was received."""
        self.application.recording.clear()

    def wait_for(self, condition: Callable[[tuple[Received, ...]], bool], timeout_s: float = 30.0) -> bool:
        """Wait until a condition holds over what was received; say whether it came to hold in time."""
        return self.application.recording.wait_for(condition, timeout_s)

    def resume(self) -> None:
        """Let one answer that stands at `fail: {how: pause}` go on, now or when it gets there."""
        loop = self._server.loop
        assert loop is not None, "the vendor runs"
        loop.call_soon_threadsafe(self.application.permits.release)


class _Protocol(HttpToolsProtocol):
    """Hand the transport to the application, which needs it to break connections."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class _Server(uvicorn.Server):
    """Say when the server answers, and in which loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.loop = asyncio.get_running_loop()
        self.ready.set()


def _config(application: VendorApplication) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=_Protocol,
        ws="none",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=0,
        timeout_keep_alive=300,
        backlog=2048,
    )


@click.command()
@click.option("--port", type=int, default=0, help="Port on loopback; 0 takes a free one.")
@click.option("--script", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=DEMO, help="YAML file.")
def main(port: int, script: Path) -> None:
    """Run a fake vendor on loopback; it prints its address once it listens."""
    try:
        vendor = FakeVendor(load(script), port)
    except StockadeError as e:
        click.echo(e.diagnostics(), err=True)
        sys.exit(2)
    except OSError as e:
        click.echo(f"cannot listen on port {port}: {e.strerror}", err=True)
        sys.exit(2)
    click.echo(vendor.base_url)
    vendor.run()


if __name__ == "__main__":
    main()
