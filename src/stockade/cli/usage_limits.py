"""What budgets leave, read where they are counted: the file of a single gate (seconds old), or Redis."""

from __future__ import annotations

import asyncio
import os
import time
from typing import NamedTuple

from stockade.config import limits as configured
from stockade.config.credentials import redis_url
from stockade.config.schema import Settings
from stockade.core.measures import Measure
from stockade.gateway.counting import COUNTS
from stockade.guard.quota.budgets import counter
from stockade.guard.quota.limit import Limit
from stockade.guard.quota.tally import Moment, Tally
from stockade.stores.counters.redis import RedisCounters
from stockade.stores.tally_file import read_tally


class LimitLeft(NamedTuple):
    """How a limit stands for one subject. A session is named by a digest."""

    limit: str
    subject: str
    measure: Measure
    allowed: int
    used: int
    left: int


def limits_left(settings: Settings) -> list[LimitLeft]:
    """Return every limit with each subject that has used some of it. Fails: ConfigError, LimitsUnreachableError."""
    found = {limit.name: limit for limit in configured.budgets(settings).limits}
    used = _of_file(settings, found) if settings.redis is None else asyncio.run(_of_redis(settings, found))
    return [
        LimitLeft(limit.name, subject or "-", limit.measure, limit.limit, amount, max(0, limit.limit - amount))
        for (limit, subject), amount in sorted(used.items(), key=lambda item: (item[0][0].name, item[0][1]))
    ]


def _of_file(settings: Settings, limits: dict[str, Limit]) -> dict[tuple[Limit, str], int]:
    kept = read_tally(settings.data_dir / COUNTS)
    tally, now = Tally(), Moment(time.monotonic(), time.time())
    tally.restore(kept, now)
    return {
        (limit, subject): tally.used(counter(limit, subject), now)
        for limit, subject in (_named(key, limits) for key in kept)
        if limit is not None
    }


async def _of_redis(settings: Settings, limits: dict[str, Limit]) -> dict[tuple[Limit, str], int]:
    redis = settings.redis
    assert redis is not None
    store = RedisCounters(
        redis_url(redis, os.environ),
        prefix=redis.prefix,
        timeout_s=redis.timeout_s,
        lease_s=redis.lease_s,
        now_s=time.time,
    )
    try:
        named = [_named(key, limits, spans=True) for key in await store.counters_used()]
        pairs = [(limit, subject) for limit, subject in dict.fromkeys(named) if limit is not None]
        return {(limit, subject): await store.used(counter(limit, subject)) for limit, subject in pairs}
    finally:
        await store.close()


def _named(key: str, limits: dict[str, Limit], *, spans: bool = False) -> tuple[Limit | None, str]:
    """Return the limit and the subject of a counter's key; None for a limit that configuration no longer has.

    With `spans` the key of a span of the calendar has its start behind.
    """
    kind, _, rest = key.partition(":")
    limit = limits.get(rest.partition(":")[0])
    if kind != "budget" or limit is None:
        return None, ""
    if spans and limit.period is not None:
        key = key.rpartition(":")[0]
    subject = key.split(":", 4)[4] if key.count(":") >= 4 else ""
    return (limit, subject) if counter(limit, subject).key == key else (None, "")
