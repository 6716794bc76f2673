"""64 clients against one budget: never one unit over, never short by more than one request.

Once through four gates that count in Redis, one of which is killed in the middle, and once through one that counts in
memory. Redis runs when STOCKADE_TEST_REDIS_URL names a server.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
import redis

from stockade.cli.usage_limits import limits_left
from stockade.config.limiting import Budget
from stockade.config.reader import read_settings
from stockade.config.schema import Limits
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import Gate, GateProcess, RunningGate, settings_for
from stockade.testing.vendor.script_reader import parse
from tests.gateway.wire import MESSAGES, address, body_for

URL = os.environ.get("STOCKADE_TEST_REDIS_URL", "")
CLIENTS = 64
HELD_TOKENS = 40
SCRIPT = """\
default:
  answer: {text: "Some words."}
  delay_s: 0.05
"""


@dataclass
class Crowd:
    """What the clients together got."""

    gates: list[Gate]
    answered: int = 0
    spent_tokens: int = 0
    lost: int = 0
    refused: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, number: int) -> None:
        """Ask until the budget is used up; wait where that will not be long; change a gate that died."""
        deadline = time.monotonic() + 120
        turn = number
        body = body_for(MESSAGES, f"client {number}", max_tokens=HELD_TOKENS)
        while time.monotonic() < deadline:
            gate = self.gates[turn % len(self.gates)]
            connection = HTTPConnection(*address(gate), timeout=30)
            try:
                connection.request("POST", MESSAGES, body, {"authorization": f"Bearer {gate.key}"})
                reply = connection.getresponse()
                told = json.loads(reply.read())
            except (OSError, HTTPException, ValueError):
                with self.lock:
                    self.lost += 1
                turn += 1
                continue
            finally:
                connection.close()
            if reply.status == 200:
                with self.lock:
                    self.answered += 1
                    self.spent_tokens += told["usage"]["output_tokens"]
            elif reply.status == 429 and int(reply.headers["retry-after"]) > 5:
                with self.lock:
                    self.refused.add(reply.headers["x-stockade-limit"])
                return
            elif reply.status == 429:
                time.sleep(0.1)
            else:
                raise AssertionError(f"{reply.status}: {told}")
        raise AssertionError("the budget never came to its end")

    def run(self) -> None:
        """Let all clients run to their ends."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(self.client, number) for number in range(CLIENTS)]:
                done.result()


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(parse(SCRIPT)) as running:
        yield running


CONFIG = """\
listen: 127.0.0.1:0
control: {{listen: "127.0.0.1:0"}}
upstreams: {{anthropic: {{base_url: "{vendor}", allow_private: true}}}}
models: ["claude-*"]
guards: {{classifier: false}}
limits: {{requests_per_minute: 100000, requests_burst: 10000, concurrent_requests: 200}}
redis: {{url: "{redis}", prefix: "{prefix}", lease_s: 10, timeout_s: 10}}
budgets:
  - {{name: all-tokens, scope: all, measure: output_tokens, limit: {limit}, period: month}}
"""


@pytest.fixture
def four(vendor: FakeVendor, tmp_path: Path) -> Iterator[list[GateProcess]]:
    if not URL:
        pytest.skip("STOCKADE_TEST_REDIS_URL names no server")
    prefix = f"stockade-test-{secrets.token_hex(6)}"
    gates: list[GateProcess] = []
    with ExitStack() as stack:
        for number in range(4):
            folder = tmp_path / str(number)
            folder.mkdir()
            if gates:  # the patterns were compiled by the first
                shutil.copytree(tmp_path / "0" / ".stockade" / "compiled", folder / ".stockade" / "compiled")
            config = folder / "stockade.yaml"
            config.write_text(CONFIG.format(vendor=vendor.base_url, redis=URL, prefix=prefix, limit=6000))
            gates.append(stack.enter_context(GateProcess.start(config)))
        yield gates
    server = redis.Redis.from_url(URL)
    if keys := list(server.scan_iter("{" + prefix + "}*")):
        server.delete(*keys)
    server.close()


def used(gate: Gate) -> int:
    [left] = limits_left(gate.settings)
    return left.used


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True], ids=["all-live", "one-is-killed"])
def test_four_gates_never_overrun_a_budget_together(four: list[GateProcess], killed: bool) -> None:
    crowd = Crowd(list(four))
    if killed:
        timer = threading.Timer(1.0, four[1].process.kill)
        timer.start()
    crowd.run()
    assert crowd.refused == {"all-tokens"}
    total = four[0].wait_for(lambda: (now := used(four[0])) >= 6000 - HELD_TOKENS and now)
    assert 6000 - HELD_TOKENS < total <= 6000
    if killed:
        # What the dead gate had open was given back; what it answered was charged or given back with it.
        assert crowd.lost
        assert crowd.spent_tokens <= 6000
    else:
        assert crowd.spent_tokens == total


def test_one_gate_in_memory_never_overruns_a_budget(vendor: FakeVendor, tmp_path: Path) -> None:
    budgets = (Budget("all-tokens", "all", "output_tokens", 600, period="month"),)
    limits = Limits(requests_per_minute=100_000, requests_burst=10_000, concurrent_requests=200)
    settings = settings_for(vendor.base_url, tmp_path, budgets=budgets, limits=limits)
    with RunningGate.start(settings) as gate:
        crowd = Crowd([gate])
        crowd.run()
        assert crowd.refused == {"all-tokens"}
    assert 600 - HELD_TOKENS < crowd.spent_tokens <= 600
    assert used(gate) == crowd.spent_tokens


def test_an_unreachable_redis_denies_and_says_so(vendor: FakeVendor, tmp_path: Path) -> None:
    config = tmp_path / "stockade.yaml"
    config.write_text(CONFIG.format(vendor=vendor.base_url, redis="redis://127.0.0.1:9/0", prefix="p", limit=9))
    settings = read_settings(config)
    with RunningGate.start(settings) as gate:
        connection = HTTPConnection(*address(gate), timeout=30)
        connection.request("POST", MESSAGES, body_for(MESSAGES), {"authorization": f"Bearer {gate.key}"})
        reply = connection.getresponse()
        assert (reply.status, "limits does not answer" in reply.read().decode()) == (503, True)
        connection.close()
        gate.wait_for(lambda: "limits_unreachable" in gate.log)
        gate.wait_for(lambda: "limits_unreachable" in {each["event"] for each in gate.records("event")})
