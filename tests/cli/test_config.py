from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from stockade.cli.main import main
from stockade.config import parse_settings

GOOD = "upstreams: {openai: {base_url: 'https://x.test', key_env: K}}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("STOCKADE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "stockade.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["config", *words])


def test_a_good_file_is_good(file: Path) -> None:
    for words in ([], [str(file)], ["--config", str(file)]):
        result = run("check", *words)
        assert (result.exit_code, result.stdout.endswith(": good\n")) == (0, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "lisen: x\n", 'stockade.yaml:2:1: "lisen" is not a key of the file; did you mean "listen"?'),
        (GOOD + "policy: none.cedar\n", "none.cedar cannot be read: No such file"),
        ("", "is empty"),
    ],
)
def test_a_bad_file_is_status_2_with_its_place(file: Path, text: str, told: str) -> None:
    file.write_text(text, encoding="utf-8")
    result = run("check", str(file))
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_policy_that_does_not_parse_is_refused_and_named(file: Path) -> None:
    (file.parent / "mine.cedar").write_text("permit (principal, action,", encoding="utf-8")
    file.write_text(GOOD + "policy: mine.cedar\n", encoding="utf-8")
    result = run("check", str(file))
    assert result.exit_code == 2
    assert "mine.cedar" in result.stderr


def test_a_check_makes_nothing(file: Path) -> None:
    run("check", str(file))
    assert list(file.parent.iterdir()) == [file]


def test_what_is_shown_reads_as_what_it_was(file: Path) -> None:
    file.write_text(GOOD + "models: ['a-*']\nlimits: {requests_per_minute: 5}\n", encoding="utf-8")
    shown = yaml.safe_load(run("show").stdout)
    assert shown["limits"]["requests_per_minute"] == 5
    assert shown["limits"]["concurrent_requests"] == 64
    assert shown["models"] == ["a-*"]
    assert shown["upstreams"]["anthropic"] is None
    assert shown["data_dir"] == str(parse_settings(GOOD.encode(), file).data_dir)


def test_a_database_password_is_not_shown(file: Path) -> None:
    file.write_text(GOOD + "database: postgresql://gate:hunter2@db/gate\n", encoding="utf-8")
    result = run("show")
    assert "hunter2" not in result.output
    assert "postgresql://gate:***@db/gate" in result.output
