"""Expired days end in a running gate; a clock that jumps erases nothing at once; what happened is told."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from stockade.gateway.events import EventLog
from stockade.gateway.retention import FAILURES_TOLD_S, Retention
from stockade.guard.ledger.record import EventName
from stockade.stores.recording_retention import erase
from stockade.testing.clock import ManualClock
from tests.stores.test_recordings import DAY_S, MIDNIGHT_S, Bench, one


class Clock(ManualClock):
    """A clock whose wall can be set apart from the time that passes."""

    wall_s = MIDNIGHT_S

    def now_s(self) -> float:
        return self.wall_s + self.monotonic_s()

    def exchange_id(self) -> str:
        return "ex-1"


class Room:
    """Retention over a bench, with what it logged and noted."""

    def __init__(self, bench: Bench, retention_days: int) -> None:
        self.bench, self.clock, self.stream = bench, Clock(), io.StringIO()
        self.noted: list[tuple[Any, ...]] = []
        events = EventLog(self.stream)
        self.retention = Retention(bench.root, bench.keys, retention_days, self.clock, events, self.note)

    async def note(self, name: EventName, subject: str, counts: tuple[tuple[str, int], ...]) -> None:
        self.noted.append((name, subject, counts))

    async def look(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            await self.retention.look(pool)

    @property
    def log(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    bench = Bench(tmp_path)
    yield Room(bench, 1)
    bench.store.close()


async def test_a_day_ends_when_its_days_are_over_and_not_at_midnight(room: Room) -> None:
    yesterday, today = one(1, at_s=MIDNIGHT_S - 1), one(2)
    room.bench.keep(yesterday, today)
    await room.look()
    assert room.bench.read() == [yesterday, today]
    room.clock.advance(DAY_S - 1)
    await room.look()
    assert room.bench.read() == [yesterday, today]
    room.clock.advance(1)
    await room.look()
    assert room.bench.read() == [today]
    assert room.noted == [(EventName.RECORDINGS_ERASED, "acme 2023-11-14", ())]
    assert room.log == [{"event": "recordings_erased", "tenant": "acme", "day": "2023-11-14"}]


async def test_a_clock_that_jumps_ahead_erases_nothing_before_the_next_look(room: Room) -> None:
    room.bench.keep(one(1))
    await room.look()
    room.clock.wall_s += 100 * DAY_S
    await room.look()
    assert room.bench.read() == [one(1)]
    assert [line["event"] for line in room.log] == ["recordings_purge_waits"]
    room.clock.wall_s -= 100 * DAY_S  # somebody mended it
    await room.look()
    await room.look()
    assert room.bench.read() == [one(1)]
    room.clock.wall_s += 100 * DAY_S
    await room.look()
    await room.look()
    assert room.bench.read() == []


async def test_what_somebody_else_erased_is_told_once(room: Room) -> None:
    room.bench.keep(one(1))
    await room.look()
    erase(room.bench.root, room.bench.keys, "acme")
    await room.look()
    await room.look()
    assert [subject for _, subject, _ in room.noted] == ["acme 2023-11-15"]


async def test_a_store_that_does_not_answer_is_told_and_nothing_is_lost(room: Room) -> None:
    room.bench.keep(one(1))
    with room.bench.store.database.writing("test") as connection:
        connection.exec_driver_sql("ALTER TABLE recording_keys RENAME TO away")
    await room.look()
    assert [line["event"] for line in room.log] == ["recordings_purge_failed"]
    assert len(list(room.bench.root.rglob("*.rec"))) == 1


async def test_misses_are_counted_in_log_and_ledger(room: Room) -> None:
    class Recorder:
        def missed(self) -> dict[str, dict[str, int]]:
            return {"acme": {"storage": 2, "queue_full": 1}}

    await room.retention.tell(Recorder())
    assert room.noted == [(EventName.RECORDINGS_MISSED, "acme", (("queue_full", 1), ("storage", 2)))]
    assert room.log == [{"event": "recordings_missed", "tenant": "acme", "storage": 2, "queue_full": 1}]


def test_a_recorder_that_fails_says_so_at_once_and_then_once_a_minute(room: Room) -> None:
    for _ in range(100):
        room.retention.failed("storage", "No space left on device")
    room.clock.advance(FAILURES_TOLD_S)
    room.retention.failed("storage", "No space left on device")
    assert room.log == [{"event": "recording_failed", "what": "storage", "error": "No space left on device"}] * 2
