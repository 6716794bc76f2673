"""Processes of a measurement: started on a chosen core, measured from /proc, stopped by their handle.

Owns the list of what it started and stops all of it, in reverse. Never touches a process that it did not start. Linux
only: figures come from /proc/PID/stat and /proc/PID/status (proc(5)).
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
START_TIMEOUT_S = 60.0


def cores() -> tuple[int, int]:
    """Return the core of what is measured and the core of everything else; the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run on one core inside the block; processes started there inherit it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Processes:
    """The processes of one measurement."""

    def __init__(self, folder: Path) -> None:
        """Write their output into `folder`."""
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, command: Sequence[str], core: int) -> subprocess.Popen[bytes]:
        """Start a command on a core; its output goes to NAME.log."""
        with (self._folder / f"{name}.log").open("wb") as log, on_core(core):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder)
        self._running.append(process)
        return process

    def log(self, name: str) -> str:
        """Return what a process has written so far."""
        return (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Stop everything that was started, the last first."""
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when a connection is accepted. Fails: RuntimeError when the process ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


def cpu_s(pid: int) -> float:
    """Return the CPU seconds, user and system, of a process and of the children that it has now."""
    return sum(_ticks(one) for one in (pid, *_children(pid))) / TICKS_PER_S


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def machine() -> str:
    """Return what the figures were measured on, without a name."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        if line.startswith("model name")
    ]
    return f"{models[0] if models else 'unknown processor'}, {len(os.sched_getaffinity(0))} cores usable"


def _ticks(pid: int) -> int:
    # The name in the second field may hold spaces and brackets; the fields are counted behind it.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
