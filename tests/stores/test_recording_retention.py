from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.core.errors import StorageError
from stockade.stores.recording_reader import Trouble
from stockade.stores.recording_retention import Erased, erase, expired, purge
from tests.stores.test_recordings import DAY_S, MIDNIGHT_S, Bench, one


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("today", "days", "first"),
    [("2026-11-22", 0, "2026-11-22"), ("2026-11-22", 30, "2026-10-23"), ("2024-03-01", 1, "2024-02-29")],
)
def test_a_day_is_kept_for_whole_days_after_its_own(today: str, days: int, first: str) -> None:
    assert expired(today, days) == first


def test_days_past_their_retention_are_erased_with_their_files(bench: Bench) -> None:
    bench.keep(one(1, at_s=MIDNIGHT_S - 2 * DAY_S), one(2, at_s=MIDNIGHT_S - 1), one(3))
    erased = purge(bench.root, bench.keys, "2023-11-14")
    assert erased == (Erased("acme", "2023-11-13", 1),)
    assert bench.read() == [one(2, at_s=MIDNIGHT_S - 1), one(3)]
    assert purge(bench.root, bench.keys, "2023-11-14") == ()
    assert len(list(bench.root.rglob("*.rec"))) == 2


def test_what_was_left_between_key_and_files_is_taken_up(bench: Bench) -> None:
    bench.keep(one(1))
    bench.keys.destroy(bench.keys.list())
    assert bench.read() == [Trouble.DESTROYED]
    assert purge(bench.root, bench.keys, "2000-01-01") == (Erased("acme", "2023-11-15", 1),)
    assert bench.read() == []


def test_a_file_that_cannot_be_removed_is_an_error_and_its_key_is_destroyed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.keep(one(1))

    def refuse(_path: Path, *, missing_ok: bool) -> None:
        raise PermissionError(1, "Operation not permitted", missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StorageError, match="cannot be removed"):
        erase(bench.root, bench.keys, "acme")
    assert bench.read() == [Trouble.DESTROYED]


def test_erasing_names_one_tenant_and_one_day(bench: Bench) -> None:
    bench.keep(one(1), one(2, at_s=MIDNIGHT_S + DAY_S), one(3, tenant="other"))
    assert erase(bench.root, bench.keys, "acme", "2023-11-15") == (Erased("acme", "2023-11-15", 1),)
    assert len(bench.read()) == 2
    assert erase(bench.root, bench.keys, "acme", "2023-11-15") == ()
    assert erase(bench.root, bench.keys, "nobody") == ()
    assert [each.day for each in erase(bench.root, bench.keys, "acme")] == ["2023-11-16"]
    assert bench.read() == [one(3, tenant="other")]
