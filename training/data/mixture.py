"""Owns the mixture: how many rows each source gives, in which order, and that no text stands in it twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from training.data import generated, installed
from training.data.rows import Row, Split, fault
from training.data.sources import Source

REAL_PART = 0.2  # of all rows, as far as enough packages are installed
REPEATS_MAX = 60  # one after the other: the source has nothing more to say


def sources(split: Split) -> list[Source]:
    """List all sources of a split: generated ones first, then real text as it is installed here."""
    return [*generated.sources(split), *installed.sources(split)]


def rows(split: Split, limit: int, seed: int) -> list[Row]:
    """Make the rows of a split.

    Contract: the same split, limit, seed and installed packages give the same rows in the same order; no two have the
    same text. Each source has its own chance, so that a source added later changes no row of the others.
    Fails: ValueError when a source makes an incomplete row.
    """
    seen = set(_trained_on(seed)) if split == "heldout" else set()
    made: list[Row] = []
    for listed, part in ((installed.sources(split), REAL_PART), (generated.sources(split), 1.0)):
        # Real text ends; what a package does not give, the next ones do, and in the end the generators.
        left = (limit - len(made)) * part
        shares = sum(source.share for source in listed)
        for source in listed:
            wanted = max(1, round(left * source.share / shares))
            more = list(_some(source.rows(random.Random(f"{seed}:{source.name}")), wanted, seen))
            made += more
            left -= len(more)
            shares -= source.share
    random.Random(seed).shuffle(made)
    return made


@cache
def _trained_on(seed: int) -> frozenset[str]:
    """Give every real text that training can hold under this seed: packages of one author share remarks and files."""
    listed = installed.sources("train")
    return frozenset(_key(row.text) for source in listed for row in source.rows(random.Random(f"{seed}:{source.name}")))


def _key(text: str) -> str:
    """Give what two texts share that are the same but for case and white space."""
    return " ".join(text.split()).lower()


def _some(offered: Iterator[Row], wanted: int, seen: set[str]) -> Iterable[Row]:
    """Yield up to `wanted` rows that were not seen before; stop when a source only repeats itself."""
    repeats = 0
    for row in offered:
        key = _key(row.text)
        if key in seen:
            repeats += 1
            if repeats == REPEATS_MAX:
                return
            continue
        wrong = fault(row)
        if wrong is not None:
            raise ValueError(f"{row.source}: {wrong}")
        repeats = 0
        seen.add(key)
        yield row
        wanted -= 1
        if wanted <= 0:
            return


def summary(made: Iterable[Row]) -> str:
    """Give a table of the rows of each source: count, positives, median length."""
    lengths: dict[str, list[int]] = {}
    positives: Counter[str] = Counter()
    for row in made:
        lengths.setdefault(f"{row.source} | {row.head}", []).append(len(row.text))
        positives[f"{row.source} | {row.head}"] += row.label
    lines = ["| source | head | rows | positive | median characters |", "|---|---|---:|---:|---:|"]
    for name in sorted(lengths):
        sizes = sorted(lengths[name])
        lines.append(f"| {name} | {len(sizes)} | {positives[name]} | {sizes[len(sizes) // 2]} |")
    return "\n".join(lines)
