"""Scoring: rows through whatever scores texts, one by one, with the CPU time that each takes.

Owns the protocol of a scorer and the buckets of length. A text is scored alone, as it is when it is what is new in a
turn; its time is that of the whole process, so threads of an inference engine count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from stockade.core.errors import GuardFailedError
from stockade.core.segments import Channel
from stockade.govern.bench.measuring import Heads, Scores
from stockade.govern.bench.metrics import quantile
from stockade.govern.bench.rows import Row

LENGTHS = (256, 1024, 4096, 8192, 32_768, 1 << 62)
"""Upper ends of the buckets of length, in characters, included."""


class Scorer(Protocol):
    """Whatever scores texts.

    `heads` are those it scores; `version` names what is measured.
    Contract: a call returns for each text its scores, or the error because of which there are none.
    """

    version: str
    heads: Heads

    def __call__(self, texts: Sequence[tuple[str, Channel | None]], /) -> Sequence[Scores | GuardFailedError]:
        """Return the scores of some texts."""
        ...


class Scored(NamedTuple):
    """A row with its scores and the CPU milliseconds that they took; `trouble` says why there are none."""

    row: Row
    scores: Scores | None
    cpu_ms: float
    trouble: str = ""


class Bucket(NamedTuple):
    """CPU milliseconds of the texts of one range of lengths (characters, both ends included)."""

    chars_min: int
    chars_max: int
    texts: int
    median_ms: float
    p95_ms: float
    ms_per_thousand_chars: float


def score_rows(
    scorer: Scorer, rows: Iterable[Row], channel: Channel | None, advance: Callable[[int], object] = lambda _: None
) -> list[Scored]:
    """Return every row with its scores; `channel` is that of rows which name none (None: unsaid)."""
    scored = []
    for row in rows:
        started = time.process_time()
        (result,) = scorer([(row.text, row.channel or channel)])
        cpu_ms = (time.process_time() - started) * 1000
        if isinstance(result, GuardFailedError):
            scored.append(Scored(row, None, cpu_ms, result.public))
        else:
            scored.append(Scored(row, result, cpu_ms))
        advance(1)
    return scored


def buckets(scored: Sequence[Scored]) -> list[Bucket]:
    """Return the CPU time by length of text, the buckets that hold any."""
    found = []
    low = 0
    for high in LENGTHS:
        inside = [each for each in scored if low <= len(each.row.text) <= high]
        times = [each.cpu_ms for each in inside]
        median, late = quantile(times, 0.5), quantile(times, 0.95)
        if median is not None and late is not None:
            chars = sum(len(each.row.text) for each in inside)
            longest = max(len(each.row.text) for each in inside)
            found.append(Bucket(low, min(high, longest), len(inside), median, late, sum(times) * 1000 / max(chars, 1)))
        low = high + 1
    return found
