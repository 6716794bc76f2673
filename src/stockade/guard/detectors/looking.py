"""Looking: one inspection from its beginning to its account, with a place to rest in between.

Owns what is recalled, what is looked at, what is kept, and the account of who looked. Up to the resting place an
inspection is quick and done where it is asked for; what is left may be done in a thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from stockade.core.findings import DetectorRun, Finding, Inspection, RunStatus, Scope
from stockade.core.limits import FINDINGS_MAX, INLINE_BYTES_MAX, INLINE_CHARS_MAX
from stockade.core.segments import Segment
from stockade.guard.classifier.classifier import HeadScore
from stockade.guard.detectors.verdicts import History, Run, messages
from stockade.guard.detectors.work import FindingsExceededError, Tools, Work

RUNS_KEPT = 4096
"""Accounts of clean runs kept, one for each number of segments and scope."""


class Accounts:
    """Who looked: the runs of the detectors that a scope asks for."""

    __slots__ = ("_clean", "_of_answers", "_of_scores", "_versions")

    def __init__(
        self, versions: Sequence[tuple[str, str]], of_scores: Sequence[int], of_answers: Sequence[int]
    ) -> None:
        """Know all detectors, which of them go by scores, and which are asked about answers alone."""
        self._versions, self._of_scores = tuple(versions), frozenset(of_scores)
        self._of_answers = frozenset(of_answers)
        self._clean: dict[tuple[int, Scope], tuple[DetectorRun, ...]] = {}

    def runs(self, count: int, scope: Scope, failed: Mapping[int, str]) -> tuple[DetectorRun, ...]:
        """Return the runs over `count` segments; `failed` says why by a detector's number."""
        if failed:
            return tuple(
                DetectorRun(*self._versions[n], RunStatus.FAILED, 0, failed[n])
                if n in failed
                else DetectorRun(*self._versions[n], RunStatus.RAN, count)
                for n in self._looking(scope)
            )
        runs = self._clean.get((count, scope))
        if runs is None:
            if len(self._clean) >= RUNS_KEPT:
                self._clean.clear()
            runs = tuple(DetectorRun(*self._versions[n], RunStatus.RAN, count) for n in self._looking(scope))
            self._clean[(count, scope)] = runs
        return runs

    def timed_out(self, count: int, scope: Scope, reason: str, *, looked: bool) -> tuple[DetectorRun, ...]:
        """Return the runs of an inspection that was given up; `looked` says that only the closer look was missing."""
        return tuple(
            DetectorRun(*self._versions[n], RunStatus.RAN, count)
            if looked and n not in self._of_scores
            else DetectorRun(*self._versions[n], RunStatus.TIMED_OUT, 0, reason)
            for n in self._looking(scope)
        )

    def _looking(self, scope: Scope) -> list[int]:
        meaning = scope is Scope.PASSAGE
        return [
            n
            for n in range(len(self._versions))
            if (scope is not Scope.REQUEST or n not in self._of_answers)
            and (scope in (Scope.WHOLE, Scope.REQUEST) or (n in self._of_scores) is meaning)
        ]


class Looking:
    """One inspection of `segments`. Used by one thread at a time; `timed_out` may be asked by another meanwhile."""

    __slots__ = (
        "_accounts",
        "_history",
        "_key",
        "_looked",
        "_numbers",
        "_recall",
        "_runs",
        "_scope",
        "_segments",
        "_tools",
        "_unsaid",
        "_work",
    )  # fmt: skip

    def __init__(
        self,
        tools: Tools,
        accounts: Accounts,
        segments: Sequence[Segment],
        evidence_key: bytes,
        scope: Scope,
        *,
        recall: Callable[[], History] | None = None,
        unsaid: Container[int] | None = None,
    ) -> None:
        """Look at nothing yet. `recall` says what is known already; `unsaid` is as for `Scoring.passages`."""
        self._tools, self._accounts, self._segments, self._scope = tools, accounts, segments, scope
        self._key, self._recall, self._unsaid = evidence_key, recall, unsaid
        self._history: History | None = None
        self._numbers: Sequence[int] = range(len(segments))
        self._runs: list[Run] = []
        self._work: Work | None = None
        self._looked = False

    def begin(self) -> bool:
        """Do what is quick; say whether that was all, so that `finish` is quick too."""
        chars = sum([len(segment.text) for segment in self._segments])
        if chars > INLINE_BYTES_MAX:
            return False
        work = self._begun()
        if work.chars > INLINE_CHARS_MAX:
            return False
        self._look(work)
        return not work.needs_closer_look

    def finish(self) -> Inspection:
        """Do what is left and return what came of it."""
        work = self._begun()
        self._look(work)
        work.look_closer()
        return self._inspection(work)

    def timed_out(self, reason: str) -> Inspection:
        """Return the account of an inspection that is not waited for any longer."""
        return Inspection((), self._accounts.timed_out(len(self._segments), self._scope, reason, looked=self._looked))

    def scores(self) -> tuple[Mapping[str, HeadScore], ...]:
        """Return the worst score of every segment by head, after `finish`; empty where the segment has no text."""
        worst: list[dict[str, HeadScore]] = [{} for _ in self._segments]
        for passage, scores in self._begun().scores:
            for part in passage.parts:
                row = worst[self._numbers[part.segment]]
                length = len(self._segments[self._numbers[part.segment]].text)
                for head, score in scores.items():
                    if head not in row or score.probability > row[head].probability:
                        start, end = max(score.start - part.start, 0), score.end - part.start
                        if passage.view is not None:
                            start, end = passage.view.span(start, end)
                        row[head] = score._replace(start=min(start, length), end=max(0, min(end, length)))
        return tuple(worst)

    def _begun(self) -> Work:
        """Return the work over what is new, after recalling what is not."""
        if self._work is not None:
            return self._work
        whole = Run(0, len(self._segments))
        if self._recall is None:
            self._runs = list(messages(self._segments, whole))
        else:
            self._history = self._recall()
            self._runs = self._history.new
        if self._history is not None and self._history.known:
            self._numbers = [n for run in self._runs for n in range(run.start, run.end)]
            segments = [self._segments[n] for n in self._numbers]
            start = 0
            for place, run in enumerate(self._runs):
                self._runs[place] = Run(start, start + run.end - run.start)
                start = self._runs[place].end
        else:
            segments = list(self._segments)
        self._work = Work(self._tools, segments, self._key, request=self._scope is Scope.REQUEST)
        return self._work

    def _look(self, work: Work) -> None:
        if self._looked:
            return
        if not work.chars:
            self._looked = True
            return
        if self._scope is not Scope.PASSAGE:
            work.look_at_form()
        if self._scope is not Scope.PIECE:
            work.look_at_meaning(self._runs, self._unsaid)
        self._looked = True

    def _inspection(self, work: Work) -> Inspection:
        found = [replace(each, segment=self._numbers[each.segment]) for each in work.findings()]
        failed = dict(work.failed)
        if self._history is not None:
            known = [
                replace(each, segment=each.segment + run.start) for run, kept in self._history.known for each in kept
            ]
            if known:
                found += known
                found = _bounded(found, self._tools, failed)
        found.sort(key=lambda finding: (finding.segment, finding.start, finding.detector))
        if self._history is not None and not failed:
            self._history.keep(found)
        return Inspection(tuple(found), self._accounts.runs(len(self._segments), self._scope, failed))


def _bounded(found: Sequence[Finding], tools: Tools, failed: dict[int, str]) -> list[Finding]:
    """Return findings of detectors that stay within FINDINGS_MAX and did not fail; add the others to `failed`."""
    counts = Counter(finding.detector for finding in found)
    gone: set[str] = set()
    for number, (name, _) in enumerate(tools.versions):
        if counts[name] > FINDINGS_MAX:
            failed.setdefault(number, FindingsExceededError.__name__)
        if number in failed:
            gone.add(name)
    return [finding for finding in found if finding.detector not in gone]
