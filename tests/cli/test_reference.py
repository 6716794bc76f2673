import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from stockade.cli.reference import pages, reference
from stockade.config.reader import schema_keys
from stockade.config.schema import Limits, Settings, Upstream
from tests.house.tree import ROOT


def test_the_pages_are_those_of_the_code() -> None:
    # A process of its own: click keeps the help option of the first context in which a command ran.
    command = [sys.executable, "-m", "stockade.cli.reference", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_a_page_that_differs_is_named_and_can_be_written(tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert run(reference, ["--write", "--folder", str(tmp_path)]).exit_code == 0
    assert run(reference, ["--folder", str(tmp_path)]).exit_code == 0
    (tmp_path / "commands.md").write_text("old", encoding="utf-8")
    result = run(reference, ["--check", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "commands.md" in result.output
    assert "configuration.md" not in result.output


def test_every_key_and_every_command_is_on_its_page() -> None:
    page = pages()["configuration.md"]
    for section in (Settings, Upstream, Limits):
        for key in schema_keys(section):
            assert f"| `{key.name}` | {key.key.unit}" in page
    assert "## stockade keys create" in pages()["commands.md"]


def test_the_pages_do_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    first = pages()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("STOCKADE_CONFIG", "x.yaml")
    assert pages() == first
