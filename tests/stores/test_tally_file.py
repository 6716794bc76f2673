"""The counts of one process over a restart: whole or not at all, and never silently lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockade.core.errors import ConfigError, StorageError
from stockade.core.measures import Measure
from stockade.guard.quota.counters import Counter, Kind, Settlement, Take
from stockade.guard.quota.limit import Period
from stockade.guard.quota.tally import Kept, Moment, Tally
from stockade.stores.tally_file import read_tally, write_tally

WINDOW = Counter("w", "window", Measure.TOKENS, Kind.WINDOW, 100, window_us=600_000_000)
DAY = Counter("d", "day", Measure.TOKENS, Kind.PERIOD, 100, period=Period.DAY)
NOON_S = 20_000 * 86_400 + 43_200.0


def test_what_was_used_is_there_after_a_restart_and_what_was_held_is_not(tmp_path: Path) -> None:
    tally, path = Tally(), tmp_path / "counts.json"
    used = tally.reserve("used", [Take(WINDOW, 30), Take(DAY, 40)], Moment(5.0, NOON_S))
    tally.settle([Settlement(used, (30, 40))], Moment(6.0, NOON_S + 1))
    tally.reserve("open", [Take(WINDOW, 10), Take(DAY, 10)], Moment(6.0, NOON_S + 1))
    write_tally(path, tally.kept())
    assert path.stat().st_mode & 0o777 == 0o600

    later = Tally()
    later.restore(read_tally(path), Moment(0.5, NOON_S + 60))
    assert (later.used(WINDOW, Moment(0.5, NOON_S + 60)), later.used(DAY, Moment(0.5, NOON_S + 60))) == (30, 40)
    assert later.used(WINDOW, Moment(700.0, NOON_S + 760)) == 0
    # The clock of the machine was put back before the restart: what was used in its future counts as used now.
    behind = Tally()
    behind.restore(read_tally(path), Moment(0.0, NOON_S - 3600))
    assert behind.used(WINDOW, Moment(0.0, NOON_S - 3600)) == 30


def test_no_file_is_a_beginning_and_a_damaged_one_an_error(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    assert read_tally(path) == {}
    for damage in ("", "{", "[]", '{"version": 2, "counts": {}}', '{"version": 1, "counts": {"a": 1}}'):
        path.write_text(damage)
        with pytest.raises(ConfigError, match="is damaged"):
            read_tally(path)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    write_tally(path, {"a": Kept(1, {0: 7})})
    (tmp_path / "counts.new").mkdir()
    with pytest.raises(StorageError):
        write_tally(path, {"a": Kept(1, {0: 8})})
    assert read_tally(path) == {"a": Kept(1, {0: 7})}
