"""Verdicts in memory: what was found in texts that were judged before, bounded in number and in bytes.

Owns one process's memory of them; workers share none. The least recently used go first.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from stockade.core.limits import VERDICT_BYTES_MAX, VERDICTS_MAX
from stockade.guard.detectors.verdicts import Kept

ENTRY_BYTES = 250
"""An entry without findings: key, tuple, its place in the table (measured with tracemalloc, Python 3.11)."""

FINDING_BYTES = 700
"""A finding: its object, its strings and numbers (measured likewise)."""


class MemoryVerdicts:
    """The verdict cache of one process. Contract: that of `VerdictCache`."""

    def __init__(self, entries_max: int = VERDICTS_MAX, bytes_max: int = VERDICT_BYTES_MAX) -> None:
        """Keep at most so many verdicts, of at most so many bytes together."""
        self._entries_max, self._bytes_max = entries_max, bytes_max
        self._entries: dict[bytes, Kept] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def recall(self, keys: Sequence[bytes]) -> list[Kept | None]:
        """Return the verdicts beside their keys; what is recalled counts as used."""
        entries = self._entries
        found: list[Kept | None] = []
        with self._lock:
            for key in keys:
                kept = entries.pop(key, None)
                if kept is not None:
                    entries[key] = kept
                found.append(kept)
        return found

    def keep(self, verdicts: Mapping[bytes, Kept]) -> None:
        """Keep verdicts; one that is larger than all room is not kept."""
        with self._lock:
            for key, kept in verdicts.items():
                known = self._entries.pop(key, None)
                if known is not None:
                    self._bytes -= _size(known)
                size = _size(kept)
                if size > self._bytes_max:
                    continue
                self._entries[key] = kept
                self._bytes += size
                while len(self._entries) > self._entries_max or self._bytes > self._bytes_max:
                    self._bytes -= _size(self._entries.pop(next(iter(self._entries))))


def _size(kept: Kept) -> int:
    return ENTRY_BYTES + FINDING_BYTES * len(kept)
