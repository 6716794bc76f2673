"""The end of recordings: days past their retention, and days that somebody erases.

Owns the order: first the key is destroyed, durably, then the files go. So whatever fails in between, what was to be
erased cannot be read. Days count in UTC by the name of the day, so midnight is no edge: a day is kept for as many whole
days as configuration says, after its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from stockade.core.errors import StorageError
from stockade.stores.recording_keys import DayKey, RecordingKeyStore
from stockade.stores.recording_reader import Day, days


class Erased(NamedTuple):
    """One day that cannot be read any more, and how many files went."""

    tenant: str
    day: str
    files: int


def expired(today: str, retention_days: int) -> str:
    """Return the first day that is kept: all before it are past their retention."""
    return (date.fromisoformat(today) - timedelta(days=retention_days)).isoformat()


def purge(root: Path, keys: RecordingKeyStore, first_kept: str) -> tuple[Erased, ...]:
    """Erase all days before `first_kept`, and files of which the key is destroyed already. Fails: StorageError."""
    erased = _erase(keys, [day for day in days(root, keys) if day.day < first_kept or _is_left_over(day)])
    keys.scrub()
    return erased


def erase(root: Path, keys: RecordingKeyStore, tenant: str, day: str | None = None) -> tuple[Erased, ...]:
    """Erase one day of a tenant, all of them without `day`. Fails: StorageError; may be done again."""
    return _erase(keys, [each for each in days(root, keys, tenant) if day in (None, each.day)])


def _is_left_over(day: Day) -> bool:
    return day.key is not None and day.key.sealed is None and bool(day.reels)


def _erase(keys: RecordingKeyStore, wanted: Sequence[Day]) -> tuple[Erased, ...]:
    living: list[DayKey] = [day.key for day in wanted if day.key is not None and day.key.sealed is not None]
    keys.destroy(living)
    erased = []
    for day in wanted:
        for reel in day.reels:
            _remove(reel.path)
        if day.reels or (day.key is not None and day.key.sealed is not None):
            erased.append(Erased(day.tenant, day.day, len(day.reels)))
    return tuple(erased)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path.name} of erased recordings cannot be removed: {(error.strerror or 'unknown').lower()}.",
            hint="Its key is destroyed, so nobody can read it; remove the file by hand.",
        ) from error
