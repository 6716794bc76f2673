"""Where a real coding agent runs in a test: an empty home, an empty environment, nothing of this machine's own agents.

Owns the private mount namespace, the time limit and the end of the process group. Never reads or writes an agent's
configuration outside of the folder it was given: the places where those lie are covered by empty file systems, and
what does not go to loopback finds a proxy that refuses it.
"""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

RUN_TIMEOUT_S = 60.0

_OWN_PLACES = ("/etc/claude-code", "/etc/codex", "~/.claude", "~/.codex", "~/.config/claude-code")
"""Where the clients keep settings of a machine or a person. Source: their documentation, read November 2026."""

_COVER = 'for place in $COVERED; do mount -t tmpfs -o size=1m none "$place" || exit 97; done; unset COVERED; exec "$@"'
_NO_COVER = 97


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended. `timed_out` says that it was ended by the sandbox."""

    status: int
    output: str
    errors: str
    timed_out: bool

    @property
    def shown(self) -> str:
        """Return everything that a person would have seen."""
        return self.output + self.errors


@dataclass(slots=True)
class Sandbox:
    """A home and a working folder below `folder`; `runs` is what ran in them."""

    folder: Path
    runs: list[Ran] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the folders."""
        for place in (self.home, self.work):
            place.mkdir()

    @property
    def home(self) -> Path:
        """Return the private home."""
        return self.folder / "home"

    @property
    def work(self) -> Path:
        """Return the folder that the agent works in."""
        return self.folder / "work"

    def run(self, command: Sequence[str], environment: Mapping[str, str], timeout_s: float = RUN_TIMEOUT_S) -> Ran:
        """Run a client to its end, or end it. Fails: skips the test where no private mount namespace can be made."""
        with _refusing_proxy() as proxy:
            given = {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(self.home),
                "TMPDIR": str(self.folder),
                "LANG": "C.UTF-8",
                "TERM": "dumb",
                "COVERED": " ".join(_covered()),
                "NO_PROXY": "127.0.0.1,localhost",
                "HTTP_PROXY": proxy,
                "HTTPS_PROXY": proxy,
                **environment,
            }
            process = subprocess.Popen(
                ["unshare", *_unshare_options(), "/bin/sh", "-c", _COVER, "sandbox", *command],
                cwd=self.work,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            timed_out = False
            try:
                output, errors = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                timed_out = True
                _end(process)
                output, errors = process.communicate()
            finally:
                _end(process)
        if process.returncode == _NO_COVER or "unshare failed" in errors or "unshare: " in errors:
            pytest.skip("no private mount namespace can be made here, and without one no real client is started")
        ran = Ran(process.returncode, output, errors, timed_out)
        self.runs.append(ran)
        return ran


def binary(variable: str) -> str:
    """Return the path of the client that a variable names. Fails: skips the test when none is named."""
    named = os.environ.get(variable, "")
    if not named:
        pytest.skip(f"set {variable} to the path of the client's program to run this test")
    path = Path(named).expanduser().absolute()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{variable} names a file that cannot be run")
    return str(path)


def _covered() -> list[str]:
    home = pwd.getpwuid(os.getuid()).pw_dir  # not $HOME: that one may be private already
    places = [place.replace("~", home, 1) for place in _OWN_PLACES]
    return [place for place in places if Path(place).is_dir() and " " not in place]


def _unshare_options() -> list[str]:
    return ["--mount"] if os.getuid() == 0 else ["--mount", "--map-root-user"]


def _end(process: subprocess.Popen[str]) -> None:
    """End the client and what it left running: the whole group, which only this sandbox has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _refusing_proxy() -> Iterator[str]:
    """Give a port of loopback that is taken and refuses every connection: nothing finds a way past the gate."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
