"""The real clock: time, and ids that sort by time."""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u
_PAIRS = tuple([high + low for high in _ALPHABET for low in _ALPHABET])  # ten bits at once
_SHIFTS = tuple(range(120, -1, -10))  # 26 characters of five bits


class SystemClock:
    """The machine's time and chance."""

    def now_s(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def monotonic_s(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()

    def exchange_id(self) -> str:
        """Return `ex-` and 26 characters: milliseconds since 1970, then 80 bits of chance (the ULID layout)."""
        number = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
        return "ex-" + "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])
