"""Measure what budgets cost: `./dev bench budgets`.

Three gates on loopback before one vendor: without budgets, with six budgets in memory, and with the same six in Redis
(where STOCKADE_TEST_REDIS_URL names a server). The gates take turns within each round; the figure is CPU time of the
whole process a request, and the ratio is what counts. All have keys, policy, the audit record and detectors of form.
"""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.gateway_parts.processes import cpu_s, machine
from bench.gateway_parts.prompts import NUMBER, bodies
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import GateProcess

CONNECTIONS = 8
BUDGETS = """\
budgets:
  - {name: company, scope: all, measure: cost_micro_usd, limit: 100_000_000_000, period: month}
  - {name: tenant, scope: tenant, measure: tokens, limit: 100_000_000_000, period: day, timezone: Europe/Berlin}
  - {name: key, scope: principal, measure: cost_micro_usd, limit: 100_000_000_000, period: day}
  - {name: key-hour, scope: principal, measure: requests, limit: 100_000_000, window_s: 3600}
  - {name: model, scope: model, measure: output_tokens, limit: 100_000_000_000, window_s: 60}
  - {name: places, scope: workspace, measure: concurrency, limit: 1000}
"""
CONFIG = """\
listen: 127.0.0.1:0
control: {{listen: "127.0.0.1:0"}}
upstreams: {{anthropic: {{base_url: "{vendor}", allow_private: true}}}}
models: ["claude-*"]
guards: {{classifier: false}}
limits: {{requests_per_minute: 1_000_000, requests_burst: 1_000_000, concurrent_requests: 1000}}
"""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="./dev bench budgets", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="how often the gates take turns (default 8)")
    parser.add_argument("--requests", type=int, default=400, help="of each gate in a round (default 400)")
    options = parser.parse_args()
    redis = os.environ.get("STOCKADE_TEST_REDIS_URL", "")
    ways = {"no budgets": "", "six, in memory": BUDGETS}
    if redis:
        prefix = f"stockade-bench-{secrets.token_hex(4)}"
        ways["six, in Redis"] = BUDGETS + f'redis: {{url: "{redis}", prefix: "{prefix}"}}\n'
    found: dict[str, list[float]] = {name: [] for name in ways}
    with standing(ways) as gates:
        for number in range(options.rounds + 1):
            for name, gate in gates.items():
                cost = round_ms(gate, options.requests, number)
                if number:  # the first warms up
                    found[name].append(cost)
    print(machine())
    plain = median(found["no budgets"])
    for name, rounds in found.items():
        ratios = [cost / base for cost, base in zip(rounds, found["no budgets"], strict=True)]
        more = median(rounds) - plain
        print(f"{name:15} {median(rounds):6.3f} ms of CPU a request   ratio {median(ratios):.3f}   (+{more:.3f})")
    return 0


@contextmanager
def standing(ways: dict[str, str]) -> Iterator[dict[str, GateProcess]]:
    """Run the gates."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendor = stack.enter_context(FakeVendor.start())
        gates = {}
        for number, (name, more) in enumerate(ways.items()):
            config = folder / str(number) / "stockade.yaml"
            config.parent.mkdir()
            config.write_text(CONFIG.format(vendor=vendor.base_url) + more)
            gates[name] = stack.enter_context(GateProcess.start(config))
        yield gates


def round_ms(gate: GateProcess, requests: int, number: int) -> float:
    """Return milliseconds of CPU a request."""
    begun = cpu_s(gate.process.pid)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        names = [f"{number}-{each}" for each in range(CONNECTIONS)]
        for done in [pool.submit(send, gate, requests // CONNECTIONS, name) for name in names]:
            done.result()
    return (cpu_s(gate.process.pid) - begun) / requests * 1e3


def send(gate: GateProcess, requests: int, name: str) -> None:
    """Send requests of 1 KB over one connection, each with a text of its own."""
    parts = urlsplit(gate.base_url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    headers = {"authorization": f"Bearer {gate.key}", "content-type": "application/json"}
    prompts = bodies(1_000)
    for number in range(requests):
        body = prompts[number % len(prompts)].replace(NUMBER.encode(), f"{name}-{number}".encode())
        connection.request("POST", "/v1/messages", body, headers)
        reply = connection.getresponse()
        told = reply.read()
        assert reply.status == 200, told
    connection.close()


if __name__ == "__main__":
    raise SystemExit(main())
