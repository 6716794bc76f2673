"""The recorder on real files: what is kept is read again, nothing stands there in clear, nothing is lost unseen."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stockade.core.errors import StorageError
from stockade.guard.recording.recording import Recording
from stockade.stores.control import ControlStore
from stockade.stores.recording_frames import Frame, header
from stockade.stores.recording_reader import Day, Trouble, days, frames, read
from stockade.stores.recordings import Recorder, day_of
from tests.guard.recording.test_encoding import recording
from tests.stores.test_ledger import Disk

CANARY = b"canary-of-a-recording-0123456789"
DAY_S = 86_400.0
MIDNIGHT_S = 1_700_006_400.0  # 2023-11-15T00:00:00Z


class Bench:
    """A control store, a folder, and recorders on them as often as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "recordings"
        self.now_s = MIDNIGHT_S
        self.store = ControlStore.open(f"sqlite:///{folder}/control.sqlite", bytes(32), clock=lambda: self.now_s)
        self.keys = self.store.recording_keys
        self.reported: list[tuple[str, str]] = []

    def recorder(self, **changes: Any) -> Recorder:
        told = {"day_bytes_max": 1 << 30, "report": lambda *what: self.reported.append(what)}
        return Recorder(self.root, self.keys, **(told | changes))

    def keep(self, *kept: Recording, **changes: Any) -> dict[str, dict[str, int]]:
        recorder = self.recorder(**changes)
        for each in kept:
            recorder.keep(each)
        recorder.close()
        return recorder.missed()

    def days(self, tenant: str | None = None) -> tuple[Day, ...]:
        return days(self.root, self.keys, tenant)

    def read(self, tenant: str | None = None) -> list[Recording | Trouble]:
        """Everything that can be read, and why the rest cannot."""
        found: list[Recording | Trouble] = []
        for day in self.days(tenant):
            seal = self.keys.open(day.key) if day.key is not None else None
            for reel in day.reels:
                found += [reel.trouble] if reel.trouble is not None else []
                for frame in frames(reel):
                    if isinstance(frame, Frame):
                        assert seal is not None
                        assert reel.label is not None
                        found.append(read(reel.path, reel.label, seal, frame))
                    else:
                        found.append(frame)
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def one(number: int, tenant: str = "acme", at_s: float = MIDNIGHT_S, body: bytes = CANARY) -> Recording:
    return recording(body, tenant=tenant)._replace(id=f"ex-{number}", started_s=at_s)


def test_what_was_kept_is_read_by_another_process(bench: Bench) -> None:
    kept = [one(number) for number in range(20)]
    assert bench.keep(*kept) == {}
    assert bench.read() == kept
    [day] = bench.days()
    assert (day.tenant, day.day, len(day.reels)) == ("acme", "2023-11-15", 1)


def test_each_process_begins_a_file_of_its_own_under_the_same_key(bench: Bench) -> None:
    for number in range(3):
        bench.keep(one(number))
    [day] = bench.days()
    assert len(day.reels) == 3
    assert len(bench.read()) == 3


def test_content_stands_nowhere_in_clear_and_files_are_private(bench: Bench) -> None:
    bench.keep(one(1), one(2, tenant="other"))
    files = [path for path in bench.root.parent.rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        assert CANARY not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_midnight_parts_two_days_and_a_clock_that_goes_back_writes_into_the_day_it_says(bench: Bench) -> None:
    bench.keep(one(1, at_s=MIDNIGHT_S - 0.5), one(2, at_s=MIDNIGHT_S), one(3, at_s=MIDNIGHT_S - DAY_S))
    assert [day.day for day in bench.days()] == ["2023-11-14", "2023-11-15"]
    assert len(bench.read()) == 3
    assert day_of(0.0) == "1970-01-01"


def test_a_destroyed_key_makes_a_day_unreadable_and_another_day_stays(bench: Bench) -> None:
    bench.keep(one(1, at_s=MIDNIGHT_S - 1), one(2))
    first = bench.days()[0].key
    assert first is not None
    assert first.sealed is not None
    sealed = first.sealed
    bench.keys.destroy([first])
    assert bench.read() == [Trouble.DESTROYED, one(2)]
    assert bench.keys.open(bench.keys.list()[0]) is None
    for path in bench.root.parent.glob("control.sqlite*"):
        assert sealed not in path.read_bytes(), "the sealed key is still on the disk"


def test_a_day_that_was_erased_goes_on_under_another_key(bench: Bench) -> None:
    recorder = bench.recorder()
    recorder.keep(one(1))
    asyncio.run(durably(recorder, one(2)))
    [day] = bench.days()
    assert day.key is not None
    bench.keys.destroy([day.key])
    wait_until(lambda: ("erased", "2023-11-15") in bench.reported)
    recorder.keep(one(3))
    recorder.close()
    assert [each for each in bench.read() if isinstance(each, Recording)] == [one(3)]


async def durably(recorder: Recorder, kept: Recording) -> None:
    await recorder.keep_durably(kept)


def wait_until(condition: Any) -> None:
    waiting = threading.Event()
    for _ in range(1000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not come to hold")


def test_a_file_of_another_tenant_is_foreign_also_under_its_new_label(bench: Bench) -> None:
    bench.keep(one(1), one(2, tenant="other"))
    [mine], [theirs] = (list((bench.root / tenant).iterdir()) for tenant in ("acme", "other"))
    copied = mine.with_name("2023-11-15." + "ab" * 16 + ".rec")
    copied.write_bytes(theirs.read_bytes())
    assert bench.read("acme") == [Trouble.FOREIGN, one(1)]
    [day] = (day for day in bench.days("acme") if day.key is not None)
    label = day.reels[0].label
    assert label is not None
    raw = theirs.read_bytes()
    relabelled = header(label._replace(file="ab" * 16))
    copied.write_bytes(relabelled + raw[len(relabelled) + 1 :])  # "other" is one letter longer than "acme"
    assert sorted(map(repr, bench.read("acme"))) == sorted(map(repr, [Trouble.DAMAGED, one(1)]))


def test_frames_that_are_swapped_cut_out_or_repeated_do_not_open(bench: Bench) -> None:
    kept = [one(number) for number in range(4)]
    bench.keep(*kept)
    [path] = (bench.root / "acme").iterdir()
    [day] = bench.days()
    found = [frame for frame in frames(day.reels[0]) if isinstance(frame, Frame)]
    raw = path.read_bytes()
    parts = [raw[frame.start : frame.end] for frame in found]
    head = raw[: found[0].start]
    path.write_bytes(head + parts[1] + parts[0] + parts[2] + parts[3])
    assert [each for each in bench.read() if isinstance(each, Recording)] in ([], kept[2:])
    path.write_bytes(head + parts[0] + parts[2] + parts[3])
    assert bench.read() == [Trouble.CUT, kept[0], Trouble.DAMAGED, Trouble.DAMAGED]
    path.write_bytes(head + parts[0] + parts[0] + b"".join(parts[1:]))
    assert bench.read() == [kept[0], *[Trouble.DAMAGED] * 4]


def test_a_file_that_is_shorter_or_gone_is_noticed(bench: Bench) -> None:
    bench.keep(one(1), one(2))
    [path] = (bench.root / "acme").iterdir()
    [day] = bench.days()
    first, _ = (frame for frame in frames(day.reels[0]) if isinstance(frame, Frame))
    path.write_bytes(path.read_bytes()[: first.end])
    assert bench.read() == [Trouble.CUT, one(1)]
    path.unlink()
    assert bench.read() == [Trouble.GONE]


def test_a_torn_end_costs_its_recording_alone(bench: Bench) -> None:
    bench.keep(one(1))
    [path] = (bench.root / "acme").iterdir()
    path.write_bytes(path.read_bytes() + b"SEAL\x40\0\0\0torn")
    bench.keep(one(2))
    assert sorted(map(repr, bench.read())) == sorted(map(repr, [one(1), one(2), Trouble.TORN]))


@pytest.mark.parametrize("how", ["fail", "short", "persist", "nothing"])
def test_a_full_disk_is_counted_and_reported_and_recording_goes_on_when_there_is_room(bench: Bench, how: str) -> None:
    disk = Disk("write", how, {1})
    recorder = bench.recorder(opener=disk)
    asyncio.run(durably(recorder, one(1)))
    disk.armed = True
    with pytest.raises(StorageError, match="could not be recorded"):
        asyncio.run(durably(recorder, one(2)))
    asyncio.run(durably(recorder, one(3)))
    recorder.close()
    assert [each.id for each in bench.read() if isinstance(each, Recording)] in (["ex-1", "ex-3"], ["ex-3", "ex-1"])
    assert bench.reported[0][0] == "storage"


@pytest.mark.parametrize("kind", ["write", "sync"])
@pytest.mark.parametrize("at", range(1, 5))
def test_nobody_is_told_that_it_is_durable_who_waits_beside_one_that_failed(bench: Bench, kind: str, at: int) -> None:
    disk = Disk(kind, "fail", {at})
    recorder = bench.recorder(opener=disk)

    async def together() -> list[object]:
        await recorder.keep_durably(one(0))
        disk.armed = True
        waiting = [recorder.keep_durably(one(number)) for number in range(1, 6)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    told = asyncio.run(together())
    recorder.close()
    found = {each.id for each in bench.read() if isinstance(each, Recording)}
    kept = {f"ex-{number}" for number, answer in enumerate(told, 1) if answer is None}
    assert kept <= found
    assert any(isinstance(answer, StorageError) for answer in told) is (disk.counts.get(kind, 0) >= at)


def test_what_is_not_durable_is_missed_and_counted(bench: Bench) -> None:
    disk = Disk("write", "fail", set(range(1, 100)))
    disk.armed = True
    missed = bench.keep(one(1), one(2), one(3, tenant="other"), opener=disk)
    assert missed == {"acme": {"storage": 2}, "other": {"storage": 1}}
    assert bench.read() == []


def test_a_full_queue_is_counted_and_nobody_waits(bench: Bench) -> None:
    held, free = threading.Event(), threading.Event()

    def slow(path: Path, create: bool) -> Any:
        held.set()
        free.wait(10)
        return Disk("", "", set())(path, create)

    recorder = bench.recorder(opener=slow, pending_bytes_max=10_000)
    for number in range(6):
        recorder.keep(one(number))
        assert held.wait(10)

    async def refused() -> None:
        with pytest.raises(StorageError):
            await recorder.keep_durably(one(9))

    asyncio.run(refused())
    free.set()
    recorder.close()
    missed = recorder.missed()["acme"]["queue_full"]
    assert missed > 0
    assert len(bench.read()) == 6 - missed
    assert recorder.missed() == {}
    recorder.keep(one(10))
    assert recorder.missed() == {"acme": {"queue_full": 1}}, "after the end nothing is kept, and that is counted"


def test_a_day_that_is_full_is_counted_and_the_next_day_is_not(bench: Bench) -> None:
    large = one(1, body=os.urandom(60_000))
    kept = [large, large, one(3), replace_day(large)]
    missed = bench.keep(*kept, day_bytes_max=100_000)
    assert missed == {"acme": {"day_full": 1}}
    assert bench.read() == [large, one(3), replace_day(large)]
    assert bench.keep(large, day_bytes_max=100_000) == {"acme": {"day_full": 1}}, "over all files of the day"
    assert bench.reported == []


def replace_day(kept: Recording) -> Recording:
    return kept._replace(started_s=kept.started_s + DAY_S)


def test_a_corrupt_key_is_an_error_and_never_another_key(bench: Bench) -> None:
    bench.keep(one(1))
    [day] = bench.days()
    assert day.key is not None
    assert day.key.sealed is not None
    moved = day.key._replace(tenant="other")
    with pytest.raises(StorageError, match="corrupt"):
        bench.keys.open(moved)


KILLED = """
import sys, asyncio
from pathlib import Path
from tests.stores.test_recordings import Bench, one
bench = Bench(Path(sys.argv[1]))
recorder = bench.recorder()
async def go():
    for number in range(100000):
        await recorder.keep_durably(one(number))
        print(number, flush=True)
asyncio.run(go())
"""


def test_a_gate_that_is_killed_loses_nothing_that_was_durable(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        told = [int(next(process.stdout)) for _ in range(30)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout if line.endswith("\n")]
    bench = Bench(tmp_path)
    found = [each for each in bench.read() if isinstance(each, Recording)]
    assert [each.id for each in found][: len(told)] == [f"ex-{number}" for number in told]
    bench.keep(one(-1))
    assert bench.read().count(one(-1)) == 1
    bench.store.close()
