"""The work of one inspection: every detector over texts that nobody has judged yet, and what failed of it.

Owns the order: one scan of all texts, the second step where it hit, views where a mark of an encoding stands, text
detectors, the classifier's cheap stage; then, apart, its closer look. A detector that fails has no findings and a
reason; the others are not touched by it. Never raises for content, never judges a text in part.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stockade.core.digests import evidence_digest
from stockade.core.findings import Finding
from stockade.core.limits import FINDINGS_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.core.views import View
from stockade.guard.classifier.classifier import Scores
from stockade.guard.detectors.detector import Detector, RawFinding, Reads, TextDetector
from stockade.guard.detectors.matching import Matcher
from stockade.guard.detectors.overlaps import without_overlaps
from stockade.guard.detectors.patterns import Pattern
from stockade.guard.detectors.scanner import Scan, Scanner
from stockade.guard.detectors.scoring import Passage, Scoring
from stockade.guard.detectors.verdicts import Run

CLOSED = frozenset({Kind.BINARY, Kind.SEALED})
"""Kinds whose views stay closed: megabytes of base64 that no reader takes for text."""

BATCH_CHARS = 1_000_000
"""Characters of views that are scanned together."""


class FindingsExceededError(Exception):
    """More findings of one detector than the bound."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The detectors as they were compiled.

    Numbers are places in `detectors`, beside which `versions` stand, as `matchers` and `owners` beside `patterns`.
    """

    detectors: tuple[Detector, ...]
    versions: tuple[tuple[str, str], ...]
    patterns: tuple[Pattern, ...]
    owners: tuple[int, ...]
    matchers: tuple[Matcher, ...]
    scanner: Scanner
    opener: Callable[[str], Iterable[View]]
    of_patterns: tuple[int, ...]
    through_views: tuple[int, ...]
    of_answers: Mapping[int, frozenset[Channel]]
    of_texts: Mapping[int, TextDetector]
    reads_all: bool
    of_scores: tuple[int, ...]
    scoring: Scoring | None


class _Sight(NamedTuple):
    """A text under inspection: the segment it belongs to and the view through which it is seen."""

    segment: int
    view: View | None


class Work:
    """One inspection in progress over `segments`, all of them new."""

    __slots__ = ("_first", "_found", "_key", "_passages", "_request", "_segments", "_tools", "failed", "scores")

    def __init__(self, tools: Tools, segments: Sequence[Segment], key: bytes, *, request: bool = False) -> None:
        """Start with nothing found; `key` names found values. In a request no detector of answers is asked."""
        self._request = request
        self._tools, self._segments, self._key = tools, segments, key
        self._found: dict[int, list[Finding]] = {}
        self._passages: list[Passage] = []
        self._first: list[Scores | None] = []
        self.failed: dict[int, str] = {}
        self.scores: list[tuple[Passage, Scores]] = []

    @property
    def chars(self) -> int:
        """Return how many characters there are to look at."""
        return sum([len(segment.text) for segment in self._segments])

    @property
    def needs_closer_look(self) -> bool:
        """Say whether the cheap stage left texts for the closer look."""
        return any(scores is None for scores in self._first)

    def look_at_form(self) -> None:
        """Run the pattern and the text detectors."""
        tools = self._tools
        try:
            scan = tools.scanner.scan([segment.text for segment in self._segments])
        except Exception as error:  # noqa: BLE001 - a guard that fails is an account, whatever the reason
            self._fail(tools.of_patterns, error)
            self._read_texts()
            return
        if scan.hits:
            self._match(scan, None)
        if tools.through_views and (scan.encoded or not scan.ascii):
            self._open_views(scan)
        if tools.of_texts and (tools.reads_all or not scan.ascii):
            self._read_texts()

    def look_at_meaning(self, runs: Iterable[Run], unsaid: Container[int] | None = None) -> None:
        """Run the classifier's cheap stage; `unsaid` as for `Scoring.passages`."""
        scoring = self._tools.scoring
        if scoring is None:
            return
        try:
            self._passages = scoring.passages(self._segments, runs, unsaid)
            self._first = scoring.first(self._passages)
        except Exception as error:  # noqa: BLE001 - see `look_at_form`
            self._fail(self._tools.of_scores, error)

    def look_closer(self) -> None:
        """Run the classifier's second stage where the first asked for it; turn scores into findings."""
        scoring = self._tools.scoring
        if scoring is None or not self._passages:
            return
        try:
            scores = scoring.second(self._passages, self._first)
            for seen in scoring.findings(self._segments, self._passages, scores):
                self._add(seen.detector, seen.raw, _Sight(seen.segment, seen.view), seen.value)
            self.scores = list(zip(self._passages, scores, strict=True))
        except Exception as error:  # noqa: BLE001 - see `look_at_form`
            self._fail(self._tools.of_scores, error)

    def findings(self) -> list[Finding]:
        """Return what was found by the detectors that did not fail."""
        return [finding for row in self._found.values() for finding in without_overlaps(row)]

    def _fail(self, numbers: Iterable[int], error: Exception) -> None:
        """Take the findings of some detectors back and keep why."""
        for number in numbers:
            self.failed.setdefault(number, type(error).__name__)
            self._found.pop(number, None)

    def _match(self, scan: Scan, sights: Sequence[_Sight] | None) -> None:
        """Run the second step of every pattern that hit; `sights` stand beside the texts, None for the segments."""
        tools = self._tools
        for number in sorted(scan.hits):
            owner = tools.owners[number]
            if owner in self.failed or (sights is not None and owner not in tools.through_views):
                continue
            channels = tools.of_answers.get(owner)
            if channels is not None and self._request:
                continue
            pattern = tools.patterns[number]
            try:
                for index, start, end, value in tools.matchers[number].matches(scan, scan.hits[number]):
                    sight = _Sight(index, None) if sights is None else sights[index]
                    if channels is not None and self._segments[sight.segment].channel not in channels:
                        continue
                    raw = RawFinding(pattern.rule, pattern.severity, pattern.score, pattern.label, start, end)
                    self._add(owner, raw, sight, value)
            except Exception as error:  # noqa: BLE001 - see `look_at_form`
                self._fail([owner], error)

    def _open_views(self, scan: Scan) -> None:
        """Scan what the encodings in the segments hide; a view past its bound fails every detector that needs views."""
        scanner = self._tools.scanner
        try:
            for batch in self._batches(scanner.marked(scan)):
                inside = scanner.scan([sight.view.text for sight in batch if sight.view is not None])
                self._match(inside, batch)
        except Exception as error:  # noqa: BLE001 - see `look_at_form`
            self._fail(self._tools.through_views, error)

    def _batches(self, marked: Iterable[int]) -> Iterator[list[_Sight]]:
        batch: list[_Sight] = []
        chars = 0
        for index in marked:
            segment = self._segments[index]
            if segment.kind in CLOSED:
                continue
            for view in self._tools.opener(segment.text):
                batch.append(_Sight(index, view))
                chars += len(view.text)
                if chars > BATCH_CHARS:
                    yield batch
                    batch, chars = [], 0
        if batch:
            yield batch

    def _read_texts(self) -> None:
        """Call the text detectors, each for the segments it reads."""
        for number, detector in self._tools.of_texts.items():
            try:
                for index, segment in enumerate(self._segments):
                    text = segment.text
                    if detector.reads is Reads.ALL or not text.isascii():
                        for raw in detector.inspect(text):
                            self._add(number, raw, _Sight(index, None), text[raw.start : raw.end])
            except Exception as error:  # noqa: BLE001 - see `look_at_form`
                self._fail([number], error)

    def _add(self, number: int, raw: RawFinding, sight: _Sight, value: str) -> None:
        row = self._found.setdefault(number, [])
        if len(row) >= FINDINGS_MAX:
            raise FindingsExceededError
        start, end = (raw.start, raw.end) if sight.view is None else sight.view.span(raw.start, raw.end)
        detector = self._tools.detectors[number]
        row.append(
            Finding(
                detector=detector.id,
                version=self._tools.versions[number][1],
                rule=raw.rule,
                category=detector.category,
                severity=raw.severity,
                score=raw.score,
                segment=sight.segment,
                start=start,
                end=end,
                label=raw.label,
                evidence=evidence_digest(self._key, raw.rule, value),
                views=() if sight.view is None else tuple(sight.view.chain),
            )
        )
