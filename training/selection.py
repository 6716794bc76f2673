"""Owns which windows the encoder learns from: those that it will be asked about, found by the first stage."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stockade.guard.classifier.encoder import AROUND_CHARS, Encoder
from stockade.guard.classifier.linear import Linear
from stockade.guard.classifier.pieces import Pieces
from stockade.guard.classifier.suspects import suspects
from training.augment import rewritten
from training.encoder import Item
from training.examples import HEADS, Example

TEXT_CHARS_MAX = 24_000
REWRITTEN_SHARE = 0.15
WHOLE_WINDOWS = 2
LONG_CHARS, OPENING_CHARS = 1500, 300
"""A long attack shows in how it opens as often as in its worst window; both are learnt from."""

SHARES = {"own-": 0.33, "pair:": 0.25, "planted:": 0.07, "python": 0.08}
"""What families of many sources may count for together, by how the names of their sources begin: what one author wrote
must not decide what the rest says."""


def balanced(examples: Sequence[Example]) -> NDArray[np.float64]:
    """Weight examples: a source by the square root of its rows, noise less, and no family past its share."""
    counts = Counter((e.source, e.attack) for e in examples)
    weights = np.array([e.weight / np.sqrt(counts[e.source, e.attack]) for e in examples])
    families = np.array([next((name for name in SHARES if e.source.startswith(name)), "") for e in examples])
    free = float(weights[families == ""].sum()) / (1 - sum(SHARES.values()))
    for name, share in SHARES.items():
        mine = families == name
        weights[mine] *= min(1.0, share * free / max(float(weights[mine].sum()), 1e-9))
    return weights / weights.mean()


def sample(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Draw examples without return, by their balanced weight."""
    chance = np.random.default_rng(seed)
    keys = chance.random(len(examples)) ** (1 / balanced(examples))
    return [examples[i] for i in np.argsort(-keys)[:count]]


def items(examples: Sequence[Example], linear: Linear, pieces: Pieces, seed: int) -> list[Item]:
    """Cut examples into windows with labels.

    A window that holds most of a planted attack is one; any other window of that text is ordinary. Where the whole text
    is meant, its worst windows are. Of ordinary text the worst windows and a random one are read.
    """
    rng = random.Random(seed)
    found: list[Item] = []
    for example in examples:
        text = example.text[:TEXT_CHARS_MAX]
        for start, end, attack in _windows(example, text, linear, rng):
            around = text[max(0, start - AROUND_CHARS) : end + AROUND_CHARS]
            if rng.random() < REWRITTEN_SHARE:
                around = rewritten(around, rng)
            labels = tuple(
                float("nan") if label is None else float(label if attack or not label else 0)
                for label in example.labels
            )
            found.append(Item(Encoder.cut(pieces, around), labels, 1.0 if example.weight >= 1 else example.weight))  # type: ignore[arg-type]
    return found


def _windows(example: Example, text: str, linear: Linear, rng: random.Random) -> list[tuple[int, int, bool]]:
    lanes = [lane for lane, label in enumerate(example.labels) if label is not None] or [0]
    worst = suspects(linear, text, {lanes[0]: WHOLE_WINDOWS})
    spans = [(s.start, s.end) for s in worst]
    if example.start is None or example.end is None:
        if example.attack:
            long = len(text) >= LONG_CHARS
            return [(*span, True) for span in dict.fromkeys([*spans[:1], (0, OPENING_CHARS)] if long else spans[:1])]
        return [(*span, False) for span in {*spans[:1], rng.choice(spans)}] if spans else []
    start, end = example.start, example.end
    within = [(max(0, start - rng.randrange(160)), end + rng.randrange(160))] if end > start else []
    chosen = [(*span, True) for span in within]
    for span in spans:
        share = min(span[1], end) - max(span[0], start)
        if share <= 0 and min(abs(span[0] - end), abs(start - span[1])) > 2 * AROUND_CHARS:
            chosen.append((*span, False))
            break
        if share > 0.6 * (end - start):
            chosen = [(*span, True)]
            break
    return chosen


assert len(HEADS) == 3
