"""Places: where a finding stands for a person, and what may be shown of it.

Owns lines, columns and the masked excerpt. Never shows a value: of a long credential its first four characters, which
name the format (AKIA, ghp_), of everything else only how long it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from stockade.core.decisions import Verdict
from stockade.core.findings import Category, Finding
from stockade.govern.scan.scanner import ScanResult
from stockade.guard.classifier.classifier import HeadScore

SHOWN_CHARS = 4
SHOWN_FROM_CHARS = 20
"""Shortest credential of which the first characters are shown: at most a fifth of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A finding with its verdict, line and column (both from 1, columns in code points) and masked excerpt."""

    finding: Finding
    verdict: Verdict
    line: int
    column: int
    excerpt: str

    def document(self) -> dict[str, object]:
        """Return the finding as `--json` shows it."""
        return {
            "line": self.line,
            "column": self.column,
            **finding_document(self.finding, self.verdict),
            "excerpt": self.excerpt,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a head of the classifier says of a text: how likely, from where on it is a finding, which window, and why.

    `line` and `column` are where the window begins, `end_line` where it ends. `evidence` may quote the text.
    """

    head: str
    score: HeadScore
    threshold: float
    line: int
    column: int
    end_line: int

    def document(self) -> dict[str, object]:
        """Return the explanation as `--json` shows it."""
        place = {"line": self.line, "column": self.column, "end_line": self.end_line}
        return {**_explained(self.score, self.threshold), **place}


def explanations(text: str, result: ScanResult, thresholds: Mapping[str, float]) -> list[Explanation]:
    """Return the explanation of every head's score, by the head's name."""
    found = []
    for head, score in sorted(result.heads.items()):
        before = text.rfind("\n", 0, score.start) + 1
        line = text.count("\n", 0, score.start) + 1
        end_line = line + text.count("\n", score.start, max(score.start, score.end - 1))
        found.append(Explanation(head, score, thresholds[head], line, score.start - before + 1, end_line))
    return found


def explanation_document(result: ScanResult, thresholds: Mapping[str, float]) -> dict[str, object]:
    """Return the explanation of every head's score as machines read it; `start` and `end` count code points."""
    return {head: _explained(score, thresholds[head]) for head, score in sorted(result.heads.items())}


def _explained(score: HeadScore, threshold: float) -> dict[str, object]:
    return {
        "score": score.probability,
        "threshold": threshold,
        "start": score.start,
        "end": score.end,
        "evidence": list(score.evidence),
    }


def places(text: str, result: ScanResult) -> list[Place]:
    """Return the place of every finding of `text`, in order."""
    if not result.findings:
        return []
    starts = [0]
    position = text.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    found = []
    for finding, verdict in zip(result.findings, result.verdicts, strict=True):
        line = bisect_right(starts, finding.start)
        column = finding.start - starts[line - 1] + 1
        found.append(Place(finding, verdict, line, column, excerpt(text, finding)))
    return found


def excerpt(text: str, finding: Finding) -> str:
    """Return what may be shown of a found value."""
    length = finding.end - finding.start
    shown = text[finding.start : finding.start + SHOWN_CHARS]
    telling = finding.category is Category.CREDENTIAL and length >= SHOWN_FROM_CHARS and not finding.views
    if not (telling and shown.isascii() and shown.isprintable()):
        shown = ""
    return f"{shown}... ({length} character{'' if length == 1 else 's'})"


def finding_document(finding: Finding, verdict: Verdict) -> dict[str, object]:
    """Return a finding as machines read it; `start` and `end` count code points."""
    return {
        "detector": finding.detector,
        "rule": finding.rule,
        "category": finding.category.value,
        "severity": finding.severity.name.lower(),
        "score": finding.score,
        "start": finding.start,
        "end": finding.end,
        "views": list(finding.views),
        "effect": verdict.effect.value,
    }


def scores_document(result: ScanResult) -> Mapping[str, float]:
    """Return the scores by the category's name."""
    return {category.value: score for category, score in result.scores.items()}
