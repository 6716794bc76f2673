"""The inspector: every detector over every segment, with an account of each. The one door of this room.

Owns the order of work: one scan of all texts, the second step where it hit, views where a mark of an encoding
stands, text detectors; and the account. Never raises for content, never judges a text in part: what goes past a
bound is a FAILED run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from stockade.core.digests import evidence_digest
from stockade.core.findings import DetectorRun, Finding, Inspection, RunStatus
from stockade.core.limits import FINDINGS_MAX
from stockade.core.segments import Kind, Segment
from stockade.core.views import View, open_views
from stockade.guard.detectors.detector import Detector, PatternDetector, RawFinding, Reads
from stockade.guard.detectors.matching import Matcher
from stockade.guard.detectors.overlaps import without_overlaps
from stockade.guard.detectors.patterns import Pattern
from stockade.guard.detectors.scanner import Scan, Scanner

CLOSED = frozenset({Kind.BINARY, Kind.SEALED})
"""Kinds whose views stay closed: megabytes of base64 that no reader takes for text."""

BATCH_CHARS = 1_000_000
"""Characters of views that are scanned together."""

RUNS_KEPT = 4096
"""Accounts of clean runs kept, one for each number of segments."""


class _Sight(NamedTuple):
    """A text under inspection: the segment it belongs to and the view through which it is seen."""

    segment: int
    view: View | None


class Inspector:
    """Detectors, compiled once. Holds no state between inspections but scratch space and the accounts of clean runs.

    Contract: one Inspector serves any number of threads at once.
    """

    def __init__(self, detectors: Sequence[Detector], opener: Callable[[str], Sequence[View]] = open_views) -> None:
        """Compile the patterns of all detectors; `opener` makes the views of a text."""
        self._detectors = tuple(sorted(detectors, key=lambda detector: detector.id))
        assert len({detector.id for detector in detectors}) == len(detectors), "two detectors of one id"
        self._opener = opener
        patterns: list[Pattern] = []
        self._owners: list[int] = []
        for number, detector in enumerate(self._detectors):
            if isinstance(detector, PatternDetector):
                patterns.extend(detector.patterns)
                self._owners.extend([number] * len(detector.patterns))
        self._patterns = tuple(patterns)
        labels = frozenset(pattern.label.encode() for pattern in patterns)
        self._matchers = [Matcher(pattern, labels) for pattern in patterns]
        self._scanner = Scanner(patterns)
        self._of_patterns = [n for n, each in enumerate(self._detectors) if isinstance(each, PatternDetector)]
        self._through_views = [
            n for n, each in enumerate(self._detectors) if isinstance(each, PatternDetector) and each.opens_views
        ]
        self._reads_all = any(
            not isinstance(each, PatternDetector) and each.reads is Reads.ALL for each in self._detectors
        )
        self._runs: dict[int, tuple[DetectorRun, ...]] = {}

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Return (id, version) of every detector, in order of the ids."""
        return tuple((detector.id, detector.version) for detector in self._detectors)

    def inspect(self, segments: Sequence[Segment], evidence_key: bytes) -> Inspection:
        """Return what every detector found in `segments` and the account of who looked at how many.

        Contract: findings stand in order of segment, start and detector. A detector that fails has no findings and a
        FAILED run that names the exception's type; the others are not touched by it.
        """
        texts = [segment.text for segment in segments]
        work = _Work(self, segments, evidence_key)
        try:
            scan = self._scanner.scan(texts)
        except Exception as error:  # noqa: BLE001 - a guard that fails is an account, whatever the reason
            work.fail(self._of_patterns, error)
            work.read_texts()
            return work.inspection()
        if not scan.hits and not scan.encoded and scan.ascii and not self._reads_all:
            return Inspection((), self._clean(len(segments)))
        work.match(scan, None)
        if self._through_views and (scan.encoded or not scan.ascii):
            work.open_views(scan)
        if self._reads_all or not scan.ascii:
            work.read_texts()
        return work.inspection()

    def _clean(self, segments: int) -> tuple[DetectorRun, ...]:
        """Return the runs of an inspection in which nothing failed."""
        runs = self._runs.get(segments)
        if runs is None:
            if len(self._runs) >= RUNS_KEPT:
                self._runs.clear()
            runs = tuple(
                DetectorRun(detector.id, detector.version, RunStatus.RAN, segments) for detector in self._detectors
            )
            self._runs[segments] = runs
        return runs


class FindingsExceededError(Exception):
    """More findings of one detector than the bound."""


class _Work:
    """One inspection in progress."""

    def __init__(self, inspector: Inspector, segments: Sequence[Segment], key: bytes) -> None:
        self._inspector, self._segments, self._key = inspector, segments, key
        self._detectors = inspector._detectors
        self._found: dict[int, list[Finding]] = {}
        self._failed: dict[int, str] = {}

    def fail(self, numbers: Sequence[int], error: Exception) -> None:
        """Take the findings of some detectors back and keep why."""
        for number in numbers:
            self._failed.setdefault(number, type(error).__name__)
            self._found.pop(number, None)

    def match(self, scan: Scan, sights: Sequence[_Sight] | None) -> None:
        """Run the second step of every pattern that hit; `sights` stand beside the texts, None for the segments."""
        inspector = self._inspector
        for number in sorted(scan.hits):
            owner = inspector._owners[number]
            if owner in self._failed or (sights is not None and owner not in inspector._through_views):
                continue
            pattern = inspector._patterns[number]
            try:
                for index, start, end, value in inspector._matchers[number].matches(scan, scan.hits[number]):
                    sight = _Sight(index, None) if sights is None else sights[index]
                    raw = RawFinding(pattern.rule, pattern.severity, pattern.score, pattern.label, start, end)
                    self._add(owner, raw, sight, value)
            except Exception as error:  # noqa: BLE001 - see `inspect`
                self.fail([owner], error)

    def open_views(self, scan: Scan) -> None:
        """Scan what the encodings in the segments hide; a view past its bound fails every detector that needs views."""
        inspector = self._inspector
        try:
            for batch in self._batches(inspector._scanner.marked(scan)):
                inside = inspector._scanner.scan([sight.view.text for sight in batch if sight.view is not None])
                self.match(inside, batch)
        except Exception as error:  # noqa: BLE001 - see `inspect`
            self.fail(inspector._through_views, error)

    def _batches(self, marked: Iterable[int]) -> Iterator[list[_Sight]]:
        batch: list[_Sight] = []
        chars = 0
        for index in marked:
            segment = self._segments[index]
            if segment.kind in CLOSED:
                continue
            for view in self._inspector._opener(segment.text):
                batch.append(_Sight(index, view))
                chars += len(view.text)
                if chars > BATCH_CHARS:
                    yield batch
                    batch, chars = [], 0
        if batch:
            yield batch

    def read_texts(self) -> None:
        """Call the text detectors, each for the segments it reads."""
        for number, detector in enumerate(self._detectors):
            if isinstance(detector, PatternDetector):
                continue
            try:
                for index, segment in enumerate(self._segments):
                    text = segment.text
                    if detector.reads is Reads.ALL or not text.isascii():
                        for raw in detector.inspect(text):
                            self._add(number, raw, _Sight(index, None), text[raw.start : raw.end])
            except Exception as error:  # noqa: BLE001 - see `inspect`
                self.fail([number], error)

    def _add(self, number: int, raw: RawFinding, sight: _Sight, value: str) -> None:
        row = self._found.setdefault(number, [])
        if len(row) >= FINDINGS_MAX:
            raise FindingsExceededError
        start, end = (raw.start, raw.end) if sight.view is None else sight.view.span(raw.start, raw.end)
        detector = self._detectors[number]
        row.append(
            Finding(
                detector=detector.id,
                version=detector.version,
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

    def inspection(self) -> Inspection:
        """Return what came of it."""
        count = len(self._segments)
        if not self._failed and not self._found:
            return Inspection((), self._inspector._clean(count))
        runs = tuple(
            DetectorRun(each.id, each.version, RunStatus.FAILED, 0, self._failed[number])
            if number in self._failed
            else DetectorRun(each.id, each.version, RunStatus.RAN, count)
            for number, each in enumerate(self._detectors)
        )
        findings = [finding for row in self._found.values() for finding in without_overlaps(row)]
        findings.sort(key=lambda finding: (finding.segment, finding.start, finding.detector))
        return Inspection(tuple(findings), runs)
