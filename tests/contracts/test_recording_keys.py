"""The contract of the keys of recordings, the same for SQLite and for PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from stockade.core.errors import StorageError
from stockade.stores.control import ControlStore
from tests.contracts.test_stores import Bench, bench, break_commit, store

__all__ = ["bench", "store"]


def test_a_day_has_one_key_whoever_asks_first(bench: Bench) -> None:
    stores = [bench.open() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(lambda each: each.recording_keys.current("acme", "2026-11-22"), stores * 2))
    assert len(keys) == 1
    others = {("acme", "2026-11-23"), ("other", "2026-11-22")}
    ids = {stores[0].recording_keys.current(*place).id for place in others} | {keys.pop().id}
    assert len(ids) == 3
    assert len(bench.open().recording_keys.list()) == 3
    assert [key.tenant for key in bench.open().recording_keys.list("other")] == ["other"]


def test_what_was_sealed_before_a_restart_opens_after_it(bench: Bench) -> None:
    keys = bench.open().recording_keys
    seal = keys.open(keys.current("acme", "2026-11-22"))
    assert seal is not None
    closed = seal.close(b"text", b"place")
    again = bench.open().recording_keys
    opened = again.open(again.list()[0])
    assert opened is not None
    assert opened.open(closed, b"place") == b"text"


def test_a_destroyed_key_is_gone_for_every_store_and_its_day_gets_another(bench: Bench) -> None:
    keys, other = bench.open().recording_keys, bench.open().recording_keys
    first = keys.current("acme", "2026-11-22")
    keys.note_file("f" * 32, first.id, 10)
    assert other.alive(first.id)
    bench.clock.now_s += 5
    keys.destroy([first])
    keys.destroy([first])
    assert not other.alive(first.id)
    [listed] = other.list()
    assert (listed.sealed, listed.destroyed_at_s) == (None, 1_000_005)
    assert other.open(listed) is None
    assert other.files([first.id]) == {}
    assert other.current("acme", "2026-11-22").id != first.id


def test_the_length_of_a_file_is_noted(store: ControlStore) -> None:
    keys = store.recording_keys
    for size in 10, 20:
        keys.note_file("a" * 32, "k1", size)
    keys.note_file("b" * 32, "k1", 5)
    assert keys.files(["k1", "k2"]) == {"k1": {"a" * 32: 20, "b" * 32: 5}}


@pytest.mark.parametrize("persists", [False, True], ids=["failed", "failed but persisted"])
@pytest.mark.parametrize("write", ["current", "destroy", "note_file"])
def test_a_failed_write_is_told_and_may_be_made_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, write: str, *, persists: bool
) -> None:
    opened = bench.open()
    keys = opened.recording_keys
    key = keys.current("acme", "2026-11-21")
    writes = {
        "current": lambda: keys.current("acme", "2026-11-22"),
        "destroy": lambda: keys.destroy([key]),
        "note_file": lambda: keys.note_file("a" * 32, key.id, 7),
    }
    break_commit(opened, monkeypatch, persists=persists)
    with pytest.raises(StorageError, match="does not answer"):
        writes[write]()
    writes[write]()
    later = bench.open().recording_keys
    assert len(later.list()) == (2 if write == "current" else 1)
    assert later.alive(key.id) is (write != "destroy")
    assert later.files([key.id]) == ({key.id: {"a" * 32: 7}} if write == "note_file" else {})
