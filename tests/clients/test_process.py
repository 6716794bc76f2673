"""The gate as a person starts it: what it refuses to start with, and how it ends and reloads by signals."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.stores.ledger_reader import verify
from stockade.stores.policy_files import PACKS
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import GateProcess
from tests.clients.values import GITHUB, assert_private
from tests.gateway.wire import MESSAGES, assert_error, body_for, opened, read_until, send

CONFIG = """
listen: 127.0.0.1:0
data_dir: ./state
upstreams:
  anthropic: {{base_url: "{url}", allow_private: true}}
models: ["claude-*"]
policy: own.cedar
"""

SCRIPT = """
rules:
- when: {contains: pauses}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: pause, after_events: 8}
"""

BASELINE = (PACKS / "baseline.cedar").read_text()


@pytest.fixture
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(SCRIPT) as running:
        yield running


@pytest.fixture
def config(vendor: FakeVendor, tmp_path: Path) -> Path:
    (tmp_path / "own.cedar").write_text(BASELINE)
    config = tmp_path / "stockade.yaml"
    config.write_text(CONFIG.format(url=vendor.base_url))
    return config


def refused_start(config: Path) -> str:
    """Start a gate that must not start; return what it says."""
    command = [sys.executable, "-m", "stockade.cli.main", "up", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 2, ended
    assert "Traceback" not in ended.stderr
    assert "listens" not in ended.stdout
    return ended.stderr


def test_a_policy_with_a_syntax_error_is_named_with_its_line(config: Path) -> None:
    config.with_name("own.cedar").write_text(BASELINE + '@id("x")\nforbid (principal, action, resource) when {;};\n')
    assert f"own.cedar, line {BASELINE.count(chr(10)) + 1}" in refused_start(config)


def test_a_corrupt_control_store_is_named_with_what_to_do(config: Path) -> None:
    state = config.with_name("state")
    state.mkdir()
    (state / "control.sqlite").write_bytes(b"this is no database, but long enough to be one " * 500)
    said = refused_start(config)
    assert "corrupt" in said
    assert "backup" in said


@pytest.mark.slow
def test_signals_a_second_gate_and_a_full_disk(config: Path, vendor: FakeVendor) -> None:
    with GateProcess.start(config) as gate:
        said = refused_start(config)
        assert "another process writes this ledger" in said
        assert send(gate, MESSAGES, body_for(MESSAGES, GITHUB)).status == 200
        assert_private(vendor, gate)

        config.with_name("own.cedar").write_text(BASELINE + "forbid (principal")
        gate.hang_up()
        gate.wait_for(lambda: "policy_reload_failed" in gate.log)
        assert send(gate, MESSAGES, body_for(MESSAGES)).status == 200

        gate.outcome_of(vendor.received[-1].body)
        grows_no_more(gate)
        vendor.clear()
        reply = send(gate, MESSAGES, body_for(MESSAGES, GITHUB))
        assert_error(MESSAGES, reply, 503)
        assert vendor.received == ()
        gate.wait_for(lambda: os.strerror(errno.EFBIG) in gate.log)
        resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert send(gate, MESSAGES, body_for(MESSAGES, GITHUB)).status == 200

        with opened(gate, MESSAGES, body_for(MESSAGES, "pauses", stream=True)) as stream:
            read_until(stream, b"one")
            gate.process.terminate()
            vendor.resume()
            read_until(stream, b"message_stop")
        assert gate.process.wait(60) in (0, -15)
    assert gate.outcome_of(vendor.received[-1].body)["ended"] == "completed"
    assert gate.records("event")[-1]["event"] == "stopped"
    assert verify(gate.settings.data_dir / "ledger").damage == ()
    assert "Traceback" not in gate.log


def grows_no_more(gate: GateProcess) -> None:
    """Let no file of the process grow beyond the ledger's present size, as a full disk would.

    Source: setrlimit(2), RLIMIT_FSIZE; Python ignores SIGXFSZ, so that the write fails with EFBIG.
    """
    size = max(file.stat().st_size for file in (gate.settings.data_dir / "ledger").glob("*.log"))
    resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
