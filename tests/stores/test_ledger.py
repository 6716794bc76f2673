import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from stockade.core.errors import StorageError
from stockade.stores.ledger import Ledger
from stockade.stores.ledger_files import PosixFile, log_path, log_paths
from stockade.stores.ledger_frames import HEADER_BYTES, frame, frames

BIG = 300


def payloads(directory: Path) -> list[bytes]:
    """All records of a log by a reading of its own: every file must be whole."""
    found = []
    for path in log_paths(directory):
        raw = path.read_bytes()
        end = HEADER_BYTES
        for one in frames(raw):
            found.append(one.payload)
            end = one.end
        assert end == len(raw)
    return found


class Disk:
    """An opener whose files fail as told: `plan` maps the n-th call of a kind to what happens.

    "fail": nothing is done; "persist": it is done, and an error comes back; "short": half of it is done, then an error.
    """

    def __init__(self, kind: str, how: str, calls: set[int]) -> None:
        self.plan = {kind: (how, calls)}
        self.counts: dict[str, int] = {}
        self.armed = False

    def __call__(self, path: Path, create: bool) -> "FaultyFile":
        self.hit("open")
        return FaultyFile(self, PosixFile(path, create))

    def hit(self, kind: str) -> str:
        how, calls = self.plan.get(kind, ("", set()))
        if not self.armed or not how:
            return ""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] not in calls:
            return ""
        if how == "fail":
            raise OSError(28, "No space left on device")
        return how


class FaultyFile:
    def __init__(self, disk: Disk, file: PosixFile) -> None:
        self.disk, self.file = disk, file

    def write(self, data: bytes, at: int) -> int:
        match self.disk.hit("write"):
            case "persist":
                self.file.write(data, at)
                raise OSError(5, "Input/output error")
            case "short":
                self.file.write(data[: len(data) // 2], at)
                raise OSError(28, "No space left on device")
            case "partial":
                return self.file.write(data[: len(data) // 2 or 1], at)
            case "nothing":
                return 0
        return self.file.write(data, at)

    def sync(self) -> None:
        how = self.disk.hit("sync")
        if how == "drop":
            # The system gave up pages that it could not write, acknowledged ones beside them.
            self.file.truncate(HEADER_BYTES + 3)
        if how:
            self.file.sync()
            raise OSError(5, "Input/output error")
        self.file.sync()

    def truncate(self, size: int) -> None:
        if self.disk.hit("truncate"):
            self.file.truncate(size)
            raise OSError(5, "Input/output error")
        self.file.truncate(size)

    def close(self) -> None:
        self.file.close()


@pytest.mark.parametrize("calls", [{1}, {1, 2}, {2}, {1, 2, 3, 4}], ids=str)
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("write", "fail"),
        ("write", "persist"),
        ("write", "short"),
        ("write", "nothing"),
        ("sync", "fail"),
        ("sync", "persist"),
    ],
)
def test_fault_matrix(tmp_path: Path, kind: str, how: str, calls: set[int]) -> None:
    disk = Disk(kind, how, calls)
    ledger = Ledger.open(tmp_path, opener=disk)
    kept = [b"before"]
    ledger.append_now(b"before")
    disk.armed = True
    refused = 0
    for number in range(12):
        record = b"record %d" % number
        try:
            ledger.append_now(record)
            kept.append(record)
        except StorageError:
            refused += 1
    assert refused >= 1
    assert len(kept) >= 2
    assert kept[-1] == b"record 11", "later appends work again"
    ledger.close()
    assert payloads(tmp_path) == kept
    Ledger.open(tmp_path).close()
    assert payloads(tmp_path) == kept


@pytest.mark.parametrize("how", ["fail", "persist"])
@pytest.mark.parametrize("first", ["write", "sync"])
def test_a_truncate_that_fails_refuses_until_it_works(tmp_path: Path, how: str, first: str) -> None:
    disk = Disk(first, "fail", {1})
    ledger = Ledger.open(tmp_path, opener=disk)
    ledger.append_now(b"before")
    disk.armed = True
    disk.plan["truncate"] = (how, {1, 2, 3})
    with pytest.raises(StorageError):
        ledger.append_now(b"lost")
    for _ in range(2):
        with pytest.raises(StorageError):
            ledger.append_now(b"lost too")
    ledger.append_now(b"after")
    ledger.close()
    assert payloads(tmp_path) == [b"before", b"after"]


def test_a_file_that_lost_bytes_in_a_failed_sync_is_left(tmp_path: Path) -> None:
    disk = Disk("sync", "drop", {1})
    ledger = Ledger.open(tmp_path, opener=disk)
    ledger.append_now(b"before")
    disk.armed = True
    with pytest.raises(StorageError):
        ledger.append_now(b"lost")
    left = log_path(tmp_path, 1).read_bytes()
    ledger.append_now(b"after")
    ledger.close()
    assert log_path(tmp_path, 1).read_bytes() == left
    assert [one.payload for one in frames(log_path(tmp_path, 2).read_bytes())] == [b"after"]


def test_a_write_in_parts_is_whole(tmp_path: Path) -> None:
    disk = Disk("write", "partial", set(range(1, 100)))
    disk.armed = True
    ledger = Ledger.open(tmp_path, opener=disk)
    ledger.append_now(b"x" * 100)
    ledger.close()
    assert payloads(tmp_path) == [b"x" * 100]


@pytest.mark.parametrize("kind", ["open", "write", "sync"])
def test_a_file_that_cannot_be_begun(tmp_path: Path, kind: str) -> None:
    disk = Disk(kind, "fail", {1})
    disk.armed = True
    ledger = Ledger.open(tmp_path, opener=disk)
    with pytest.raises(StorageError):
        ledger.append_now(b"lost")
    ledger.append_now(b"kept")
    ledger.close()
    assert payloads(tmp_path) == [b"kept"]


def test_files_rotate_and_stay_in_order(tmp_path: Path) -> None:
    records = [b"%03d" % number + b"x" * BIG for number in range(20)]
    ledger = Ledger.open(tmp_path, file_bytes_max=1000)
    for record in records[:10]:
        ledger.append_now(record)
    ledger.close()
    ledger = Ledger.open(tmp_path, file_bytes_max=1000)
    for record in records[10:]:
        ledger.append_now(record)
    ledger.close()
    assert payloads(tmp_path) == records
    assert len(log_paths(tmp_path)) == 7
    assert all(path.stat().st_size <= 1000 for path in log_paths(tmp_path))


async def test_many_at_once(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    records = [b"%d" % number for number in range(500)]
    await asyncio.gather(*(ledger.append(record) for record in records))
    ledger.close()
    assert payloads(tmp_path) == records
    with pytest.raises(StorageError, match="closed"):
        await ledger.append(b"late")


async def test_a_waiter_that_went_harms_nobody(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    gone = ledger.append(b"first")
    gone.cancel()
    await ledger.append(b"second")
    ledger.close()
    assert payloads(tmp_path) == [b"first", b"second"]


async def test_a_failed_batch_fails_for_each(tmp_path: Path) -> None:
    disk = Disk("sync", "fail", {1})
    ledger = Ledger.open(tmp_path, opener=disk)
    await ledger.append(b"begin")
    reported: list[OSError] = []
    ledger.on_error(reported.append)
    disk.armed = True
    results = await asyncio.gather(*(ledger.append(b"%d" % n) for n in range(3)), return_exceptions=True)
    failed = [result for result in results if isinstance(result, StorageError)]
    assert failed
    assert len({id(error) for error in failed}) == len(failed)
    assert [error.errno for error in reported] == [28]
    ledger.close()


@pytest.mark.parametrize("cut", range(1, len(frame(b"the last record"))))
def test_a_torn_end_is_cut_off_and_kept_aside(tmp_path: Path, cut: int) -> None:
    ledger = Ledger.open(tmp_path)
    ledger.append_now(b"whole")
    ledger.close()
    path = log_path(tmp_path, 1)
    whole = path.stat().st_size
    torn = frame(b"the last record")[:cut]
    with path.open("ab") as file:
        file.write(torn)
    ledger = Ledger.open(tmp_path)
    (repair,) = ledger.repairs
    assert (repair.position, repair.torn_bytes, repair.damaged) == (whole, cut, False)
    assert repair.aside is not None
    assert repair.aside.read_bytes() == torn
    ledger.append_now(b"next")
    ledger.close()
    assert payloads(tmp_path) == [b"whole", b"next"]


def test_a_torn_end_of_zeros(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    ledger.append_now(b"whole")
    ledger.close()
    with log_path(tmp_path, 1).open("ab") as file:
        file.write(bytes(5000))
    ledger = Ledger.open(tmp_path)
    assert ledger.repairs[0].torn_bytes == 5000
    ledger.close()
    assert payloads(tmp_path) == [b"whole"]


def test_damage_in_the_middle_is_left_as_it_is(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    for record in (b"one", b"two", b"three"):
        ledger.append_now(record)
    ledger.close()
    path = log_path(tmp_path, 1)
    raw = bytearray(path.read_bytes())
    position = raw.index(b"two")
    raw[position] ^= 1
    path.write_bytes(raw)
    ledger = Ledger.open(tmp_path)
    (repair,) = ledger.repairs
    assert repair.damaged
    assert repair.position == HEADER_BYTES + len(frame(b"one"))
    ledger.append_now(b"four")
    ledger.close()
    assert path.read_bytes() == raw
    assert [one.payload for one in frames(log_path(tmp_path, 2).read_bytes())] == [b"four"]


@pytest.mark.parametrize("begun", [b"", b"STOCK", bytes(16)])
def test_a_file_that_was_only_begun(tmp_path: Path, begun: bytes) -> None:
    log_path(tmp_path, 1).write_bytes(begun)
    ledger = Ledger.open(tmp_path)
    ledger.append_now(b"kept")
    ledger.close()
    assert [one.payload for one in frames(log_path(tmp_path, 2).read_bytes())] == [b"kept"]


def test_a_second_process_is_told(tmp_path: Path) -> None:
    code = "import sys, pathlib; from stockade.stores.ledger import Ledger; Ledger.open(pathlib.Path(sys.argv[1]))"
    ledger = Ledger.open(tmp_path)
    second = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=False)
    assert b"StorageError: another process writes this ledger" in second.stderr
    ledger.close()
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0


def test_killed_at_random_moments_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Twenty processes, each killed after it acknowledged a random number of records."""
    chance = random.Random(20)
    acknowledged: set[bytes] = set()
    appender = Path(__file__).with_name("ledger_appender.py")
    for life in range(20):
        command = [sys.executable, str(appender), str(tmp_path), str(life)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 400)):
                acknowledged.add(process.stdout.readline().strip())
            process.kill()
            # What it still wrote into the pipe before it died was acknowledged as well; a half line was not read whole.
            acknowledged.update(line.strip() for line in process.stdout if line.endswith(b"\n"))
    Ledger.open(tmp_path).close()
    assert len(acknowledged) > 20
    assert acknowledged <= {payload.strip() for payload in payloads(tmp_path)}
