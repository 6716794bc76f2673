"""Cleanse: the obligations of policy, carried out on segments.

Owns what stands in place of found text and how findings that overlap are made one. Never decides an effect, and never
leaves half of a value: findings that overlap are replaced as one span, so that the way back is exact as well.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from stockade.core.decisions import STRENGTH, Effect, Verdict
from stockade.core.edits import Edit, apply, settle
from stockade.core.findings import Category, Finding
from stockade.core.segments import Kind, Segment
from stockade.guard.transforms.pseudonyms import Pseudonymiser, find, readings

TEXT_EFFECTS = frozenset({Effect.PSEUDONYMISE, Effect.REDACT, Effect.WITHHOLD})
"""The effects that change text; the others are the pipeline's."""


@dataclass(frozen=True, slots=True)
class Cleansed:
    """What became of the segments: new texts by segment index, the map entries to remember (stand-in to value).

    `unmet` are the indexes of findings whose text must change and cannot: the exchange may not go on.
    """

    texts: dict[int, str]
    entries: dict[str, str]
    unmet: tuple[int, ...]

    def __repr__(self) -> str:
        """Name sizes, never content."""
        return f"Cleansed(texts={len(self.texts)}, entries={len(self.entries)}, unmet={self.unmet})"


def cleanse(
    segments: Sequence[Segment],
    findings: Sequence[Finding],
    verdicts: Sequence[Verdict],
    pseudonymiser: Pseudonymiser,
    *,
    from_vendor: Container[int] = (),
    known: Container[str] = (),
) -> Cleansed:
    """Return the segments' new texts.

    Contract: `verdicts` stand beside `findings`. `from_vendor` holds the indexes of findings whose origin is the
    vendor: in a thinking block those need no edit, the vendor wrote them. `known` holds the tenant's stand-ins: a
    finding inside one (an answer that came back unrestored) is left alone.
    """
    assert len(findings) == len(verdicts), "each finding has its verdict"
    owed: dict[int, list[int]] = {}
    unmet: list[int] = []
    for index, (finding, verdict) in enumerate(zip(findings, verdicts, strict=True)):
        if verdict.effect not in TEXT_EFFECTS:
            continue
        segment = segments[finding.segment]
        assert 0 <= finding.start <= finding.end <= len(segment.text), "a finding lies inside its segment"
        if segment.editable:
            owed.setdefault(finding.segment, []).append(index)
        elif not (segment.kind is Kind.THINKING and index in from_vendor):
            unmet.append(index)
    texts: dict[int, str] = {}
    entries: dict[str, str] = {}
    for number, indexes in owed.items():
        text = segments[number].text
        new = _rewrite(text, [(findings[i], verdicts[i].effect) for i in indexes], pseudonymiser, known, entries)
        if new != text:
            texts[number] = new
    return Cleansed(texts, entries, tuple(unmet))


def redaction(label: str) -> str:
    """Return what stands in place of redacted text."""
    return f"[REDACTED:{label}]"


def notice(evidence: str) -> str:
    """Return what stands in place of a withheld segment: the same words for the same finding in every turn."""
    return f"[Withheld by Stockade: policy does not let this text pass, finding {evidence[:12]}]"


def _rewrite(
    text: str,
    owed: list[tuple[Finding, Effect]],
    pseudonymiser: Pseudonymiser,
    known: Container[str],
    entries: dict[str, str],
) -> str:
    """Return `text` with every owed effect carried out; add what must be remembered to `entries`."""
    owed.sort(key=lambda pair: (pair[0].start, -pair[0].end, pair[0].evidence))
    withheld = [finding for finding, effect in owed if effect is Effect.WITHHOLD]
    if withheld:
        return notice(withheld[0].evidence)
    stand_ins = [real for found in find(text) for real in readings(found) if real.stand_in in known]
    if stand_ins:
        owed = [pair for pair in owed if not any(s.start <= pair[0].start and pair[0].end <= s.end for s in stand_ins)]
    edits: list[Edit] = []
    for start, end, group in _groups(owed):
        # Removing hidden characters is part of replacing what they were hidden in.
        visible = [pair for pair in group if pair[0].category is not Category.HIDDEN_TEXT]
        if not visible and all(effect is Effect.REDACT for _, effect in group):
            edits.append(Edit(start, end, ""))
            continue
        finding, effect = max(visible or group, key=_weight)
        if effect is Effect.REDACT:
            edits.append(Edit(start, end, redaction(finding.label)))
            continue
        stand_in = pseudonymiser.stand_in(finding.label, text[start:end])
        entries[stand_in] = text[start:end]
        edits.append(Edit(start, end, stand_in))
    return apply(text, settle(edits))


def _groups(owed: list[tuple[Finding, Effect]]) -> Iterator[tuple[int, int, list[tuple[Finding, Effect]]]]:
    """Yield spans without overlaps, each with the findings it unites; `owed` is in order of start."""
    start = end = -1
    group: list[tuple[Finding, Effect]] = []
    for pair in owed:
        finding = pair[0]
        if finding.start == finding.end:
            continue
        if group and finding.start < end:
            end = max(end, finding.end)
            group.append(pair)
            continue
        if group:
            yield start, end, group
        start, end, group = finding.start, finding.end, [pair]
    if group:
        yield start, end, group


def _weight(pair: tuple[Finding, Effect]) -> tuple[int, int, float, str]:
    """Rank findings of one span: the strongest effect decides, then the longest, the surest, the label's name."""
    finding, effect = pair
    return STRENGTH[effect], finding.end - finding.start, finding.score, finding.label
