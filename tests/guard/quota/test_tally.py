"""The tally against naive models: rates and places (as `admit` takes them), windows, spans of the calendar."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import RateLimitedError
from stockade.core.measures import Measure
from stockade.guard.quota.counters import Counter, Kind, Reservation, Settlement, Take
from stockade.guard.quota.limit import Period
from stockade.guard.quota.places import Places
from stockade.guard.quota.tally import Moment, Tally

LIMITS = Places(requests_per_minute=60, requests_burst=3, concurrent_requests=2, concurrent_requests_global=4)
WIDE = Places(requests_per_minute=60, requests_burst=3, concurrent_requests=99, concurrent_requests_global=99)


class Quota:
    """A tally as `admit` uses it."""

    def __init__(self, limits: Places) -> None:
        self.limits, self.tally, self.number, self.now_s = limits, Tally(), 0, 0.0

    def reserve(self, key: str, now_s: float) -> Reservation:
        self.number += 1
        self.now_s = now_s
        return self.tally.reserve(f"{key} {self.number}", self.limits.takes(key), Moment(now_s, now_s))

    def release(self, reservation: Reservation) -> None:
        settlement = Settlement(reservation, (0,) * len(reservation.takes))
        self.tally.settle([settlement], Moment(self.now_s, self.now_s))


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
    assert quota.tally.open_reservations == 4


def test_a_second_release_gives_nothing() -> None:
    quota = Quota(LIMITS)
    first, second = quota.reserve("a", 0), quota.reserve("a", 0)
    quota.release(first)
    quota.release(first)
    quota.reserve("a", 0)
    refused(quota, "a", 9)
    quota.release(second)
    assert quota.tally.open_reservations == 1


def test_a_jump_back_of_the_clock_costs_nobody_a_wait_and_gives_nobody_a_burst() -> None:
    quota = Quota(WIDE)
    for _ in range(3):
        quota.reserve("a", 1_000_000.0)
    assert refused(quota, "a", 5.0).retry_after_s == 1.0
    quota.reserve("a", 6.0)
    refused(quota, "a", 6.0)


def test_idle_keys_are_forgotten_and_busy_ones_are_not() -> None:
    quota = Quota(Places(60, 3, 5, 10**6))
    held = quota.reserve("held", 0)
    for number in range(100_000):
        quota.release(quota.reserve(f"key {number}", float(number)))
    assert quota.tally.counts_held <= 1024 + 2
    quota.release(held)
    assert quota.tally.open_reservations == 0


class Reference:
    """The naive model: a bucket of tokens refilled in exact fractions, a list of what is open."""

    def __init__(self, limits: Places) -> None:
        self.limits, self.tokens, self.time, self.open = limits, {}, Fraction(0), []  # type: ignore[var-annotated]

    def reserve(self, key: str, now: Fraction) -> str | Fraction:
        rate = Fraction(self.limits.requests_per_minute, 60)
        passed = max(now - self.time, Fraction(0))
        self.time = now
        burst = Fraction(self.limits.requests_burst)
        self.tokens = {each: min(burst, count + passed * rate) for each, count in self.tokens.items()}
        count = self.tokens.get(key, burst)
        wait = (1 - count) / rate
        short = "taken"
        if self.open.count(key) >= self.limits.concurrent_requests:
            short = "concurrent_requests"
        if len(self.open) >= self.limits.concurrent_requests_global:
            short = "concurrent_requests_global"
        if wait > (0 if short == "taken" else 1):  # what lasts longest is told
            return wait
        if short != "taken":
            return short
        self.tokens[key] = count - 1
        self.open.append(key)
        return "taken"


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-3000, 3000), st.booleans()),
    max_size=60,
)
SMALL = st.builds(Places, st.sampled_from([1, 20, 60, 600]), *[st.integers(1, 4)] * 3)


@given(SMALL, STEPS)
def test_the_count_agrees_with_the_naive_model(limits: Places, steps: list[tuple[str, int, bool]]) -> None:
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
            reference.open.remove(done.id[0])
        assert quota.tally.open_reservations == len(reference.open)


@given(SMALL, st.integers(0, 10**6))
def test_who_waits_as_told_is_let_in(limits: Places, start_ms: int) -> None:
    quota = Quota(limits)
    now_s = start_ms / 1000
    for _ in range(12):
        try:
            quota.release(quota.reserve("a", now_s))
        except RateLimitedError as error:
            now_s += error.retry_after_s
            quota.release(quota.reserve("a", now_s))
    assert quota.tally.open_reservations == 0


WINDOW = Counter("w", "window", Measure.TOKENS, Kind.WINDOW, 100, window_us=20_000_000)
DAY = Counter("d", "day", Measure.TOKENS, Kind.PERIOD, 100, period=Period.DAY)
MIDNIGHT_S = 20_000 * 86_400


def at(seconds: float) -> Moment:
    return Moment(seconds, MIDNIGHT_S + seconds)


def use(tally: Tally, id_: str, counter: Counter, amount: int, seconds: float, used: int | None = None) -> None:
    reservation = tally.reserve(id_, [Take(counter, amount)], at(seconds))
    tally.settle([Settlement(reservation, (amount if used is None else used,))], at(seconds))


def wait(tally: Tally, counter: Counter, amount: int, seconds: float) -> float:
    with pytest.raises(RateLimitedError) as caught:
        tally.reserve("refused", [Take(counter, amount)], at(seconds))
    return caught.value.retry_after_s


def test_what_was_held_and_not_used_is_free_again() -> None:
    tally = Tally()
    for number in range(9):
        use(tally, f"{number}", DAY, 20, 0, used=10)
    assert tally.used(DAY, at(0)) == 90
    assert wait(tally, DAY, 20, 3600) == 23 * 3600


def test_all_takes_are_granted_or_none() -> None:
    tally = Tally()
    use(tally, "first", WINDOW, 95, 0)
    with pytest.raises(RateLimitedError, match="window"):
        tally.reserve("both", [Take(DAY, 10), Take(WINDOW, 10)], at(0))
    assert tally.used(DAY, at(0)) == 0


def test_the_same_id_again_is_the_same_reservation() -> None:
    tally = Tally()
    first = tally.reserve("id", [Take(DAY, 60)], at(0))
    assert tally.reserve("id", [Take(DAY, 60)], at(1)) is first
    for _ in range(2):
        tally.settle([Settlement(first, (50,))], at(2))
    assert tally.used(DAY, at(2)) == 50


def test_what_began_before_midnight_counts_where_it_began() -> None:
    tally = Tally()
    begun = tally.reserve("late", [Take(DAY, 100)], at(86_399))
    assert wait(tally, DAY, 1, 86_399) == 1.0
    tally.reserve("early", [Take(DAY, 100)], at(86_400))
    tally.settle([Settlement(begun, (80,))], at(86_401))
    assert tally.used(DAY, at(86_401)) == 100
    # A clock that is put back finds what was used before it was put forward.
    assert tally.used(DAY, Moment(86_402, MIDNIGHT_S)) == 80


def test_a_limit_of_nought_lets_nothing_through_and_says_so() -> None:
    with pytest.raises(RateLimitedError, match="is 0 and lets nothing through"):
        Tally().reserve("id", [Take(DAY._replace(limit=0), 1)], at(0))


def test_a_request_larger_than_the_limit_is_told_so() -> None:
    with pytest.raises(RateLimitedError, match="more than all of the limit day"):
        Tally().reserve("id", [Take(DAY, 101)], at(0))


def test_a_jump_of_the_wall_clock_moves_no_window() -> None:
    tally = Tally()
    use(tally, "first", WINDOW, 100, 0)
    with pytest.raises(RateLimitedError):
        tally.reserve("jumped", [Take(WINDOW, 1)], Moment(1.0, MIDNIGHT_S + 10**9))


USES = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 60), st.integers(0, 60)), max_size=40)


@given(USES)
def test_no_window_of_its_length_ever_holds_more_than_the_limit(uses: list[tuple[int, int, int]]) -> None:
    tally, now_ms, passed = Tally(), 0, []
    for number, (step_ms, amount, used) in enumerate(uses):
        now_ms += step_ms
        try:
            use(tally, f"{number}", WINDOW, amount, now_ms / 1000, min(amount, used))
            passed.append((now_ms, min(amount, used)))
        except RateLimitedError as error:
            # Who waits as told is let in, when nobody else comes.
            later = Moment((now_ms / 1000) + error.retry_after_s + 1e-6, 0.0)
            again = Tally()
            for place, (at_ms, spent) in enumerate(passed):
                use(again, f"{place}", WINDOW, spent, at_ms / 1000)
            again.reserve("waited", [Take(WINDOW, amount)], later)
    for begin_ms, _ in passed:
        assert sum(spent for at_ms, spent in passed if begin_ms <= at_ms < begin_ms + 20_000) <= 100
