"""The command on a real gate's recordings: what it says, that it goes on, and that erased days are told."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import openai
import pytest
from click.testing import CliRunner, Result

from stockade.cli import backtest
from stockade.cli.main import main
from stockade.config import read_settings
from stockade.govern.backtest import runs
from stockade.stores.policy_archive import POLICIES
from stockade.stores.recordings import RECORDINGS
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate

CARD = "4111 1111 1111 1111"
BASELINE = Path(backtest.__file__).parents[1] / "policies" / "baseline.cedar"
NO_CARDS = """
@id("no-cards") @effect("deny") @reason("No cards.")
forbid (principal, action == Stockade::Action::"prompt", resource) when { context.rule == "payment_card" };
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backtest")
    with FakeVendor.start() as vendor:
        upstream = {"base_url": vendor.base_url, "allow_private": True}
        told = {
            "listen": "127.0.0.1:0",
            "data_dir": "data",
            "upstreams": {"openai": upstream},
            "models": ["gpt-*"],
            "recording": {"tenants": ["default"]},
        }
        (folder / "stockade.yaml").write_text(json.dumps(told), encoding="utf-8")
        with RunningGate.start(read_settings(folder / "stockade.yaml")) as gate:
            for number in range(12):
                converse(gate, f"number {number}" + (f" pays with {CARD}" if number % 3 == 0 else ""))
    (folder / "own.cedar").write_text(NO_CARDS + BASELINE.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def converse(gate: RunningGate, text: str) -> None:
    """Say something, and go on once."""
    with openai.OpenAI(base_url=gate.openai_url, api_key=gate.key, max_retries=0) as client:
        messages: list[Any] = [{"role": "user", "content": text}]
        told = client.chat.completions.create(model="gpt-demo", messages=messages)
        messages += [told.choices[0].message.model_dump(include={"role", "content"}), {"role": "user", "content": "on"}]
        list(client.chat.completions.create(model="gpt-demo", messages=messages, stream=True))


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["backtest", "--config", str(folder / "stockade.yaml"), *words])


def document(folder: Path, *words: str) -> dict[str, Any]:
    result = run(folder, "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_under_the_policy_in_force_everything_comes_out_the_same(folder: Path) -> None:
    found = document(folder, "--jobs", "1")
    assert (found["played"], found["as_before"], found["checked"], found["unfaithful"]) == (24, 24, 24, 0)
    assert (found["defects"], found["unanswered"], found["not_read"]) == (0, 0, {})


def test_another_policy_flips_what_it_is_about_and_sessions_end_there(folder: Path) -> None:
    found = document(folder, "--policy", str(folder / "own.cedar"), "--jobs", "1")
    assert found["flips"] == {"newly_stopped": 4, "newly_allowed": 0, "changed": 0}
    assert (found["played"], found["left_out"]) == (20, 4)
    [turn] = found["turns"]
    assert turn == {"rule": "no-cards", "before": "pseudonymise", "after": "deny", "findings": 4, "exchanges": 4}
    shown = run(folder, "--policy", str(folder / "own.cedar"), "--samples", "2")
    assert shown.exit_code == 0
    for expected in (
        "4    newly stopped",
        "4    left out",
        "no-cards",
        "PAYMENT_CARD, 19 characters",
        "Faith: 20 of 20 came out the same again",
    ):
        assert expected in shown.stdout
    assert CARD not in shown.stdout
    assert "pays with" not in shown.stdout


def test_what_was_recorded_under_another_policy_is_checked_under_that_one(folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(folder, tmp_path / "copy")
    told = json.loads((folder / "stockade.yaml").read_text(encoding="utf-8")) | {"policy": ["strict"]}
    (folder / "stockade.yaml").write_text(json.dumps(told), encoding="utf-8")
    found = document(folder)
    assert (found["named"], found["checked"], found["unfaithful"]) == ([], found["played"], 0)
    [kept] = (folder / "data" / RECORDINGS / POLICIES).iterdir()
    kept.write_bytes(kept.read_bytes() + b" ")
    assert document(folder, "--fresh")["checked"] == 0, "a policy that was changed is not the one of then"


def test_processes_change_nothing(folder: Path) -> None:
    policy = ("--policy", str(folder / "own.cedar"), "--fresh")
    one, two = (document(folder, *policy, "--jobs", jobs) for jobs in ("1", "2"))
    for measured in "cost", "cost_then", "inspection":
        one.pop(measured)
        two.pop(measured)
    assert one == two


def test_ctrl_c_stops_and_the_same_command_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[str] = []
    play = runs.play

    def interrupted(equipment: Any, reel: Any) -> Any:
        if len(played) == 10:
            raise KeyboardInterrupt
        played.append(reel.name)
        return play(equipment, reel)

    whole = document(folder, "--jobs", "1")
    monkeypatch.setattr(runs, "play", interrupted)
    result = run(folder, "--jobs", "1", "--fresh")
    assert result.exit_code == 2
    assert "stopped after 8 of 24; the same command goes on from there" in result.stderr
    monkeypatch.setattr(runs, "play", lambda *asked: played.append(asked[1].name) or play(*asked))
    assert document(folder, "--jobs", "1")["as_before"] == whole["as_before"]
    assert len(played) == 10 + 24 - 8, "what was played in a batch that was cut off is played again"


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_stops_all_processes_in_silence(folder: Path) -> None:
    """A terminal tells the whole group. Whenever it comes, one line is said, and the next run has it all."""
    command = [sys.executable, "-m", "stockade", "backtest", "--config", str(folder / "stockade.yaml"), "--jobs", "2"]
    for _ in range(3):
        with subprocess.Popen(
            [*command, "--fresh"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            while process.poll() is None and len(children.read_text().split()) < 2:
                pass  # the processes are being begun
            os.killpg(process.pid, signal.SIGINT)
            told, complaint = process.communicate()
        assert (process.returncode, told) == (2, "")
        assert re.fullmatch(r"stopped after \d+ of 24; the same command goes on from there\n", complaint), complaint
    assert document(folder, "--jobs", "1")["played"] == 24


def test_a_time_or_tenant_without_recordings_is_nothing(folder: Path) -> None:
    assert document(folder, "--tenant", "nobody")["played"] == 0
    assert run(folder, "--since", "yesterday").exit_code == 2
    assert run(folder, "--since", "0d").exit_code == 2


def test_a_policy_that_does_not_load_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.cedar").write_text("permit (nonsense")
    result = run(folder, "--policy", str(tmp_path))
    assert result.exit_code == 2
    assert "bad.cedar" in result.stderr


def test_an_erased_day_is_skipped_and_told(folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(folder, tmp_path / "copy")
    config = ("--config", str(folder / "stockade.yaml"))
    erased = CliRunner().invoke(main, ["recordings", "erase", "--tenant", "default", "--all-days", *config])
    assert erased.exit_code == 0
    found = document(folder)
    assert (found["played"], found["not_read"]) == (0, {"destroyed": 1})
    assert "1    destroyed" in run(folder).stdout
