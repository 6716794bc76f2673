"""Quota: how many requests a key may send, and how many may be open at once.

Owns the count of one process. Takes the time as an argument, awaits nothing and so is exact under any interleaving of a
single-threaded loop. Never counts a request that it refused. Never holds more than twice the keys that are in use.
Source of the rate's arithmetic: the generic cell rate algorithm (ITU-T I.371, annex A): one number a key.
"""

from __future__ import annotations

from dataclasses import dataclass

from stockade.core.errors import RateLimitedError

_SECOND_NS = 1_000_000_000
_SWEEP_KEYS_MIN = 1024


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """What a key may take: a steady rate, a burst after a pause, open requests; and what all may have open together."""

    requests_per_minute: int
    requests_burst: int
    concurrent_requests: int
    concurrent_requests_global: int

    def __post_init__(self) -> None:
        """Refuse limits that let nothing through."""
        assert min(self.requests_per_minute, self.requests_burst) > 0
        assert min(self.concurrent_requests, self.concurrent_requests_global) > 0


@dataclass(frozen=True, slots=True)
class Reservation:
    """A place that one request holds until it is released."""

    key: str
    number: int


@dataclass(slots=True)
class _Usage:
    """What one key has in use: the time at which its bucket is full again (nanoseconds), and its open requests."""

    full_at_ns: int = 0
    open: int = 0


class Quota:
    """The counts of all keys in this process."""

    __slots__ = ("_interval_ns", "_last_ns", "_limits", "_now_ns", "_number", "_open", "_sweep_at", "_usage")

    def __init__(self, limits: QuotaLimits) -> None:
        """Begin with every bucket full."""
        self._limits = limits
        self._interval_ns = -(-60 * _SECOND_NS // limits.requests_per_minute)
        self._usage: dict[str, _Usage] = {}
        self._open: set[int] = set()
        self._number = 0
        self._now_ns = 0
        self._last_ns: int | None = None
        self._sweep_at = _SWEEP_KEYS_MIN

    @property
    def open_requests(self) -> int:
        """Return how many requests are open in all."""
        return len(self._open)

    @property
    def keys_held(self) -> int:
        """Return how many keys are remembered."""
        return len(self._usage)

    def reserve(self, key: str, now_s: float) -> Reservation:
        """Return a place for one request of `key`.

        Units: `now_s` of a clock that should be monotonic; where it jumps back, no time has passed.
        Fails: RateLimitedError, whose `retry_after_s` is exact for the rate; nothing was counted then.
        """
        self._advance(now_s)
        if len(self._usage) >= self._sweep_at:
            self._sweep()
        usage = self._usage.get(key) or _Usage()
        if len(self._open) >= self._limits.concurrent_requests_global:
            raise _limited("concurrent_requests_global", self._limits.concurrent_requests_global, 1.0)
        if usage.open >= self._limits.concurrent_requests:
            raise _limited("concurrent_requests", self._limits.concurrent_requests, 1.0)
        full_at_ns = max(usage.full_at_ns, self._now_ns) + self._interval_ns
        wait_ns = full_at_ns - self._now_ns - self._limits.requests_burst * self._interval_ns
        if wait_ns > 0:
            raise _limited("requests_per_minute", self._limits.requests_per_minute, wait_ns / _SECOND_NS)
        usage.full_at_ns = full_at_ns
        usage.open += 1
        self._usage[key] = usage
        self._number += 1
        self._open.add(self._number)
        return Reservation(key, self._number)

    def release(self, reservation: Reservation) -> None:
        """Give the place back. A second time changes nothing: an exchange may end and be cancelled at once."""
        if reservation.number in self._open:
            self._open.remove(reservation.number)
            self._usage[reservation.key].open -= 1

    def _advance(self, now_s: float) -> None:
        """Move the own clock on by the time that passed; it never goes back, and a jump back costs nobody a wait."""
        given_ns = round(now_s * _SECOND_NS)
        if self._last_ns is not None and given_ns > self._last_ns:
            self._now_ns += given_ns - self._last_ns
        self._last_ns = given_ns

    def _sweep(self) -> None:
        """Forget keys whose bucket is full and that have nothing open: a new one is the same."""
        now_ns = self._now_ns
        self._usage = {key: usage for key, usage in self._usage.items() if usage.open or usage.full_at_ns > now_ns}
        self._sweep_at = max(_SWEEP_KEYS_MIN, 2 * len(self._usage))


def _limited(limit: str, allowed: int, retry_after_s: float) -> RateLimitedError:
    return RateLimitedError(
        f"The limit {limit} of {allowed} is used up.",
        limit=limit,
        retry_after_s=retry_after_s,
        hint=f"Try again in {retry_after_s:.3g} s, or ask the operator to raise limits.{limit}.",
    )
