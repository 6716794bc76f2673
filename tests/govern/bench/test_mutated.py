"""Mutated: losses counted by hand; a text that no guard can read counts as flagged, and alarms at a writing show."""

import pytest

from stockade.core.segments import Channel
from stockade.govern.bench.measuring import measure
from stockade.govern.bench.mutated import losses
from stockade.govern.bench.rows import Row
from tests.govern.bench.scorers import WordScorer

ROWS = [Row("attack one", True), Row("attack TWO", True), Row("quiet", True), Row("plain", False)]


def test_losses_by_hand() -> None:
    scorer = WordScorer()
    scores = [{"injection": 0.9, "jailbreak": 0.1}] * 2 + [{"injection": 0.1, "jailbreak": 0.1}] * 2
    measured = [measure("injection", ROWS, scores, scorer.heads)]
    mutations = {
        "same": lambda text: text,
        "hides": lambda text: text.replace("attack one", "one"),
        "breaks": lambda text: text.replace("quiet", "broken"),
        "alarms": lambda text: f"attack {text}",
    }
    lost, unscored = losses(scorer, ROWS, mutations, measured, Channel.USER)
    assert [(each.mutation, each.before.hits, each.after.hits, each.before.total) for each in lost] == [
        ("same", 2, 2, 3),
        ("hides", 2, 1, 3),
        ("breaks", 2, 3, 3),
        ("alarms", 2, 3, 3),
    ]
    assert [each.false_positives.hits for each in lost if each.false_positives] == [0, 0, 0, 1]
    assert lost[1].loss == pytest.approx(1 / 3)
    assert lost[1].loss_at_one == pytest.approx(1 / 3)
    assert unscored == 1
