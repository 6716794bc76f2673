"""Runs: the same results from any number of processes, however often a run was stopped; nothing of content is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from stockade.core.errors import GuardFailedError, StorageError
from stockade.govern.backtest.report import report
from stockade.govern.backtest.results import Result
from stockade.govern.backtest.runs import Equipment, Reel, play, play_all
from stockade.stores.control import ControlStore
from stockade.stores.recording_frames import Frame
from stockade.stores.recording_reader import days, frames
from stockade.stores.recordings import Recorder
from stockade.stores.sealing import Seal
from tests.govern.backtest.recorded import KEYS, inspect, record
from tests.guard.pipeline.test_recordings import ANSWER, ASKED, BODY, NO_CREDENTIALS
from tests.properties.gates import SECRET, gate, inspector

COUNT = 30


class Room:
    """Recordings of thirty exchanges on disk, and what to play them with."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "recordings"
        self.store = ControlStore.open(f"sqlite:///{folder}/control.sqlite", bytes(32))
        recorder = Recorder(self.root, self.store.recording_keys, day_bytes_max=1 << 30)
        for number in range(COUNT):
            text = (SECRET if number % 3 == 0 else f"plain {number}").encode()
            recorder.keep(record(ASKED._replace(body=BODY % text), ANSWER, number=number))
        recorder.close()
        [day] = days(self.root, self.store.recording_keys)
        self.key = day.key
        self.reels = [
            Reel(reel.path, reel.label, frame)
            for reel in day.reels
            for frame in frames(reel)
            if reel.label is not None and isinstance(frame, Frame)
        ]
        self.kept = folder / "backtests" / "results.jsonl"

    def seal(self, key_id: str) -> Seal | None:
        return next(
            (self.store.recording_keys.open(k) for k in self.store.recording_keys.list() if k.id == key_id), None
        )

    def equipment(self, policy: str = NO_CREDENTIALS) -> Equipment:
        versions = dict(inspector().versions)
        return Equipment(gate(policy), lambda _policy: gate(), inspect, versions, lambda _tenant: KEYS, self.seal)

    def run(self, policy: str = NO_CREDENTIALS) -> list[tuple[str, Result]]:
        return list(play_all(never, self.equipment(policy), self.reels, self.kept, 1))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(tmp_path_factory.mktemp("room"))


@pytest.fixture(autouse=True)
def begin_anew(room: Room) -> None:
    room.kept.unlink(missing_ok=True)


def never() -> Equipment:
    raise AssertionError("one process needs no other's equipment")


def told(results: list[tuple[str, Result]]) -> object:
    """What a report says, its costs aside: they are measured."""
    nothing = (0, 0)
    found = report([result for _, result in results])
    return found._replace(cost=nothing, cost_then=nothing, inspection=nothing)  # type: ignore[arg-type]


def test_a_run_that_was_stopped_goes_on_where_it_was(room: Room) -> None:
    whole = room.run()
    assert len(whole) == COUNT
    lines = room.kept.read_bytes().splitlines(keepends=True)
    for cut in range(0, COUNT, 7):
        # Stopped, or killed in the middle of a line.
        room.kept.write_bytes(b"".join(lines[:cut]) + lines[cut][: len(lines[cut]) // 2])
        played: list[str] = []
        equipment = replace(room.equipment(), inspect=counted(played))
        again = list(play_all(never, equipment, room.reels, room.kept, 1))
        assert told(again) == told(whole)
        assert len(played) >= COUNT - cut
    played = []
    assert told(list(play_all(never, replace(room.equipment(), inspect=counted(played)), room.reels, room.kept, 1)))
    assert played == [], "what is known is not played again"


def counted(played: list[str]) -> Callable[..., object]:
    def look(*asked: object) -> object:
        played.append("x")
        return inspect(*asked)  # type: ignore[arg-type]

    return look


def test_results_of_another_policy_are_another_file(room: Room) -> None:
    assert room.equipment().name == room.equipment().name
    assert room.equipment().name != room.equipment(NO_CREDENTIALS.replace("deny", "redact")).name
    assert room.equipment().name != replace(room.equipment(), versions={}).name


def test_nothing_of_content_is_kept(room: Room) -> None:
    room.run()
    raw = room.kept.read_bytes()
    assert SECRET.encode() not in raw
    assert b"plain" not in raw


def test_a_recording_that_cannot_be_read_is_counted_and_asked_again_the_next_time(room: Room) -> None:
    reel = room.reels[0]
    elsewhere = reel._replace(frame=Frame(reel.frame.start + 1, reel.frame.end))
    gone = reel._replace(path=reel.path.with_name("gone.rec"))
    closed = reel._replace(label=reel.label._replace(key="00" * 8))
    foreign = reel._replace(label=reel.label._replace(tenant="other"))
    reasons = [play(room.equipment(), each).trouble for each in (elsewhere, gone, closed, foreign)]
    assert reasons == ["damaged", "gone", "destroyed", "damaged"]
    list(play_all(never, room.equipment(), [gone], room.kept, 1))
    assert room.kept.read_bytes() == b""


def test_a_place_that_cannot_be_written_is_told(room: Room, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be kept"):
        list(play_all(never, room.equipment(), room.reels, tmp_path / "file" / "results.jsonl", 1))


@cache
def apart() -> Equipment:
    """The equipment of another process: without a store, so every key is gone."""
    return Equipment(gate(), lambda _policy: None, inspect, {}, lambda _tenant: KEYS, lambda _key: None)


def dying() -> Equipment:
    raise RuntimeError("no memory")


def test_other_processes_are_asked_and_one_that_dies_is_told(room: Room) -> None:
    results = list(play_all(apart, room.equipment(), room.reels, room.kept, 2))
    assert len({name for name, _ in results}) == COUNT
    assert {result.trouble for _, result in results} == {"destroyed"}
    with pytest.raises(GuardFailedError, match="ended before"):
        list(play_all(dying, room.equipment(), room.reels, room.kept, 2))
