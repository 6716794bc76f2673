"""A clock that stands still until a test moves it. Never reads the machine's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class ManualClock:
    """Tell the time that the test has set, as wall clock and as monotonic seconds."""

    def __init__(self, start: datetime = START) -> None:
        """Stand at `start` (with a time zone) and at zero monotonic seconds."""
        if start.tzinfo is None:
            raise ValueError("the clock needs a time zone")
        self._start = start
        self._passed_s = 0.0

    def now(self) -> datetime:
        """Return the wall time."""
        return self._start + timedelta(seconds=self._passed_s)

    def time_s(self) -> float:
        """Return seconds since the epoch, as `time.time` does."""
        return self.now().timestamp()

    def monotonic_s(self) -> float:
        """Return seconds since this clock was made, as `time.monotonic` does."""
        return self._passed_s

    def advance(self, seconds: float) -> None:
        """Move the time on; it never goes back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._passed_s += seconds
