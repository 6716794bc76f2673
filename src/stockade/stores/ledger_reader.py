"""The reading side of the ledger: go through records, find an exchange, follow the end, verify.

Owns the order of files and the report of damage. It never writes and takes no lock, so it may read beside the gate; a
record at the very end that is not whole yet is not damage.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from stockade.guard.ledger.encoding import decode
from stockade.stores.ledger_files import log_paths
from stockade.stores.ledger_frames import HEADER_BYTES, frames, has_header, next_frame


class Entry(NamedTuple):
    """One record with the place where it stands."""

    path: Path
    position: int
    fields: dict[str, Any]


class Damage(NamedTuple):
    """A stretch of a file that holds no whole frame. `torn` when nothing follows it in the file: a cut-off write."""

    path: Path
    position: int
    size: int
    torn: bool


class Report(NamedTuple):
    """What `verify` found."""

    files: int
    records: int
    damage: tuple[Damage, ...]


def logs(root: Path) -> list[Path]:
    """Return the directories of all logs under `root`: itself or one for each process."""
    if not root.is_dir():
        return []
    return [path for path in (root, *sorted(root.iterdir())) if path.is_dir() and log_paths(path)]


def entries(root: Path) -> Iterator[Entry]:
    """Yield all records, log by log, oldest first; damaged stretches are stepped over (see `verify`)."""
    for directory in logs(root):
        for path in log_paths(directory):
            yield from _entries_of(path, path.read_bytes(), HEADER_BYTES)


def last(root: Path, count: int) -> list[Entry]:
    """Return the last `count` records in the order of their times; only the newest files are read."""
    kept: list[Entry] = []
    for directory in logs(root):
        tail: deque[Entry] = deque()
        for path in reversed(log_paths(directory)):
            tail.extendleft(reversed(list(_entries_of(path, path.read_bytes(), HEADER_BYTES))))
            if len(tail) >= count:
                break
        kept.extend(tail)
    return sorted(kept, key=lambda entry: str(entry.fields.get("at", "")))[-count:] if count else []


def find(root: Path, wanted: str) -> list[Entry]:
    """Return the records whose exchange id or refusal id is `wanted`, oldest first."""
    needle = wanted.encode()
    found: list[Entry] = []
    for directory in logs(root):
        for path in log_paths(directory):
            raw = path.read_bytes()
            if needle in raw:
                found.extend(
                    entry for entry in _entries_of(path, raw, HEADER_BYTES, needle) if _names(entry.fields, wanted)
                )
    return found


def follow(root: Path, wait: Callable[[], bool]) -> Iterator[Entry]:
    """Yield records that come in from now on; `wait` passes the time between looks and says whether to go on."""
    positions = {path: path.stat().st_size for directory in logs(root) for path in log_paths(directory)}
    while wait():
        for directory in logs(root):
            for path in log_paths(directory):
                # The file is shorter than before when a refused batch was cut off.
                start = min(positions.get(path, HEADER_BYTES), path.stat().st_size)
                with path.open("rb") as file:
                    file.seek(start)
                    raw = file.read()
                read = 0
                for frame in frames(raw, 0):
                    read = frame.end
                    yield Entry(path, start + frame.start, _fields(frame.payload))
                positions[path] = start + read


def verify(root: Path) -> Report:
    """Read everything and report each stretch that is not whole."""
    files = records = 0
    damage: list[Damage] = []
    for directory in logs(root):
        for path in log_paths(directory):
            raw = path.read_bytes()
            files += 1
            position = HEADER_BYTES if has_header(raw) else 0
            while position < len(raw):
                for frame in frames(raw, position):
                    records += 1
                    position = frame.end
                if position < len(raw):
                    found = next_frame(raw, position)
                    end = len(raw) if found is None else found.start
                    damage.append(Damage(path, position, end - position, torn=found is None))
                    position = end
    return Report(files, records, tuple(damage))


def _entries_of(path: Path, raw: bytes, start: int, needle: bytes = b"") -> Iterator[Entry]:
    while start < len(raw):
        for frame in frames(raw, start):
            start = frame.end
            if needle in frame.payload:
                yield Entry(path, frame.start, _fields(frame.payload))
        found = next_frame(raw, start)
        if found is None:
            return
        start = found.start


def _fields(payload: bytes) -> dict[str, Any]:
    """Read a record; one of a later version is named as such and does not stop the reading."""
    try:
        return decode(payload)
    except ValueError:
        return {"kind": "unreadable", "bytes": len(payload)}


def _names(fields: dict[str, Any], wanted: str) -> bool:
    return wanted in {fields.get("id"), fields.get("refusal")}
