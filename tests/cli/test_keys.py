import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stockade.cli import keys
from stockade.cli.main import main
from stockade.guard.identity.keys import is_well_formed

FILE = "upstreams: {openai: {base_url: 'https://x.test', key_env: K}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stockade.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STOCKADE_CONFIG", raising=False)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["keys", *words])


def listed() -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = json.loads(run("list", "--json").stdout)
    return found


def test_quiet_prints_the_key_alone() -> None:
    result = run("create", "--name", "laptop", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("\n")
    assert is_well_formed(result.stdout.rstrip("\n"))


def test_a_key_is_shown_once() -> None:
    result = run("create", "--name", "laptop", "--tenant", "acme")
    text = result.stdout.strip()
    (record,) = listed()
    assert f"Key {record['id']} of tenant acme" in result.stderr
    assert (record["name"], record["tenant"], record["revoked_at"]) == ("laptop", "acme", None)
    assert text not in run("list").stdout + run("list", "--json").stdout


def test_a_revoked_key_stays_in_the_list() -> None:
    run("create", "--name", "laptop")
    (record,) = listed()
    assert record["id"] is not None
    result = run("revoke", record["id"])
    assert (result.exit_code, "is revoked since" in result.stdout) == (0, True)
    assert listed()[0]["revoked_at"] is not None


def test_a_key_belongs_to_a_team_holds_roles_and_is_bound_to_a_workspace(folder: Path) -> None:
    (folder / "stockade.yaml").write_text(FILE + "workspaces: [{name: payments}]\n", encoding="utf-8")
    words = ("--team", "core", "--role", "developer", "--role", "auditor", "--role", "auditor")
    assert run("create", "--name", "a", *words, "--workspace", "payments").exit_code == 0
    (record,) = listed()
    assert (record["team"], record["roles"], record["workspace"]) == ("core", "auditor,developer", "payments")


def test_a_list_that_is_piped_is_plain() -> None:
    run("create", "--name", "laptop [red]x")
    assert run("list").stdout.rstrip("\n").split("\t")[1:3] == ["laptop [red]x", "default"]


def test_a_list_on_a_terminal_is_a_table_and_names_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    run("create", "--name", "laptop [red]x")
    with keys.opened_store(None) as store:
        keys._print_table(store.keys.list())
    assert "laptop [red]x" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("revoke", "nope"), "no key of this id"),
        (("create", "--name", ""), "No key was made"),
        (("create", "--name", "a", "--tenant", "A B"), "No key was made"),
        (("create", "--name", "a", "--team", "A B"), "No key was made"),
        (("create", "--name", "a", "--workspace", "gone"), "no workspace of this name"),
        (("create", "--name", "a", "--role", "king"), "is not one of"),
        (("list", "--config", "none.yaml"), "cannot be read"),
    ],
)
def test_trouble_is_status_2_and_says_why(words: tuple[str, ...], told: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_without_a_configuration_the_way_to_one_is_told(folder: Path) -> None:
    (folder / "stockade.yaml").unlink()
    assert "--config FILE" in run("list").stderr


def test_the_variable_names_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "stockade.yaml").rename(folder / "other.yaml")
    monkeypatch.setenv("STOCKADE_CONFIG", "other.yaml")
    assert run("create", "--name", "a", "--quiet").exit_code == 0
