"""Comparing: the detectors that hold an answer against the request it answers, over all texts of one exchange.

Owns one watch for each such detector, and the account of who looked. Made when the first text of an answer is judged.
Never raises for content: a detector that fails has no findings and a FAILED run that names the exception's type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from stockade.core.digests import evidence_digest
from stockade.core.findings import DetectorRun, Finding, RunStatus
from stockade.core.limits import FINDINGS_MAX
from stockade.core.segments import Kind, Segment
from stockade.core.views import View, open_views
from stockade.guard.detectors.detector import ComparingDetector, Watch

ENCODED_CHARS_MIN = 24
"""A text without a run of so many characters, and without an escape, has no views that a comparison needs."""

_CLOSED = frozenset({Kind.BINARY, Kind.SEALED})
_ESCAPES = "%\\&"


class Comparison:
    """One exchange's comparisons. Used by one thread at a time."""

    __slots__ = ("_failed", "_found", "_key", "_opener", "_seen", "_watches", "detectors")

    def __init__(
        self,
        detectors: Sequence[ComparingDetector],
        request: Sequence[Segment],
        evidence_key: bytes,
        opener: Callable[[str], Iterable[View]] = open_views,
    ) -> None:
        """Index what the detectors compare with; `opener` makes the views of a text."""
        self.detectors = tuple(detectors)
        self._key, self._opener, self._seen, self._found = evidence_key, opener, 0, 0
        self._failed: dict[str, str] = {}
        self._watches: list[tuple[ComparingDetector, Watch]] = []
        for detector in detectors:
            try:
                watch = detector.watch(request)
            except Exception as error:  # noqa: BLE001 - a guard that fails is an account, whatever the reason
                self._failed[detector.id] = type(error).__name__
                continue
            if watch is not None:
                self._watches.append((detector, watch))

    @property
    def runs(self) -> tuple[DetectorRun, ...]:
        """Return the account of every detector over the texts so far."""
        return tuple(
            DetectorRun(each.id, each.version, RunStatus.FAILED, 0, self._failed[each.id])
            if each.id in self._failed
            else DetectorRun(each.id, each.version, RunStatus.RAN, self._seen)
            for each in self.detectors
        )

    @property
    def failed(self) -> tuple[DetectorRun, ...]:
        """Return the runs that did not end well."""
        return tuple(run for run in self.runs if run.status is not RunStatus.RAN) if self._failed else ()

    def look(self, segments: Sequence[Segment], contexts: Sequence[int]) -> list[Finding]:
        """Return what the next texts complete, in order; of each the first `contexts` characters were read before."""
        self._seen += len(segments)
        found: list[Finding] = []
        for detector, watch in self._watches:
            try:
                for number, segment in enumerate(segments):
                    if segment.kind not in _CLOSED:
                        found += self._read(detector, watch, number, segment, contexts[number])
            except Exception as error:  # noqa: BLE001 - see above
                self._failed[detector.id] = type(error).__name__
        self._found += len(found)
        if self._found > FINDINGS_MAX:
            self._failed.update({detector.id: "FindingsExceededError" for detector, _ in self._watches})
        return found

    def _read(
        self, detector: ComparingDetector, watch: Watch, number: int, segment: Segment, context: int
    ) -> list[Finding]:
        text = segment.text[context:]
        views = self._opener(text) if _may_be_encoded(text) else ()
        thinking = segment.kind is Kind.THINKING
        return [
            Finding(
                detector=detector.id,
                version=detector.version,
                rule=raw.rule,
                category=detector.category,
                severity=raw.severity,
                score=raw.score,
                segment=number,
                start=raw.start + context,
                end=raw.end + context,
                label=raw.label,
                evidence=evidence_digest(self._key, raw.rule, watch.subject),
                views=chain,
            )
            for raw, chain in watch.read((segment.path, segment.inner), text, tuple(views), thinking=thinking)
        ]


def _may_be_encoded(text: str) -> bool:
    """Say whether a text may hold encodings: most words of a stream may not."""
    if len(text) < ENCODED_CHARS_MIN:
        return any(mark in text for mark in _ESCAPES)
    return any(mark in text for mark in _ESCAPES) or max(map(len, text.split()), default=0) >= ENCODED_CHARS_MIN
