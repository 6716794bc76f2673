import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stockade.app import open_store
from stockade.cli.main import main
from stockade.config import read_settings
from stockade.stores.recordings import RECORDINGS, Recorder
from tests.stores.test_recordings import CANARY, DAY_S, MIDNIGHT_S, one

FILE = """
upstreams: {openai: {base_url: 'https://x.test', key_env: K}}
recording: {tenants: [acme, other], retention_days: 3650}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stockade.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STOCKADE_CONFIG", raising=False)
    settings = read_settings(tmp_path / "stockade.yaml")
    store = open_store(settings)
    recorder = Recorder(settings.data_dir / RECORDINGS, store.recording_keys, day_bytes_max=1 << 30)
    for kept in one(1), one(2), one(3, at_s=MIDNIGHT_S + DAY_S), one(4, tenant="other"), one(5, at_s=0.0):
        recorder.keep(kept)
    recorder.close()
    store.close()
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["recordings", *words])


def listed(*words: str) -> list[tuple[str, str, int, bool, str]]:
    rows = json.loads(run("list", "--json", *words).stdout)
    return [
        (row["tenant"], row["day"], row["recordings"], row["erased_at"] is not None, row["trouble"]) for row in rows
    ]


def test_the_list_says_what_is_kept_of_whom() -> None:
    assert listed() == [
        ("acme", "1970-01-01", 1, False, ""),
        ("acme", "2023-11-15", 2, False, ""),
        ("acme", "2023-11-16", 1, False, ""),
        ("other", "2023-11-15", 1, False, ""),
    ]
    assert listed("--tenant", "other") == [("other", "2023-11-15", 1, False, "")]
    shown = run("list")
    assert shown.exit_code == 0
    assert "acme\t2023-11-15\t2\t" in shown.stdout
    assert CANARY.decode() not in shown.stdout


def test_a_day_is_erased_and_stays_in_the_list_as_erased(folder: Path) -> None:
    result = run("erase", "--tenant", "acme", "--day", "2023-11-15")
    assert result.exit_code == 0
    assert "1 files removed" in result.stdout
    assert ("acme", "2023-11-15", 0, True, "") in listed()
    assert len(list((folder / ".stockade" / RECORDINGS / "acme").iterdir())) == 2
    again = run("erase", "--tenant", "acme", "--day", "2023-11-15")
    assert (again.exit_code, again.stdout) == (1, "")
    assert run("erase", "--tenant", "acme", "--all-days").exit_code == 0
    assert [row[3] for row in listed()] == [True, True, True, False]


@pytest.mark.parametrize(
    "words",
    [(), ("--tenant", "acme"), ("--tenant", "acme", "--day", "yesterday"), ("--tenant", "acme", "--day", "../../x")],
)
def test_nothing_is_erased_that_was_not_named(words: tuple[str, ...]) -> None:
    before = listed()
    assert run("erase", *words).exit_code == 2
    assert run("erase", "--tenant", "acme", "--day", "2023-11-15", "--all-days").exit_code == 2
    assert listed() == before


def test_purge_erases_what_is_past_its_retention() -> None:
    result = run("purge")
    assert result.exit_code == 0
    assert result.stdout == "erased acme 1970-01-01: its key is destroyed, 1 files removed\n"
    assert run("purge").stdout == ""


def test_damage_is_named(folder: Path) -> None:
    [path] = (folder / ".stockade" / RECORDINGS / "other").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert listed("--tenant", "other") == [("other", "2023-11-15", 0, False, "1 cut, 1 torn")]
