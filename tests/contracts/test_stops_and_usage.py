"""Stops and usage at rest, the same for SQLite and for PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from stockade.core.errors import ConfigError, StorageError
from stockade.guard.quota.stops import StopKind
from stockade.guard.quota.usage import UsageKey, UsageSums
from tests.contracts.test_stores import Bench, bench, break_commit

__all__ = ["bench"]

ANA = UsageKey("2026-11-22", "acme", "k1", "blue,red", "claude-a", "shop")
BEN = ANA._replace(principal="k2", teams="")
ONE = UsageSums(1, 10, 20, 300, 0, 2, 77, 0)


def test_a_stop_is_seen_by_every_gate_and_counted_as_a_change(bench: Bench) -> None:
    first, second = bench.open(), bench.open()
    before = second.keys.generation()
    set_ = first.stops.set(StopKind.TEAM, "blue", reason="It loops", by="ops")
    assert second.stops.list().all == (set_,)
    assert second.keys.generation() > before
    assert first.stops.set(StopKind.TEAM, "blue", reason="again") == set_
    before = second.keys.generation()
    assert first.stops.lift(StopKind.TEAM, "blue")
    assert not first.stops.lift(StopKind.TEAM, "blue")
    assert not second.stops.list()
    assert second.keys.generation() == before + 1


@pytest.mark.parametrize(("kind", "name"), [(StopKind.ALL, "x"), (StopKind.TEAM, ""), (StopKind.KEY, "a\nb")])
def test_what_can_be_no_stop_is_refused(bench: Bench, kind: StopKind, name: str) -> None:
    with pytest.raises(ConfigError, match="Nothing was stopped"):
        bench.open().stops.set(kind, name)


@pytest.mark.parametrize("persists", [False, True])
def test_a_stop_whose_answer_was_lost_can_be_set_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, persists: bool
) -> None:
    store = bench.open()
    break_commit(store, monkeypatch, persists=persists)
    with pytest.raises(StorageError):
        store.stops.set(StopKind.ALL, "")
    store.stops.set(StopKind.ALL, "")
    assert [stop.target for stop in store.stops.list().all] == ["all"]


def test_batches_add_up_by_day_caller_model_and_workspace(bench: Bench) -> None:
    store = bench.open()
    store.usage.add("gate-1", 1, {ANA: ONE, BEN: ONE})
    store.usage.add("gate-1", 2, {ANA: ONE})
    bench.open().usage.add("gate-2", 1, {ANA: ONE})
    found = store.usage.since("2026-11-01")
    assert found == {ANA: ONE.plus(ONE).plus(ONE), BEN: ONE}
    assert store.usage.since("2026-11-01", principal="k2") == {BEN: ONE}
    assert store.usage.since("2026-11-23") == {}


@pytest.mark.parametrize("persists", [False, True])
def test_a_batch_whose_answer_was_lost_counts_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, persists: bool
) -> None:
    store = bench.open()
    store.usage.add("gate", 1, {ANA: ONE})
    break_commit(store, monkeypatch, persists=persists)
    with pytest.raises(StorageError):
        store.usage.add("gate", 2, {ANA: ONE})
    for _ in range(2):
        store.usage.add("gate", 2, {ANA: ONE})
    assert store.usage.since("2026-11-01") == {ANA: ONE.plus(ONE)}


def test_gates_that_write_at_once_lose_nothing(bench: Bench) -> None:
    stores = [bench.open() for _ in range(4)]

    def write(number: int) -> None:
        for batch in range(1, 6):
            stores[number].usage.add(f"gate-{number}", batch, {ANA: ONE})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert stores[0].usage.since("2026-11-01")[ANA].requests == 20
