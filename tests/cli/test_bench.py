"""`stockade bench detect` as a person calls it, with a scorer whose answers are known."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stockade.cli import bench
from stockade.cli.main import main
from tests.govern.bench.scorers import WordScorer

ROWS = [
    {"text": "an attack", "label": 1, "source": "one"},
    {"text": "hidden", "label": 1, "source": "two"},
    {"text": "plain", "label": 0, "source": "two"},
    {"text": "also plain", "label": 0, "source": "three"},
]

NAMES = ("injection", "jailbreak", "injection-jailbreak")


@pytest.fixture(autouse=True)
def scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ScanScorer", WordScorer)


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return str(path)


def call(*arguments: str):
    return CliRunner().invoke(main, ["bench", "detect", *arguments])


def test_one_table_a_detector_and_the_times(data: str) -> None:
    result = call("--data", data)
    assert result.exit_code == 0, result.output
    for title in ("injection, by source", "jailbreak, by source", "injection+jailbreak, by source", "CPU time"):
        assert title in result.output
    assert "needs 100" in result.output
    assert "plain" not in result.output


def test_a_document_holds_the_figures_and_no_text(data: str) -> None:
    result = call("--data", data, "--json", "--detector", "injection")
    document = json.loads(result.stdout)
    (injection,) = document["measured"]
    assert injection["recall"]["value"] == 0.5
    assert injection["false_positives"]["hits"] == 0
    assert injection["auc"] == 0.75
    assert [source["source"] for source in injection["sources"]] == ["one", "three", "two"]
    assert document["rows"] == 4
    assert not any(row["text"] in result.stdout for row in ROWS)


def test_mutations_are_a_table(data: str) -> None:
    result = call("--data", data, "--mutations", "--detector", "injection", "--json")
    lost = {each["mutation"]: each["loss"] for each in json.loads(result.stdout)["mutations"]}
    assert len(lost) >= 20
    assert lost["rot13"] == 0.5
    assert lost["random_case"] == 0.0
    assert "rot13" in call("--data", data, "--mutations").output


def test_a_folder_holds_tables_and_plots(data: str, tmp_path: Path) -> None:
    assert call("--data", data, "--out", str(tmp_path / "out")).exit_code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    plots = [f"{kind}-{name}.svg" for kind in ("roc", "scores") for name in NAMES]
    assert names == sorted(["report.json", "report.md", *plots])
    assert "| one | 1 | 1.000" in (tmp_path / "out" / "report.md").read_text()


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROWS[0]) + '\n{"text": "secret words", "label": 7}\n')
    result = call("--data", str(path))
    assert result.exit_code == 2
    assert "line 2" in result.stderr
    assert "secret" not in result.output


def test_an_unknown_detector_is_an_error(data: str) -> None:
    result = call("--data", data, "--detector", "nonsense")
    assert result.exit_code == 2
    assert "injection" in result.stderr


def test_a_text_that_cannot_be_scored_is_trouble(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, [*ROWS, {"text": "broken", "label": 1}])))
    result = call("--data", str(path), "--json")
    assert result.exit_code == 2
    assert "1 texts were not scored: It broke." in result.stderr
    assert json.loads(result.stdout)["rows_not_scored"] == 1


def test_a_folder_that_cannot_be_written_is_told(data: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = call("--data", data, "--out", str(tmp_path / "file" / "deeper"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
