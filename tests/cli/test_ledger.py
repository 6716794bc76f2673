from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from stockade.cli.main import main
from stockade.core.findings import DetectorRun, RunStatus
from stockade.guard.ledger.encoding import encode
from stockade.guard.ledger.record import Ended, Event, EventName, Outcome
from stockade.stores.ledger import Ledger
from stockade.stores.ledger_files import log_path

RUN = DetectorRun("secrets.patterns", "1", RunStatus.RAN, 3)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    ledger = Ledger.open(tmp_path / "ledger" / "main")
    for number in range(3):
        ledger.append_now(encode(Outcome(f"ex_{number}", number, 200, Ended.COMPLETED, True, guards=(RUN,))))
    ledger.append_now(encode(Event(EventName.STARTED, 9)))
    ledger.close()
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["ledger", *arguments])
    return result.exit_code, result.output


def test_tail_prints_the_last_records(data_dir: Path) -> None:
    code, output = run("tail", "-n", "2", "--data-dir", str(data_dir))
    assert code == 0
    first, second = output.splitlines()
    assert "ex_2  200 completed  0 findings" in first
    assert "started" in second


def test_tail_as_json_is_the_record_itself(data_dir: Path) -> None:
    code, output = run("tail", "--json", "--data-dir", str(data_dir))
    assert code == 0
    assert [orjson.loads(line).get("id") for line in output.splitlines()] == ["ex_0", "ex_1", "ex_2", None]


def test_show_prints_one_exchange(data_dir: Path) -> None:
    code, output = run("show", "ex_1", "--data-dir", str(data_dir))
    assert code == 0
    assert "secrets.patterns" in output
    assert "ex_0" not in output
    assert run("show", "ex_9", "--data-dir", str(data_dir)) == (1, "nothing is recorded under this id\n")


def test_verify_tells_by_its_exit_status(data_dir: Path) -> None:
    assert run("verify", "--data-dir", str(data_dir)) == (0, "4 records in 1 files, 0 damaged places\n")
    path = log_path(data_dir / "ledger" / "main", 1)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"ex_1")] ^= 1
    path.write_bytes(raw)
    code, output = run("verify", "--data-dir", str(data_dir))
    assert code == 1
    assert "damaged" in output
