"""What `admit` takes: rates and open requests of a caller for all gates, the bound on memory for each gate."""

from __future__ import annotations

from stockade.guard.quota.places import Places


def keys(places: Places, caller: str) -> set[str]:
    return {take.counter.key for take in places.takes(caller)}


def test_gates_share_what_a_caller_takes_and_not_the_bound_on_their_memory() -> None:
    one, other = Places(process="one"), Places(process="other")
    assert keys(one, "k1") & keys(other, "k1") == {"open:k1", "rate:k1"}
    assert keys(one, "k1") & keys(one, "k2") == {"process:one"}


def test_what_a_caller_takes_is_made_once() -> None:
    places = Places()
    assert places.takes("k1") is places.takes("k1")


def test_a_rate_is_never_rounded_up() -> None:
    for rate in (1, 7, 600, 999_999):
        [counter] = [take.counter for take in Places(rate).takes("k") if take.counter.interval_us]
        assert counter.interval_us * rate >= 60_000_000
