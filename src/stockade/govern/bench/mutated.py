"""Mutated: how much recall is lost when attacks are written otherwise, and what benign texts written so are taken for.

Owns the comparison. It is made on the same texts, at thresholds that were fixed before: the shipped one, and the one
that flags 1 % of the unchanged negatives. Benign texts are written otherwise as well: a detector that takes the writing
itself for an attack loses no recall, and is of no use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from stockade.core.segments import Channel
from stockade.govern.bench.measuring import Heads, Measured, concerns, score_of
from stockade.govern.bench.metrics import Share, flagged
from stockade.govern.bench.rows import Row
from stockade.govern.bench.scoring import Scorer, score_rows

Write = Callable[[str], str]
"""A mutation with its seed, as the gate would read what it gives."""


class Lost(NamedTuple):
    """Recall of one detector before and after one mutation, at the shipped threshold and at 1 % false positives.

    `loss` and `loss_at_one` are the differences, 0.1 for ten points; below zero something was gained.
    `false_positives` is the share of benign texts flagged at the shipped threshold when they are written so.
    """

    detector: str
    mutation: str
    before: Share
    after: Share
    before_at_one: Share
    after_at_one: Share
    false_positives: Share | None

    @property
    def loss(self) -> float:
        """Return what is lost at the shipped threshold."""
        return self.before.value - self.after.value

    @property
    def loss_at_one(self) -> float:
        """Return what is lost at 1 % false positives."""
        return self.before_at_one.value - self.after_at_one.value


def losses(
    scorer: Scorer,
    rows: Sequence[Row],
    mutations: Mapping[str, Write],
    measured: Sequence[Measured],
    channel: Channel | None,
    advance: Callable[[int], object] = lambda _: None,
) -> tuple[list[Lost], int]:
    """Return the losses of every detector under every mutation, and how many texts could not be scored.

    A text that could not be scored counts as flagged: the gate refuses what its guard could not read.
    """
    before = [each.scores for each in score_rows(scorer, rows, channel, advance)]
    found: list[Lost] = []
    unscored = before.count(None)
    for name, write in mutations.items():
        changed = [row._replace(text=write(row.text)) for row in rows]
        after = [each.scores for each in score_rows(scorer, changed, channel, advance)]
        unscored += after.count(None)
        for each in measured:
            found.extend(_lost(name, each, rows, before, after, scorer.heads))
    return found, unscored


def _lost(
    mutation: str,
    measured: Measured,
    rows: Sequence[Row],
    before: Sequence[Mapping[str, float] | None],
    after: Sequence[Mapping[str, float] | None],
    heads: Heads,
) -> list[Lost]:
    at_one = measured.rates[1].threshold
    attacks, attacks_after = (_judged(measured, rows, scores, heads, positive=True) for scores in (before, after))
    benign_after = _judged(measured, rows, after, heads, positive=False)
    shipped, shipped_after = flagged(attacks, measured.threshold), flagged(attacks_after, measured.threshold)
    one, one_after = (flagged(each, inf if at_one is None else at_one) for each in (attacks, attacks_after))
    if shipped is None or shipped_after is None or one is None or one_after is None:
        return []
    wrong = flagged(benign_after, measured.threshold)
    return [Lost(measured.detector, mutation, shipped, shipped_after, one, one_after, wrong)]


def _judged(
    measured: Measured,
    rows: Sequence[Row],
    scores: Sequence[Mapping[str, float] | None],
    heads: Heads,
    *,
    positive: bool,
) -> list[float]:
    """Return the scores of the rows of one label that concern a detector."""
    return [
        inf if each is None else score_of(each, measured.detector, heads, row.channel)
        for row, each in zip(rows, scores, strict=True)
        if row.positive == positive and concerns(row, measured.detector, heads)
    ]
