"""`stockade stop`: set, told, listed, lifted; what names nothing is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stockade.cli.main import main

CONFIG = """\
upstreams: {anthropic: {base_url: "http://127.0.0.1:9", allow_private: true}}
models: ["claude-*"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "stockade.yaml"
    path.write_text(CONFIG)
    return path


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--config", str(config)])


def listed(config: Path) -> list[dict[str, str]]:
    return json.loads(run(config, "stop", "list", "--json").stdout)  # type: ignore[no-any-return]


def test_a_target_is_stopped_and_lifted(config: Path) -> None:
    first = run(config, "stop", "team:payments", "--reason", "It spends too fast.", "--by", "security@acme.example")
    assert first.exit_code == 0
    assert "stockade stop lift team:payments" in first.stdout
    assert run(config, "stop", "set", "all").exit_code == 0
    assert {stop["target"] for stop in listed(config)} == {"all", "team:payments"}
    assert {stop["reason"] for stop in listed(config)} == {"", "It spends too fast."}
    for target in ("team:payments", "all"):
        assert run(config, "stop", "lift", target).exit_code == 0
    assert listed(config) == []
    assert "Nothing is stopped" in run(config, "stop", "list").stdout


def test_what_stands_stays_as_it_was_set(config: Path) -> None:
    run(config, "stop", "model:claude-*", "--reason", "first")
    run(config, "stop", "model:claude-*", "--reason", "second")
    assert [stop["reason"] for stop in listed(config)] == ["first"]


@pytest.mark.parametrize("target", ["all:of-it", "team:", "colour:red", ":"])
def test_what_names_nothing_is_refused(config: Path, target: str) -> None:
    result = run(config, "stop", target)
    assert result.exit_code == 2
    assert "team:NAME" in result.stderr
    assert listed(config) == []


def test_lifting_what_does_not_stand_is_an_error(config: Path) -> None:
    result = run(config, "stop", "lift", "team:payments")
    assert (result.exit_code, "was not stopped" in result.stderr) == (2, True)


def test_a_key_is_suspended_and_resumed(config: Path) -> None:
    run(config, "keys", "create", "--name", "laptop")
    [key] = json.loads(run(config, "keys", "list", "--json").stdout)
    assert "suspended since" in run(config, "keys", "suspend", key["id"]).stdout
    [key] = json.loads(run(config, "keys", "list", "--json").stdout)
    assert key["suspended_at"]
    assert "is open" in run(config, "keys", "resume", key["id"]).stdout
    [key] = json.loads(run(config, "keys", "list", "--json").stdout)
    assert key["suspended_at"] is None
    assert run(config, "keys", "suspend", "nobody").exit_code == 2
