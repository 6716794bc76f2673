from datetime import UTC, datetime

import pytest

from stockade.testing.clock import ManualClock


def test_it_moves_only_when_told() -> None:
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    before = clock.time_s()
    clock.advance(1.5)
    assert clock.now() == datetime(2026, 5, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert clock.time_s() - before == 1.5
    assert clock.monotonic_s() == 1.5


def test_it_never_goes_back() -> None:
    with pytest.raises(ValueError, match="back"):
        ManualClock().advance(-1)
    with pytest.raises(ValueError, match="zone"):
        ManualClock(datetime(2026, 5, 1))  # noqa: DTZ001 - the missing zone is what is tested
