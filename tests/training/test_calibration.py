"""Calibration: probabilities that mean what they say, and thresholds that keep the aim on ordinary text."""

import numpy as np

from training import calibration
from training.calibration import Seen
from training.examples import Example
from training.report import area


def seen(count: int, chance: np.random.Generator) -> list[Seen]:
    """Draw texts whose logits rise with the label; a second window of each says nothing."""
    rows = []
    for i in range(count):
        label = int(i % 4 == 0)
        source = "attacks" if label else "python:x"
        example = Example(str(i), label, label, label, source, "c", "user", False)
        noise = chance.normal(size=(2, 2, 3))
        costly = noise[0] + np.array([[3.0 * label - 1.5], [-6.0]])
        rows.append(Seen(example, (0, 1, 2), (noise[1] - 2).astype(np.float32), costly.astype(np.float32)))
    return rows


def test_the_stage_that_knows_is_trusted_and_the_threshold_keeps_ordinary_text() -> None:
    rows = seen(4000, np.random.default_rng(1))
    head = calibration.fit(rows)[0]
    cheap, costly, offset = head.both
    assert costly > 1.5
    assert 0 <= cheap < 0.5
    sums = np.array([max(cheap * r.cheap[:, 0] + costly * r.costly[:, 0]) + offset for r in rows])
    chance = 1 / (1 + np.exp(-sums))
    labels = np.array([r.example.injection for r in rows])
    assert np.mean(chance[labels == 0] >= head.threshold) <= 0.0051
    likely = (chance > 0.6) & (chance < 0.9)
    assert abs(labels[likely].mean() - chance[likely].mean()) < 0.12


def test_a_head_is_asked_where_its_channel_asks_it_and_of_attacks_anywhere() -> None:
    def judged(channel: str, *labels: int | None) -> tuple[int, ...]:
        return calibration.judged(Example("t", *labels, "s", "c", channel, False))  # type: ignore[arg-type]

    assert judged("tool_result", 0, 0, 0) == (0,)
    assert judged("user", 0, 0, 0) == (1, 2)
    assert judged("user", 1, 1, None) == (0, 1)
    assert judged("tool_result", 1, None, None) == (0,)
    assert judged("tool_result", None, 0, None) == (1,)


def test_a_threshold_keeps_each_aim_by_itself() -> None:
    """Texts full of trigger words may be flagged more often than ordinary ones; neither share hides in the other."""
    traps = np.linspace(0.5, 0.9, 1000)
    plain = np.linspace(0.0, 0.6, 9000)
    sources = ["own-a/trap"] * 1000 + ["own-a/mail"] * 9000
    threshold = calibration._threshold(sources, np.concatenate([traps, plain]), 0)
    assert 0.03 < np.mean(traps >= threshold) <= 0.04
    assert np.mean(plain >= threshold) <= 0.003


def test_whole_sources_and_a_tenth_of_own_rows_are_kept_for_calibration() -> None:
    def kept(source: str, text: str = "t") -> bool:
        return calibration.kept(Example(text, 1, 1, None, source, "c", "user", False))

    assert kept("satml-ctf-2024")
    assert not kept("llmail-inject")
    assert 60 < sum(kept("own-a/mail", f"text {i}") for i in range(1000)) < 140


def test_the_area_under_the_curve_counts_ties_as_half() -> None:
    assert area(np.array([3.0, 2.0]), np.array([0.0, 1.0])) == 1
    assert area(np.array([1.0]), np.array([0.0, 1.0])) == 0.75
    assert area(np.array([0.0]), np.array([1.0, 2.0])) == 0
