from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import RateLimitedError
from stockade.guard.quota.quota import Quota, QuotaLimits, Reservation

LIMITS = QuotaLimits(requests_per_minute=60, requests_burst=3, concurrent_requests=2, concurrent_requests_global=4)
WIDE = QuotaLimits(requests_per_minute=60, requests_burst=3, concurrent_requests=99, concurrent_requests_global=99)


def refused(quota: Quota, key: str, now_s: float) -> RateLimitedError:
    with pytest.raises(RateLimitedError) as caught:
        quota.reserve(key, now_s)
    return caught.value


def test_a_burst_passes_then_the_rate_holds() -> None:
    quota = Quota(WIDE)
    for _ in range(3):
        quota.reserve("a", 100.0)
    error = refused(quota, "a", 100.25)
    assert (error.limit, error.retry_after_s) == ("requests_per_minute", 0.75)
    quota.reserve("b", 100.25)
    quota.reserve("a", 101.0)
    refused(quota, "a", 101.0)


def test_concurrency_of_a_key_and_of_all() -> None:
    quota = Quota(LIMITS)
    first = quota.reserve("a", 0)
    quota.reserve("a", 0)
    assert refused(quota, "a", 0).limit == "concurrent_requests"
    quota.reserve("b", 0)
    quota.reserve("c", 0)
    assert refused(quota, "d", 0).limit == "concurrent_requests_global"
    quota.release(first)
    quota.reserve("d", 0)
    assert quota.open_requests == 4


def test_a_second_release_gives_nothing() -> None:
    quota = Quota(LIMITS)
    first, second = quota.reserve("a", 0), quota.reserve("a", 0)
    quota.release(first)
    quota.release(first)
    quota.reserve("a", 0)
    refused(quota, "a", 9)
    quota.release(second)
    assert quota.open_requests == 1


def test_a_jump_back_of_the_clock_costs_nobody_a_wait_and_gives_nobody_a_burst() -> None:
    quota = Quota(WIDE)
    for _ in range(3):
        quota.reserve("a", 1_000_000.0)
    assert refused(quota, "a", 5.0).retry_after_s == 1.0
    quota.reserve("a", 6.0)
    refused(quota, "a", 6.0)


def test_idle_keys_are_forgotten_and_busy_ones_are_not() -> None:
    quota = Quota(QuotaLimits(60, 3, 5, 10**6))
    held = quota.reserve("held", 0)
    for number in range(100_000):
        quota.release(quota.reserve(f"key {number}", float(number)))
    assert quota.keys_held <= 1024
    quota.release(held)
    assert quota.open_requests == 0


class Reference:
    """The naive model: a bucket of tokens refilled in exact fractions, a list of what is open."""

    def __init__(self, limits: QuotaLimits) -> None:
        self.limits, self.tokens, self.time, self.open = limits, {}, Fraction(0), []  # type: ignore[var-annotated]

    def reserve(self, key: str, now: Fraction) -> str | Fraction:
        rate = Fraction(self.limits.requests_per_minute, 60)
        passed = max(now - self.time, Fraction(0))
        self.time = now
        burst = Fraction(self.limits.requests_burst)
        self.tokens = {each: min(burst, count + passed * rate) for each, count in self.tokens.items()}
        count = self.tokens.get(key, burst)
        if len(self.open) >= self.limits.concurrent_requests_global:
            return "concurrent_requests_global"
        if self.open.count(key) >= self.limits.concurrent_requests:
            return "concurrent_requests"
        if count < 1:
            return (1 - count) / rate
        self.tokens[key] = count - 1
        self.open.append(key)
        return "taken"


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-3000, 3000), st.booleans()),
    max_size=60,
)
SMALL = st.builds(QuotaLimits, st.sampled_from([1, 20, 60, 600]), *[st.integers(1, 4)] * 3)


@given(SMALL, STEPS)
def test_the_count_agrees_with_the_naive_model(limits: QuotaLimits, steps: list[tuple[str, int, bool]]) -> None:
    quota, reference = Quota(limits), Reference(limits)
    held: list[Reservation] = []
    now_ms = 10_000
    for key, step_ms, ends in steps:
        now_ms += step_ms
        expected = reference.reserve(key, Fraction(now_ms, 1000))
        try:
            held.append(quota.reserve(key, now_ms / 1000))
            found: object = "taken"
        except RateLimitedError as error:
            found = error.retry_after_s if error.limit == "requests_per_minute" else error.limit
        assert found == (float(expected) if isinstance(expected, Fraction) else expected)
        if ends and held:
            done = held.pop(0)
            quota.release(done)
            reference.open.remove(done.key)
        assert quota.open_requests == len(reference.open)


@given(SMALL, st.integers(0, 10**6))
def test_who_waits_as_told_is_let_in(limits: QuotaLimits, start_ms: int) -> None:
    quota = Quota(limits)
    now_s = start_ms / 1000
    for _ in range(12):
        try:
            quota.release(quota.reserve("a", now_s))
        except RateLimitedError as error:
            now_s += error.retry_after_s
            quota.release(quota.reserve("a", now_s))
