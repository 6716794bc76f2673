"""The stand of `bench gateway`: a vendor without latency, and five ways to it.

Owns configuration and start of all parts: `direct` (nginx answers), `nginx` (a plain proxy), `bare` (uvicorn and
aiohttp with no guard between them), `gate` (everything on: all detectors, the built-in policy, keys, the ledger with
its sync) and `form` (the same without the classifier: detectors of form alone). What is measured runs on one core,
vendor and load on another. Never opens a port beyond loopback.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.gateway_parts.processes import Processes, cores, free_port, wait_for_port

HERE = Path(__file__).parent

ANSWER = json.dumps(
    {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [
            {"type": "text", "text": "The plan looks sound. Two steps can be merged; the last one needs a test."}
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 250, "output_tokens": 20},
    }
)

_NGINX = """daemon off; worker_processes 1; pid {name}.pid; error_log stderr;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_buffer_size 1m; client_max_body_size 64m;
  client_body_temp_path {name}-1; proxy_temp_path {name}-2; fastcgi_temp_path {name}-3;
  uwsgi_temp_path {name}-4; scgi_temp_path {name}-5;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
  upstream next {{ server 127.0.0.1:{to}; keepalive 256; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""
# A request with a query asks for a stream, which comes from the vendor behind; `break` skips the `return`.
_ANSWERING = """location / {{ default_type application/json; if ($args) {{ proxy_pass http://next; break; }}
    return 200 '{answer}'; }}"""
_PASSING = "location / { proxy_pass http://next; }"

_CONFIG = """listen: 127.0.0.1:{port}
control: {{listen: 127.0.0.1:0}}
data_dir: ./{name}
upstreams:
  anthropic: {{base_url: "http://127.0.0.1:{to}", allow_private: true}}
models: ["claude-*"]
limits: {{requests_per_minute: 1000000, requests_burst: 1000000, concurrent_requests: 1000}}
guards: {{classifier: {classifier}}}
"""


class Way(NamedTuple):
    """One way to the vendor: its port and the process that is measured."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Stand:
    """Everything that runs. `keys` open the gates; `start_s` is how long `gate` took until it listened."""

    ways: dict[str, Way]
    folder: Path
    keys: dict[str, str]
    start_s: float


@contextmanager
def standing() -> Iterator[Stand]:
    """Start all parts and stop them at the end, however it comes."""
    with TemporaryDirectory(prefix="stockade-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx started by root works as another user
        processes = Processes(folder)
        try:
            yield _start(folder, processes)
        finally:
            processes.stop()


def _start(folder: Path, processes: Processes) -> Stand:
    measured, other = cores()
    stream, bare_port = free_port(), free_port()
    _module(processes, "stream_vendor", [str(stream)], other, stream)
    vendor = _nginx(folder, processes, "vendor", _ANSWERING.format(answer=ANSWER), other, stream)
    proxy = _nginx(folder, processes, "proxy", _PASSING, measured, vendor.port)
    bare = _module(processes, "bare_gate", [str(bare_port), str(vendor.port)], measured, bare_port)
    ways = {"direct": vendor, "nginx": proxy, "bare": bare}
    keys, starts = {}, {}
    for name, classifier in (("form", False), ("gate", True)):
        ways[name], keys[name], starts[name] = _gate(folder, processes, name, vendor.port, classifier)
    return Stand(ways, folder, keys, starts["gate"])


def _gate(folder: Path, processes: Processes, name: str, to: int, classifier: bool) -> tuple[Way, str, float]:
    """Start a gate; return it with a key and the seconds until it listened."""
    stockade = str(Path(sys.executable).parent / "stockade")
    config, port = folder / f"{name}.yaml", free_port()
    config.write_text(_CONFIG.format(port=port, to=to, name=name, classifier=str(classifier).lower()))
    command = [stockade, "keys", "create", "--name", "bench", "--quiet", "--config", str(config)]
    key = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout.strip()
    begun = time.monotonic()
    process = processes.start(name, [stockade, "up", "--config", str(config)], cores()[0])
    wait_for_port(port, process)
    return Way(port, process.pid), key, time.monotonic() - begun


def _nginx(folder: Path, processes: Processes, name: str, locations: str, core: int, to: int) -> Way:
    port = free_port()
    config = folder / f"{name}.conf"
    config.write_text(_NGINX.format(name=folder / name, port=port, to=to, locations=locations))
    process = processes.start(name, ["nginx", "-p", str(folder), "-c", str(config)], core)
    wait_for_port(port, process)
    return Way(port, process.pid)


def _module(processes: Processes, name: str, arguments: Sequence[str], core: int, port: int) -> Way:
    process = processes.start(name, [sys.executable, str(HERE / f"{name}.py"), *arguments], core)
    wait_for_port(port, process)
    return Way(port, process.pid)
