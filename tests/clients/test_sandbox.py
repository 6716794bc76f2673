"""The sandbox keeps a client away from this machine's own settings; proven with programs that every machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients import sandbox
from tests.clients.sandbox import Sandbox, binary


def test_the_environment_is_empty_but_for_what_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKADE_CANARY", "of the person at the keyboard")
    ran = Sandbox(tmp_path).run(["env"], {"GIVEN": "1"})
    names = {line.partition("=")[0] for line in ran.output.splitlines()}
    assert "GIVEN" in names
    assert {"STOCKADE_CANARY", "COVERED"}.isdisjoint(names)
    assert f"HOME={tmp_path / 'home'}" in ran.output


def test_an_agents_own_settings_are_not_seen_and_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "settings.json").write_text("{}")
    monkeypatch.setattr(sandbox, "_OWN_PLACES", (str(own),))
    ran = Sandbox(tmp_path).run(["/bin/sh", "-c", f"ls {own}; echo seen > {own}/settings.json"], {})
    assert (ran.status, ran.output) == (0, "")
    assert (own / "settings.json").read_text() == "{}"


def test_what_does_not_end_is_ended(tmp_path: Path) -> None:
    ran = Sandbox(tmp_path).run(["/bin/sh", "-c", "sleep 1000 & sleep 1000"], {}, timeout_s=0.5)
    assert ran.timed_out


def test_without_a_named_program_the_test_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOCKADE_TEST_CODEX", raising=False)
    with pytest.raises(pytest.skip.Exception, match="STOCKADE_TEST_CODEX"):
        binary("STOCKADE_TEST_CODEX")
