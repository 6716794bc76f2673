"""Owns what a source is: a name under which rows can be held out as a whole, its split, licence and share."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from training.data.rows import Row, Split


@dataclass(frozen=True, slots=True)
class Source:
    """A place that rows come from.

    `share` is its weight among the sources of its split; `rows` yields rows without end, or ends when there are no
    more (real text).
    """

    name: str
    split: Split
    licence: str
    share: float
    rows: Callable[[random.Random], Iterator[Row]]
