"""The counts of one process over a restart: written beside the other data now and then, read at the start.

Holds names of limits, callers and amounts, never content. A file that cannot be read is an error: a budget that begins
anew with every restart is none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from stockade.core.errors import ConfigError, StorageError
from stockade.guard.quota.tally import Kept

_VERSION = 1


def read_tally(path: Path) -> dict[str, Kept]:
    """Return what was kept, nothing where there is no file. Fails: ConfigError for one that is damaged."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check its mode.") from error
    try:
        told = orjson.loads(raw)
        if told["version"] != _VERSION:
            raise ValueError
        return {
            key: Kept(int(until_us), {int(slot): int(amount) for slot, amount in used.items()})
            for key, (until_us, used) in told["counts"].items()
        }
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{path} is damaged.", hint="It holds what of the budgets is used; delete it, and they begin anew."
        ) from error


def write_tally(path: Path, counts: Mapping[str, Kept]) -> None:
    """Put the counts in the place of those that the file held, whole or not at all. Fails: StorageError."""
    told = {
        "version": _VERSION,
        "counts": {key: [until_us, {str(slot): amount for slot, amount in used.items()}]
                   for key, (until_us, used) in counts.items()},
    }  # fmt: skip
    beside = path.with_suffix(".new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(orjson.dumps(told))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", hint="Look at the disk.") from error
