"""The reading side of recordings: which days there are, what stands in their files, one recording opened.

Owns the account of what cannot be read: a key that was destroyed, a file that is foreign, shorter than it was or gone,
a frame that is damaged or stands in another place than it was sealed for. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from stockade.guard.recording.encoding import decode
from stockade.guard.recording.recording import Recording
from stockade.stores.recording_file import SUFFIX
from stockade.stores.recording_frames import Frame, Label, place, read_header, sealed_at, walk
from stockade.stores.recording_keys import DayKey, RecordingKeyStore
from stockade.stores.sealing import Seal, SealError


class Trouble(StrEnum):
    """Why something that was recorded, or says so, cannot be read."""

    CUT = "cut"  # the file is shorter than it was
    DAMAGED = "damaged"  # bytes that are no frame, or not those that were sealed for this place
    DESTROYED = "destroyed"  # the day's key was destroyed: erased, or past retention
    FOREIGN = "foreign"  # the file belongs to another tenant or day, or is none of ours
    GONE = "gone"  # the file is not there any more
    TORN = "torn"  # the last write was cut off: the gate was killed


class Reel(NamedTuple):
    """One file of recordings and what is wrong with it as a whole. `label` is None where it has none of ours."""

    path: Path
    label: Label | None
    size: int
    trouble: Trouble | None = None


class Day(NamedTuple):
    """A tenant's recordings of one day under one key; without a key where the control store knows none."""

    tenant: str
    day: str
    key: DayKey | None
    reels: tuple[Reel, ...]


def days(root: Path, keys: RecordingKeyStore, tenant: str | None = None) -> tuple[Day, ...]:
    """Return all days of which there is a key or a file, in order of tenant and day. Fails: StorageError."""
    known = {key.id: key for key in keys.list(tenant)}
    noted = keys.files(known)
    reels: dict[tuple[str, str, str], list[Reel]] = {(key.tenant, key.day, key.id): [] for key in known.values()}
    for path in _paths(root, tenant):
        label, size = _head(path)
        place_of = (path.parent.name, path.name.split(".", 1)[0])
        key = known.get(label.key) if label is not None else None
        if label is None or key is None or (key.tenant, key.day) != place_of or (label.tenant, label.day) != place_of:
            reels.setdefault((*place_of, ""), []).append(Reel(path, None, size, Trouble.FOREIGN))
            continue
        trouble = Trouble.CUT if size < noted.get(key.id, {}).pop(label.file, 0) else None
        if key.sealed is None:
            trouble = Trouble.DESTROYED
        reels[*place_of, key.id].append(Reel(path, label, size, trouble))
    for key_id, missing in noted.items():
        key = known[key_id]
        gone = [
            Reel(root / key.tenant / f"{key.day}.{file}{SUFFIX}", None, 0, Trouble.GONE) for file in sorted(missing)
        ]
        reels[key.tenant, key.day, key_id].extend(gone)
    return tuple(Day(name, day, known.get(key), tuple(found)) for (name, day, key), found in sorted(reels.items()))


def frames(reel: Reel) -> Iterator[Frame | Trouble]:
    """Yield where the recordings of a file stand, in order, and what is none."""
    if reel.label is None or reel.trouble is Trouble.DESTROYED:
        return
    with reel.path.open("rb") as file:
        found = read_header(file)
        assert found is not None
        for each in walk(file, found[1], reel.size):
            if isinstance(each, Frame):
                yield each
            else:
                yield Trouble.TORN if each.torn else Trouble.DAMAGED


def read(path: Path, label: Label, seal: Seal, frame: Frame) -> Recording | Trouble:
    """Return one recording, or why there is none. Fails: OSError when the file cannot be read."""
    with path.open("rb") as file:
        sealed = sealed_at(file, frame)
    if sealed is None:
        return Trouble.DAMAGED
    try:
        return decode(seal.open(sealed, place(label, frame.start)))
    except (SealError, ValueError):
        return Trouble.DAMAGED


def _paths(root: Path, tenant: str | None) -> list[Path]:
    return sorted(root.glob(f"{tenant or '*'}/*{SUFFIX}"))


def _head(path: Path) -> tuple[Label | None, int]:
    """Return the label of a file, None where it has none of ours, and its size."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        found = read_header(file)
    return (found[0] if found is not None else None), size
