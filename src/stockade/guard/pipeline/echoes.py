"""Echoes: a value that was found once is found wherever else the same request says it, under the same name.

Detectors read a value in its place: a card's number inside a path, or a key without the word before it, is nothing to
them. But a stand-in that a model puts into a path comes back to the client as the value, and returns with the history
in the next turn. Without this it would leave then, and the vendor's prompt cache would be lost with it.
Never finds a value that no detector saw in this request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stockade.core.errors import GuardFailedError
from stockade.core.findings import VALUES, Finding
from stockade.core.limits import FINDINGS_MAX
from stockade.core.segments import Segment

ECHO_CHARS_MIN = 8
"""Shorter values are words by chance too often to be looked for without their place."""

ECHO_SCORE_MIN = 0.5
"""Guesses are not repeated; the built-in policy acts from this score on."""


def with_echoes(findings: Sequence[Finding], segments: Sequence[Segment]) -> Sequence[Finding]:
    """Return the findings, those of one value under its first label, and one for each further place of a value.

    Contract: in order of segment and start. Only text that can be edited is searched. Fails: GuardFailedError past
    FINDINGS_MAX.
    """
    first: dict[str, Finding] = {}
    places: dict[str, set[tuple[int, int]]] = {}
    named: list[Finding] = []
    for finding in findings:
        if finding.category not in VALUES or finding.score < ECHO_SCORE_MIN:
            named.append(finding)
            continue
        value = segments[finding.segment].text[finding.start : finding.end]
        places.setdefault(value, set()).add((finding.segment, finding.start))
        known = first.setdefault(value, finding)
        named.append(finding if finding.label == known.label else replace(finding, label=known.label))
    values = {value: found for value, found in first.items() if len(value) >= ECHO_CHARS_MIN}
    if not values:
        return named
    taken: dict[int, list[tuple[int, int]]] = {}
    for finding in named:
        taken.setdefault(finding.segment, []).append((finding.start, finding.end))
    echoes: list[Finding] = []
    # One search over all texts says of most values that they stand nowhere else.
    joined = "\n".join([segment.text for segment in segments])
    for value, found in values.items():
        if joined.count(value) > len(places[value]):
            echoes.extend(_places(value, found, segments, taken))
            if len(named) + len(echoes) > FINDINGS_MAX:
                raise GuardFailedError("The request says more confidential values than the gate judges.")
    return sorted([*named, *echoes], key=lambda finding: (finding.segment, finding.start)) if echoes else named


def _places(
    value: str, found: Finding, segments: Sequence[Segment], taken: dict[int, list[tuple[int, int]]]
) -> Iterator[Finding]:
    """Yield a finding for each place where `value` stands for itself and nothing was found yet."""
    for number, segment in enumerate(segments):
        text = segment.text
        start = text.find(value) if segment.editable else -1
        while start >= 0:
            end = start + len(value)
            alone = not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
            if alone and all(end <= a or b <= start for a, b in taken.get(number, ())):
                taken.setdefault(number, []).append((start, end))
                yield replace(found, segment=number, start=start, end=end, views=())
            start = text.find(value, end)
