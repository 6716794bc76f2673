"""`stockade up`: what it starts without a configuration, and what it tells."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import orjson
import pytest

from stockade.cli.up import announce, trial_key, trial_settings
from stockade.config.schema import Settings


def without_keys() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OPENAI", "STOCKADE"))
    }


def test_a_real_vendor_is_used_where_its_key_is_set() -> None:
    settings = trial_settings(Settings(), {"OPENAI_API_KEY": "x"}, lambda: "http://127.0.0.1:1", demo=False)
    assert settings.upstreams.openai is not None
    assert settings.upstreams.openai.base_url == "https://api.openai.com"
    assert settings.upstreams.anthropic is not None
    assert settings.upstreams.anthropic.base_url == "http://127.0.0.1:1"


def test_the_demo_never_calls_a_real_vendor() -> None:
    settings = trial_settings(Settings(), {"OPENAI_API_KEY": "x"}, lambda: "http://127.0.0.1:1", demo=True)
    assert settings.upstreams.openai is not None
    assert settings.upstreams.openai.base_url == "http://127.0.0.1:1"


def test_each_start_has_its_own_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert trial_key(settings) != trial_key(settings)


def test_codex_has_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """It ignores OPENAI_BASE_URL: with that alone prompts would go to the vendor past the gate."""
    announce("http://127.0.0.1:1", "the-key", "http://127.0.0.1:2")
    told = capsys.readouterr().out
    assert "Codex" not in told.partition("export ")[0]
    assert 'codex -c model_provider=stockade -c \'model_providers.stockade={name="Stockade",' in told
    assert 'base_url="http://127.0.0.1:1/v1",env_key="OPENAI_API_KEY"}' in told


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "stockade", "up", "--config", "nothing.yaml"],
        cwd=tmp_path,
        env=without_keys(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "nothing.yaml does not exist" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.slow
def test_the_printed_lines_work(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "stockade", "up", "--demo", "--listen", "127.0.0.1:0"],
        cwd=tmp_path,
        env=without_keys(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as gate:
        try:
            assert gate.stdout is not None
            told = ""
            while "OPENAI_API_KEY=" not in told.replace("No OPENAI_API_KEY:", ""):
                line = gate.stdout.readline()
                assert line, f"the gate ended: {told}"
                told += line
            found = re.search(r"ANTHROPIC_BASE_URL=(\S+) ANTHROPIC_AUTH_TOKEN=(\S+)", told)
            assert found is not None
            secret = "ghp_" + "Zx81kQw92LmN4vB7tY6uR3eW5qA0sD2fG1hJ"
            body = {"model": "claude-x", "max_tokens": 9, "messages": [{"role": "user", "content": f"it is {secret}"}]}
            request = urllib.request.Request(
                found[1] + "/v1/messages", orjson.dumps(body), {"authorization": f"Bearer {found[2]}"}, method="POST"
            )
            with urllib.request.urlopen(request) as reply:
                assert secret in reply.read().decode()
            seen = re.search(r"can be read at (\S+)", told)
            assert seen is not None
            with urllib.request.urlopen(seen[1]) as reply:
                received = reply.read().decode()
            assert secret not in received
            assert "GITHUB_PERSONAL_TOKEN_" in received
        finally:
            gate.send_signal(signal.SIGINT)
