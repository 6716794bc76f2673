from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stockade.cli.main import main
from stockade.guard.identity import person_id, token_digest

URL = "https://login.example.com"
FILE = f"""\
upstreams: {{openai: {{base_url: 'https://x.test', key_env: K}}}}
identity: {{issuers: [{{url: '{URL}', audiences: [stockade]}}]}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stockade.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STOCKADE_CONFIG", raising=False)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["people", *words])


def revoked() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("revoked", "--json").stdout)
    return found


def test_a_person_is_named_by_the_record_or_by_the_issuer() -> None:
    anna = person_id(URL, "anna")
    assert run("revoke", "anna").exit_code == 0
    assert [each["subject"] for each in revoked()] == [anna]
    assert anna in run("revoked").stdout
    assert "taken back" in run("restore", anna).stdout
    assert "no such" in run("restore", "anna").stdout
    assert revoked() == []


def test_a_token_and_everybody() -> None:
    assert run("revoke", "--token", "one").exit_code == 0
    assert run("revoke", "--all-before", "2026-11-22T08:00:00Z").exit_code == 0
    assert run("revoke", "anna", "--before", "5").exit_code == 0
    found = {str(each["kind"]): (each["subject"], each["before_s"]) for each in revoked()}
    assert found["token"] == (token_digest(URL, "one"), None)
    assert found["everybody"] == ("", 1795334400)
    assert found["person"][1] == 5
    assert run("restore", "--all").exit_code == run("restore", "--token", "one").exit_code == 0
    assert len(revoked()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("revoke",),
        ("revoke", "anna", "--token", "one"),
        ("revoke", "--all-before", "yesterday"),
        ("revoke", "anna", "--issuer", "https://evil.test"),
        ("revoke", "p-short"),
        ("restore",),
        ("restore", "anna", "--all"),
    ],
)
def test_who_is_meant_must_be_clear(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2
    assert revoked() == []
