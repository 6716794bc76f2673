"""A bounded memory of what was used last. Not safe for threads by itself: its owner holds the lock."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

_Name = TypeVar("_Name")
_Value = TypeVar("_Value")

_ENTRY_COST = 128
"""What an entry costs beside its text, in the unit of the text."""


class Recent(Generic[_Name, _Value]):
    """The most recently used entries that together cost at most `cost_max`."""

    __slots__ = ("_cost", "_cost_max", "_entries")

    def __init__(self, cost_max: int) -> None:
        """Begin empty."""
        self._entries: OrderedDict[_Name, tuple[_Value, int]] = OrderedDict()
        self._cost = 0
        self._cost_max = cost_max

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def get(self, name: _Name) -> _Value | None:
        """Return what is kept under `name` and count it as used now."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        self._entries.move_to_end(name)
        return entry[0]

    def drop(self, name: _Name) -> None:
        """Forget `name`."""
        entry = self._entries.pop(name, None)
        if entry is not None:
            self._cost -= entry[1]

    def put(self, name: _Name, value: _Value, cost: int) -> None:
        """Keep `value`; the least recently used go until the bound holds."""
        old = self._entries.pop(name, None)
        self._cost += cost + _ENTRY_COST - (old[1] if old else 0)
        self._entries[name] = (value, cost + _ENTRY_COST)
        while self._cost > self._cost_max:
            _, (_, gone) = self._entries.popitem(last=False)
            self._cost -= gone
