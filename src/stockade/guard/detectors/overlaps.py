"""Overlaps: of several findings of one detector on the same characters, which stay.

Owns the order: the more specific (higher score), then seen through fewer views, then the longer, then the earlier.
A finding goes only when those that stay cover every character of it; one that reaches past them stays beside them, so
that its other part is replaced as well (guard/transforms unites what overlaps). Never compares detectors.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from stockade.core.findings import Finding


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of one detector that stay, in order of segment and start.

    Contract: each that goes is covered by those that stay; none that stays was covered by better ones.
    """
    kept: list[Finding] = []
    covered: dict[int, list[tuple[int, int]]] = {}
    for finding in sorted(findings, key=_rank):
        row = covered.setdefault(finding.segment, [])
        if _cover(row, finding.start, finding.end):
            kept.append(finding)
    return sorted(kept, key=lambda finding: (finding.segment, finding.start, finding.end))


def _cover(row: list[tuple[int, int]], start: int, end: int) -> bool:
    """Add [start, end) to the covered spans, which stay in order and apart; say whether any of it was new."""
    first = bisect_left(row, (start,))
    if first > 0 and row[first - 1][1] >= start:
        first -= 1
    last = first
    while last < len(row) and row[last][0] <= end:
        last += 1
    touched = row[first:last]
    if any(low <= start and end <= high for low, high in touched):
        return False
    del row[first:last]
    insort(row, (min([start, *(low for low, _ in touched)]), max([end, *(high for _, high in touched)])))
    return True


def _rank(finding: Finding) -> tuple[float, int, int, int, int, str]:
    length = finding.end - finding.start
    return (-finding.score, len(finding.views), -length, finding.segment, finding.start, finding.rule)
