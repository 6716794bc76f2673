"""Measures the classifier that ships on the held-out sources and writes the report: JSON, and the same as a table."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockade.core.segments import Channel
from stockade.guard.classifier.cascade import ASKED, HEADS, Cascade
from training.examples import Example, by_source

ROWS_MAX = 600
SIZE_CHARS = 8192
SHARES = (0.001, 0.01, 0.05)
TARGETS = {"injection+jailbreak": ("injection", "jailbreak"), "harm": ("harm",)}


def measure(cascade: Cascade, held_out: Sequence[Example], ordinary: Sequence[str]) -> dict[str, Any]:
    """Score at most ROWS_MAX held-out texts of each source and label; time `ordinary` texts of 8 KB, all new."""
    groups: defaultdict[tuple[str, int], list[Example]] = defaultdict(list)
    for example in held_out:
        groups[example.source, example.attack].append(example)
    chosen = [e for rows in groups.values() for e in random.Random(1).sample(rows, min(len(rows), ROWS_MAX))]
    scores = np.array([probabilities(cascade, e) for e in chosen])
    found: dict[str, Any] = {"version": cascade.version, "thresholds": dict(cascade.thresholds)}
    for name, heads in TARGETS.items():
        found[name] = _target(cascade, chosen, scores, heads)
    found["cpu_ms_8kb"] = _times(cascade, ordinary)
    return found


def pages(examples: Sequence[Example], seed: int, count: int = 200) -> list[str]:
    """Join ordinary texts of one source into pages of SIZE_CHARS, as a log or a document is of one kind."""
    found = []
    for _, rows in sorted(by_source(examples).items()):
        joined = "\n\n".join(example.text for example in rows)
        found += [joined[i : i + SIZE_CHARS] for i in range(0, len(joined) - SIZE_CHARS + 1, SIZE_CHARS)]
    return random.Random(seed).sample(found, min(count, len(found)))


def probabilities(cascade: Cascade, example: Example) -> list[float]:
    """Score one text as the gate would; `cleared` texts never reach the second stage."""
    asked = [(example.text, Channel(example.channel))]
    scores = cascade.first(asked)[0] or cascade.second(asked)[0]
    return [scores[head].probability for head in HEADS]


def _target(
    cascade: Cascade, chosen: list[Example], scores: NDArray[np.float64], heads: tuple[str, ...]
) -> dict[str, Any]:
    """Judge heads together: a text is an attack where one of them should say so.

    Its score is the highest of the heads that its channel asks, as in the gate, and of all where it asks none.
    """
    lanes = [HEADS.index(head) for head in heads]
    known = [i for i, e in enumerate(chosen) if any(e.labels[lane] is not None for lane in lanes)]
    labels = np.array([max(chosen[i].labels[lane] or 0 for lane in lanes) for i in known])
    asked = np.array([[lane in ASKED.get(Channel(chosen[i].channel), ()) for lane in lanes] for i in known])
    asked |= ~asked.any(axis=1, keepdims=True)
    own = np.where(asked, scores[known][:, lanes], -1.0)
    top = own.max(axis=1)
    flagged = (own >= np.array([cascade.thresholds[head] for head in heads])).any(axis=1)
    calm = np.sort(top[labels == 0])
    bounds = {share: float(np.quantile(calm, 1 - share, method="higher")) for share in SHARES}
    sources = defaultdict(list)
    for place, i in enumerate(known):
        sources[chosen[i].source, int(labels[place])].append(place)
    rows: list[dict[str, Any]] = []
    for (source, label), places in sorted(sources.items(), key=lambda item: (-item[0][1], item[0][0])):
        part = top[places]
        row: dict[str, Any] = {"source": source, "label": label, "rows": len(places)}
        row["flagged at threshold"] = round(float(flagged[places].mean()), 4)
        for share, bound in bounds.items():
            row[f"above bound of {share:.1%}"] = round(float((part > bound).mean()), 4)
        if label:
            row["auc"] = round(area(part, calm), 4)
        rows.append(row)
    attacks = [row for row in rows if row["label"]]
    return {
        "macro recall at 1 % false positives": round(float(np.mean([r["above bound of 1.0%"] for r in attacks])), 4),
        "macro AUC": round(float(np.mean([r["auc"] for r in attacks])), 4),
        "pooled AUC": round(area(top[labels == 1], calm), 4),
        "false positives at threshold": round(float(flagged[labels == 0].mean()), 4),
        "sources": rows,
    }


def area(positive: NDArray[np.float64], sorted_calm: NDArray[np.float64]) -> float:
    """Return the area under the curve: the chance that an attack scores above ordinary text, ties counting half."""
    below = np.searchsorted(sorted_calm, positive, side="left")
    upto = np.searchsorted(sorted_calm, positive, side="right")
    return float((below + upto).mean() / 2 / len(sorted_calm))


def _times(cascade: Cascade, ordinary: Sequence[str]) -> dict[str, float]:
    """Measure CPU milliseconds of both stages over new texts, on the tool-result channel."""
    spent = []
    reached = 0
    for text in ordinary:
        asked = [(text, Channel.TOOL_RESULT)]
        began = time.process_time()
        if cascade.first(asked)[0] is None:
            cascade.second(asked)
            reached += 1
        spent.append((time.process_time() - began) * 1000)
    return {
        "texts": len(spent),
        "median": round(float(np.median(spent)), 2),
        "p90": round(float(np.quantile(spent, 0.9)), 2),
        "share that reached the second stage": round(reached / max(1, len(spent)), 4),
    }


def write(found: dict[str, Any], folder: Path) -> None:
    """Write report.json and report.md into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(table(found), encoding="utf-8")


def table(found: dict[str, Any]) -> str:
    """Write the figures as Markdown."""
    lines = [f"# Weights {found['version']} on held-out sources", ""]
    for name in TARGETS:
        part = found[name]
        lines += [f"## {name}", ""]
        lines += [f"- {key}: {value}" for key, value in part.items() if key != "sources"]
        keys = ["rows", "flagged at threshold", *(f"above bound of {share:.1%}" for share in SHARES), "auc"]
        lines += ["", "| source | attack | " + " | ".join(keys) + " |", "|---|---|" + "---:|" * len(keys)]
        for row in part["sources"]:
            cells = " | ".join(str(row.get(key, "")) for key in keys)
            lines.append(f"| {row['source']} | {'yes' if row['label'] else 'no'} | {cells} |")
        lines.append("")
    lines += ["## CPU milliseconds on 8 KB of new ordinary text", "", json.dumps(found["cpu_ms_8kb"]), ""]
    return "\n".join(lines)
