"""The inspector: every detector over every segment, with an account of each. The one door of this room.

Owns the compiled detectors and who may be asked for what. Verdicts that were kept stand for those who gave them, at
the version they had. Never raises for content, never judges a text in part: what goes past a bound is a FAILED run.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Segment
from stockade.core.views import View, open_readings, open_views
from stockade.guard.classifier.classifier import Classifier, HeadScore
from stockade.guard.detectors.detector import (
    AnswerDetector,
    ComparingDetector,
    Detector,
    PatternDetector,
    Reads,
    ScoreDetector,
    TextDetector,
)
from stockade.guard.detectors.looking import Accounts, Looking
from stockade.guard.detectors.matching import Matcher
from stockade.guard.detectors.scanner import Compiled, Scanner
from stockade.guard.detectors.scoring import Scoring
from stockade.guard.detectors.verdicts import History, VerdictCache
from stockade.guard.detectors.work import Tools

Opener = Callable[[str], Iterable[View]]


class Scored(NamedTuple):
    """An inspection with the worst score of every segment by head, found or not."""

    inspection: Inspection
    scores: tuple[Mapping[str, HeadScore], ...]


class Inspector:
    """Detectors, compiled once. Holds no state between inspections but scratch space, accounts and kept verdicts.

    Contract: one Inspector serves any number of threads at once.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        opener: Opener = open_views,
        *,
        classifier: Classifier | None = None,
        readings: Opener = open_readings,
        verdicts: VerdictCache | None = None,
        compiled: Compiled | None = None,
    ) -> None:
        """Compile the patterns of all detectors; those that compare are not asked here (`comparing.py`).

        `opener` makes the views of a text for patterns, `readings` those for the classifier; `verdicts` keeps what
        was found in requests; `compiled` keeps compiled patterns from start to start.
        Fails: ValueError for a score detector whose head no classifier has.
        """
        assert len({detector.id for detector in detectors}) == len(detectors), "two detectors of one id"
        asked = [each for each in detectors if not isinstance(each, ComparingDetector)]
        self._tools = _compiled(sorted(asked, key=lambda each: each.id), opener, classifier, readings, compiled)
        self._accounts = Accounts(self._tools.versions, self._tools.of_scores, tuple(self._tools.of_answers))
        self._verdicts = verdicts
        self._stamp = repr(self._tools.versions).encode()

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Return (id, version) of every detector, in order of the ids; a score detector's names the weights too."""
        return self._tools.versions

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Return the probability from which on each head of the classifier makes a finding."""
        return self._tools.scoring.classifier.thresholds if self._tools.scoring is not None else {}

    def inspect(self, segments: Sequence[Segment], evidence_key: bytes, scope: Scope = Scope.WHOLE) -> Inspection:
        """Return what the detectors found in `segments` and the account of who looked at how many.

        Contract: findings stand in order of segment, start and detector. A detector that fails has no findings and a
        FAILED run that names the exception's type; the others are not touched by it.
        """
        return self._looking(segments, evidence_key, scope).finish()

    def begin(self, segments: Sequence[Segment], evidence_key: bytes, scope: Scope) -> Inspection | Looking:
        """Return the inspection where it is quick; else what is left of it, to be finished in a thread."""
        if scope is Scope.PIECE and (clean := self._glance(segments)) is not None:
            return clean
        looking = self._looking(segments, evidence_key, scope)
        return looking.finish() if looking.begin() else looking

    def score(self, segments: Sequence[Segment], evidence_key: bytes, unsaid: Container[int] = ()) -> Scored:
        """Return an inspection of whole texts with the scores of all segments, whatever their channel.

        `unsaid` are the segments of which nobody said who speaks: they are scored for all heads with equal care.
        """
        looking = Looking(self._tools, self._accounts, segments, evidence_key, Scope.WHOLE, unsaid=unsaid)
        return Scored(looking.finish(), looking.scores())

    def _glance(self, segments: Sequence[Segment]) -> Inspection | None:
        """Return the inspection of pieces in which one scan sees nothing, as of most words of a stream."""
        if self._tools.reads_all:
            return None
        try:
            scan = self._tools.scanner.scan([segment.text for segment in segments])
        except Exception:  # noqa: BLE001 - whoever looks next says what is wrong
            return None
        if scan.hits or scan.encoded or not scan.ascii:
            return None
        return Inspection((), self._accounts.runs(len(segments), Scope.PIECE, {}))

    def _looking(self, segments: Sequence[Segment], evidence_key: bytes, scope: Scope) -> Looking:
        recall = None
        if self._verdicts is not None and scope is Scope.REQUEST:
            recall = partial(History, self._verdicts, segments, evidence_key, self._stamp)
        return Looking(self._tools, self._accounts, segments, evidence_key, scope, recall=recall)


def _compiled(
    detectors: Sequence[Detector],
    opener: Opener,
    classifier: Classifier | None,
    readings: Opener,
    compiled: Compiled | None,
) -> Tools:
    of_patterns = {n: each for n, each in enumerate(detectors) if isinstance(each, PatternDetector)}
    of_texts = {n: each for n, each in enumerate(detectors) if isinstance(each, TextDetector)}
    of_scores = {n: each for n, each in enumerate(detectors) if isinstance(each, ScoreDetector)}
    if of_scores and classifier is None:
        raise ValueError("a detector that goes by scores needs a classifier")
    patterns = [pattern for each in of_patterns.values() for pattern in each.patterns]
    labels = frozenset(pattern.label.encode() for pattern in patterns)
    scored = f"+{classifier.version}" if classifier is not None else ""
    return Tools(
        detectors=tuple(detectors),
        versions=tuple((each.id, each.version + scored * (n in of_scores)) for n, each in enumerate(detectors)),
        patterns=tuple(patterns),
        owners=tuple(n for n, each in of_patterns.items() for _ in each.patterns),
        matchers=tuple(Matcher(pattern, labels) for pattern in patterns),
        scanner=Scanner(patterns, compiled),
        opener=opener,
        of_patterns=tuple(of_patterns),
        through_views=tuple(n for n, each in of_patterns.items() if each.opens_views),
        of_texts=of_texts,
        of_answers={n: each.channels for n, each in of_patterns.items() if isinstance(each, AnswerDetector)},
        reads_all=any(each.reads is Reads.ALL for each in of_texts.values()),
        of_scores=tuple(of_scores),
        scoring=Scoring(classifier, of_scores, readings) if classifier is not None else None,
    )
