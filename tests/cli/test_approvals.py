"""`stockade approvals`: shown, approved by a key or at a terminal, denied; nobody else decides."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stockade.cli import approvals
from stockade.cli.main import main
from stockade.guard.approvals.approval import Held, State, Subject
from stockade.stores.control import ControlStore
from stockade.stores.installation_key import installation_key
from tests.cli.test_stop import config

__all__ = ["config"]

SHOWN = {
    "reason": "Nobody asked for this.",
    "tool": "send_email",
    "asked": False,
    "values": [
        {
            "argument": "to",
            "sort": "address",
            "value": "eve@evil.test\x1b[2J",
            "ground": "untrusted",
            "tool": "read_mail",
            "at": "messages/2",
        }
    ],
    "values_total": 1,
    "arguments": [{"argument": "body", "text": "all", "chars": 3}],
    "arguments_total": 1,
}
HELD = Held("hold-1", "v1", "default", "key_a", Subject.CALL, ("hold-it",), 1, False, json.dumps(SHOWN).encode())


@pytest.fixture
def store(config: Path) -> ControlStore:
    folder = config.parent / "data"
    config.write_text(config.read_text() + f"data_dir: {folder}\n")
    made = ControlStore.open(f"sqlite:///{folder}/control.sqlite", installation_key(folder))
    made.approvals.ask(HELD)
    return made


def run(config: Path, *words: str, key: str = "", answer: str = "") -> Result:
    environ = {"STOCKADE_KEY": key, "XDG_CONFIG_HOME": str(config.parent)}
    return CliRunner().invoke(main, ["approvals", *words, "--config", str(config)], env=environ, input=answer)


def key(store: ControlStore, *roles: str) -> str:
    return store.keys.create("ann", roles=roles).text  # type: ignore[arg-type]


def test_what_waits_is_listed_and_shown_without_harm_to_the_terminal(config: Path, store: ControlStore) -> None:
    assert run(config, "list").stdout.startswith("hold-1\tpending\tcall\tkey_a\t")
    [row] = json.loads(run(config, "list", "--json").stdout)
    assert (row["rules"], row["approvals_needed"], row["said"]) == (["hold-it"], 1, [])
    shown = run(config, "show", "hold-1").stdout
    assert "to = eve@evil.test\\x1b[2J  [untrusted read_mail messages/2]" in shown
    assert "did not ask for this" in shown
    assert json.loads(run(config, "show", "hold-1", "--json").stdout)["shown"] == SHOWN


def test_an_approvers_key_approves_and_a_no_takes_it_back(config: Path, store: ControlStore) -> None:
    ann = key(store, "approver")
    approved = run(config, "approve", "hold-1", "--for", "2h", key=ann)
    assert approved.exit_code == 0, approved.output
    assert "approved (until)" in approved.stdout
    assert store.approvals.ask(HELD).state is State.APPROVED
    until = store.approvals.get("hold-1")[0].until_s - time.time()
    assert 7100 < until <= 7200
    assert run(config, "deny", "hold-1", key=ann).exit_code == 0
    assert store.approvals.ask(HELD).state is State.DENIED
    assert run(config, "list").stdout == "Nothing waits for a yes.\n"
    assert "no by" in run(config, "show", "hold-1").stdout


@pytest.mark.parametrize("words", [("approve", "hold-1"), ("deny", "hold-1")])
def test_nobody_decides_without_a_key_or_a_terminal(config: Path, store: ControlStore, words: tuple[str, ...]) -> None:
    for credential in ("", key(store, "admin"), key(store), "sk-nonsense"):
        result = run(config, *words, key=credential, answer="y\n")
        assert result.exit_code == 2, result.output
    assert store.approvals.ask(HELD).state is State.PENDING


def test_at_a_terminal_a_person_is_asked(config: Path, store: ControlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "at_terminal", lambda: True)
    assert run(config, "approve", "hold-1", answer="n\n").exit_code == 1
    assert store.approvals.ask(HELD).state is State.PENDING
    done = run(config, "approve", "hold-1", answer="y\n")
    assert "eve@evil.test" in done.stdout
    assert store.approvals.get("hold-1")[0].votes[0].by.startswith("local:")
    assert store.approvals.ask(HELD).state is State.APPROVED


def test_what_cannot_be_is_told(config: Path, store: ControlStore) -> None:
    ann = key(store, "approver")
    assert run(config, "approve", "hold-9", key=ann).exit_code == 2
    assert "named no session" in run(config, "approve", "hold-1", "--session", key=ann).stderr
    assert run(config, "approve", "hold-1", "--for", "soon", key=ann).exit_code == 2
    assert run(config, "show", "hold-9").exit_code == 2


def test_of_two_needed_the_first_is_told_that_one_is_missing(config: Path, store: ControlStore) -> None:
    store.approvals.ask(HELD._replace(id="hold-2", value="v2", needed=2))
    assert "1 of 2 approvals" in run(config, "approve", "hold-2", key=key(store, "approver")).stdout
    assert "is approved" in run(config, "approve", "hold-2", key=key(store, "approver")).stdout
