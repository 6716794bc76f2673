from pathlib import Path

from stockade.guard.ledger.encoding import encode
from stockade.guard.ledger.record import Ended, Event, EventName, Outcome
from stockade.stores import ledger_reader
from stockade.stores.ledger import Ledger
from stockade.stores.ledger_files import log_path, log_paths
from stockade.stores.ledger_frames import HEADER_BYTES, frame


def outcome(number: int, refusal: str = "") -> bytes:
    return encode(Outcome(f"ex_{number}", number * 1000, 200, Ended.COMPLETED, True, refusal=refusal))


def write(directory: Path, *records: bytes, file_bytes_max: int = 1000) -> None:
    ledger = Ledger.open(directory, file_bytes_max=file_bytes_max)
    for record in records:
        ledger.append_now(record)
    ledger.close()


def ids(entries: list[ledger_reader.Entry]) -> list[str]:
    return [str(entry.fields["id"]) for entry in entries]


def test_the_last_records_over_files_and_logs(tmp_path: Path) -> None:
    write(tmp_path / "one", *(outcome(number) for number in range(0, 20, 2)))
    write(tmp_path / "two", *(outcome(number) for number in range(1, 20, 2)))
    assert len(log_paths(tmp_path / "one")) > 2
    assert ids(ledger_reader.last(tmp_path, 5)) == ["ex_15", "ex_16", "ex_17", "ex_18", "ex_19"]
    assert len(ledger_reader.last(tmp_path, 100)) == 20
    assert ledger_reader.last(tmp_path, 0) == []
    assert len(list(ledger_reader.entries(tmp_path))) == 20


def test_an_exchange_is_found_by_its_id_and_by_its_refusal(tmp_path: Path) -> None:
    write(tmp_path / "one", outcome(1), outcome(11), outcome(2, refusal="rf_1"))
    assert ids(ledger_reader.find(tmp_path, "ex_1")) == ["ex_1"]
    assert ids(ledger_reader.find(tmp_path, "rf_1")) == ["ex_2"]
    assert ledger_reader.find(tmp_path, "ex_3") == []


def test_nothing_is_no_trouble(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert ledger_reader.last(missing, 5) == []
    assert ledger_reader.verify(missing) == (0, 0, ())


def test_damage_is_reported_with_its_place_and_stepped_over(tmp_path: Path) -> None:
    log = tmp_path / "one"
    write(log, outcome(1), outcome(2), outcome(3), file_bytes_max=10_000)
    path = log_path(log, 1)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"ex_2")] ^= 1
    path.write_bytes(raw + b"torn")
    assert ids(list(ledger_reader.entries(tmp_path))) == ["ex_1", "ex_3"]
    report = ledger_reader.verify(tmp_path)
    assert (report.files, report.records) == (1, 2)
    middle, end = report.damage
    assert (middle.position, middle.size) == (HEADER_BYTES + len(frame(outcome(1))), len(frame(outcome(2))))
    assert not middle.torn
    assert (end.position, end.size, end.torn) == (len(raw), 4, True)


def test_a_record_of_another_version_does_not_stop_the_reading(tmp_path: Path) -> None:
    write(tmp_path, b'{"v":9}', outcome(1))
    first, second = ledger_reader.entries(tmp_path)
    assert first.fields == {"kind": "unreadable", "bytes": 7}
    assert second.fields["id"] == "ex_1"


def test_following_sees_what_comes_in_over_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "one"
    write(log, outcome(1))
    coming = [[outcome(2)], [], [outcome(3), outcome(4), outcome(5), encode(Event(EventName.STARTED, 6, id="e"))]]

    def wait() -> bool:
        if not coming:
            return False
        write(log, *coming.pop(0), file_bytes_max=500)
        return True

    assert ids(list(ledger_reader.follow(tmp_path, wait))) == ["ex_2", "ex_3", "ex_4", "ex_5", "e"]
