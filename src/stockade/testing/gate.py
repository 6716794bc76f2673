"""A real gate on loopback for a test: in a thread (`RunningGate`) or in a process of its own (`GateProcess`).

Owns both ends of its life and the view of what it wrote. Must never listen beyond loopback and never use a key of the
person at the keyboard. The detectors are compiled once for all gates in threads.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from stockade.app import App, guards, open_store
from stockade.config.reader import read_settings
from stockade.config.schema import Guards, Settings, Upstream, Upstreams
from stockade.core.digests import body_digest
from stockade.gateway.events import EventLog
from stockade.gateway.server import server, start
from stockade.guard.detectors.inspector import Inspector
from stockade.stores.ledger_reader import entries
from stockade.stores.weights import load_classifier

T = TypeVar("T")

START_TIMEOUT_S = 120.0
WAIT_TIMEOUT_S = 30.0
_LISTENS = "Stockade listens on "


def settings_for(vendor_url: str, data_dir: Path, **changes: Any) -> Settings:
    """Return the settings of a gate on a free port of loopback before one vendor that speaks all formats."""
    upstream = Upstream(base_url=vendor_url, allow_private=True)
    fields: dict[str, Any] = {
        "listen": "127.0.0.1:0",
        "data_dir": data_dir,
        "upstreams": Upstreams(anthropic=upstream, openai=upstream),
        "models": ("claude-*", "gpt-*"),
    }
    return Settings(**(fields | changes))


class Gate(ABC):
    """What a gate of either kind can be asked. `key` opens it; `log` is what it has logged so far."""

    def __init__(self, settings: Settings) -> None:
        """Know the settings and make a key. Fails: ConfigError when the control store cannot be used."""
        self.settings = settings
        self.base_url = ""
        self.key = self.create_key("test")

    @property
    def openai_url(self) -> str:
        """Return the address as OpenAI's clients want it."""
        return f"{self.base_url}/v1"

    @property
    @abstractmethod
    def log(self) -> str:
        """Return what the gate has logged so far."""

    @abstractmethod
    def stop(self) -> None:
        """End the gate in order; a second call does nothing."""

    def create_key(self, name: str, tenant: str = "default") -> str:
        """Return the text of a new key, made beside the gate as `stockade keys create` makes it."""
        store = open_store(self.settings)
        try:
            return store.keys.create(name, tenant).text
        finally:
            store.close()

    def revoke_keys(self, name: str) -> None:
        """Revoke all keys of that name, beside the gate."""
        store = open_store(self.settings)
        try:
            for record in store.keys.list():
                if record.name == name:
                    store.keys.revoke(record.id)
        finally:
            store.close()

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the ledger's records, oldest first; only intents, outcomes or events when `kind` says so."""
        found = [entry.fields for entry in entries(self.settings.data_dir / "ledger")]
        return [fields for fields in found if not kind or fields["kind"] == kind]

    def wait_for(self, condition: Callable[[], T], timeout_s: float = WAIT_TIMEOUT_S) -> T:
        """Return the first true answer of `condition`. Fails: TimeoutError when none comes."""
        deadline = time.monotonic() + timeout_s
        while not (answer := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"it did not come to hold within {timeout_s} s")
            time.sleep(0.01)
        return answer

    def outcome(self, count: int = 1) -> dict[str, Any]:
        """Return the newest outcome once there are `count`: it is written after the client has its answer."""
        return self.wait_for(lambda: (len(found := self.records("outcome")) >= count and found[-1]) or {})

    def outcome_of(self, forwarded: bytes) -> dict[str, Any]:
        """Return the outcome of the exchange whose intent says that this body went to the vendor."""
        digest = body_digest(forwarded)
        [*_, intent] = [one for one in self.records("intent") if one["forwarded"]["digest"] == digest]
        found = self.wait_for(lambda: [one for one in self.records("outcome") if one["id"] == intent["id"]])
        return found[0]

    def __enter__(self) -> Self:
        """Return the running gate."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


class RunningGate(Gate):
    """A gate in a thread of this process. Make it with `start`; leave it with `stop` or a `with` block."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        """Open everything; nothing is answered before `start`. Fails: ConfigError, StorageError."""
        super().__init__(settings)
        self._log = io.StringIO()
        self.app = App(settings, environ, EventLog(self._log), _inspector(settings.guards))
        self._ready = threading.Event()
        self._server = server(self.app.application(), settings.host, settings.port, self._announced)
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)

    @classmethod
    def start(cls, settings: Settings, environ: Mapping[str, str] | None = None) -> Self:
        """Start a gate. Fails: ConfigError, StorageError."""
        gate = cls(settings, environ or {})
        gate._thread.start()
        if not gate._ready.wait(START_TIMEOUT_S) or not gate.base_url:
            raise RuntimeError("the gate did not start")
        return gate

    @property
    def log(self) -> str:
        """Return what the gate has logged so far."""
        return self._log.getvalue()

    def stop(self) -> None:
        """End the gate as SIGTERM does."""
        self._server.should_exit = True
        self._thread.join()

    def _announced(self, url: str) -> None:
        self.base_url = url
        self._ready.set()

    def _run(self) -> None:
        try:
            start(self._server.serve())
        finally:
            self._ready.set()


class GateProcess(Gate):
    """A gate as a person starts it: `stockade up --config FILE`. The configuration names `listen: 127.0.0.1:0`."""

    def __init__(self, config: Path, environ: Mapping[str, str]) -> None:
        """Start the process. Fails: ConfigError."""
        super().__init__(read_settings(config))
        self._errors = config.with_suffix(".log")
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter, this package
                [sys.executable, "-m", "stockade.cli.main", "up", "--config", str(config)],
                stdout=subprocess.PIPE,
                stderr=errors,
                env={"PATH": os.environ.get("PATH", ""), **environ},
                text=True,
            )

    @classmethod
    def start(cls, config: Path, environ: Mapping[str, str] | None = None) -> Self:
        """Start a gate and wait until it listens. Fails: ConfigError; RuntimeError when the process ended instead."""
        gate = cls(config, environ or {})
        assert gate.process.stdout is not None
        for line in gate.process.stdout:
            if line.startswith(_LISTENS):
                gate.base_url = line.removeprefix(_LISTENS).strip()
                return gate
        gate.stop()
        raise RuntimeError(f"the gate ended with status {gate.process.returncode}")

    @property
    def log(self) -> str:
        """Return what the gate has logged so far."""
        return self._errors.read_text(encoding="utf-8")

    def hang_up(self) -> None:
        """Ask for a reload of the policy (SIGHUP)."""
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End the process by SIGTERM and wait for its end."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=START_TIMEOUT_S)
        finally:
            self.process.kill()


@cache
def _inspector(chosen: Guards) -> Inspector:
    return Inspector(guards(chosen), classifier=load_classifier() if chosen.classifier else None)
