"""The scanner: what the guard would find in a text, and what policy would do about it, as a Python call.

Owns the way from texts to results. Everything that judges lies lower (`guard/`) and is pure; this room adds what a
person at a terminal has and a request has not: a throwaway key and the built-in policy. Never calls a text clean that
a guard did not see whole, and keeps no text.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from stockade.core.decisions import Effect, Verdict, strongest
from stockade.core.errors import GuardFailedError
from stockade.core.facts import Action, CallFacts, FindingFacts, Origin
from stockade.core.findings import Category, DetectorRun, Finding, RunStatus
from stockade.core.segments import Channel, Kind, Segment
from stockade.core.views.opening import ViewLimitError
from stockade.govern.scan.pieces import PIECE_CHARS, pieces
from stockade.govern.scan.selection import Selection, rule_names
from stockade.guard.classifier.classifier import HeadScore
from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.detector import Detector, ScoreDetector
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.scanner import Compiled, HitsExceededError
from stockade.guard.detectors.work import FindingsExceededError
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.transforms.cleanse import cleanse
from stockade.guard.transforms.pseudonyms import Pseudonymiser
from stockade.stores.policy_files import load_policy
from stockade.stores.weights import load_classifier

CALL = CallFacts(tenant="scan", principal="scan", model="scan", dialect="scan", listed=True)
"""What policy is told of the call that a scan stands for; a rule about a tenant, key or model does not fire."""


BOUNDS = frozenset(each.__name__ for each in (FindingsExceededError, HitsExceededError, ViewLimitError))
"""How a detector's run names that a text was too much for one look (not that the detector is broken)."""


class TooMuchError(GuardFailedError):
    """A text that is too much for one look of the guard; the gate would refuse it."""


class Text(NamedTuple):
    """A text to scan and who speaks in it; None is judged as the user's, and scored for every head with equal care."""

    text: str
    channel: Channel | None = None


_PASSAGES = frozenset({Category.HARM, Category.INJECTION, Category.JAILBREAK})


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What one scan found. `verdicts` stand beside `findings`.

    `scores` has the highest score of each category that the detectors know: of a head of the classifier its
    probability, whether it comes to a finding or not; of every other category 0.0 where nothing was found. `heads` are
    the probabilities with their window and evidence, which may quote the text. `effect` is what policy would do with
    the text as a whole.
    """

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    scores: Mapping[Category, float]
    effect: Effect
    heads: Mapping[str, HeadScore]


class Scanner:
    """Detectors, a policy and a selection, made ready once (about a second); then any number of texts."""

    def __init__(
        self,
        *,
        policy: PolicyEngine | None = None,
        side: Action = Action.PROMPT,
        selection: Selection | None = None,
        detectors: Sequence[Detector] | None = None,
        compiled: Compiled | None = None,
    ) -> None:
        """Compile the detectors; without arguments all of them under the built-in policy.

        Fails: ConfigError for a selection that names no rule, and for weights that are not those that were published.
        """
        known = tuple(discover() if detectors is None else detectors)
        self._selection = selection or Selection()
        self._selection.check(rule_names(known))
        scored = any(isinstance(detector, ScoreDetector) for detector in known)
        self._inspector = Inspector(known, classifier=load_classifier() if scored else None, compiled=compiled)
        self._categories = tuple(sorted({detector.category for detector in known}))
        self._policy = policy or load_policy(())
        self._side = Action(side)
        # Evidence and stand-ins are compared inside one run only, so their keys need not outlive it.
        self._evidence_key = secrets.token_bytes(32)
        self._pseudonymiser = Pseudonymiser(secrets.token_bytes(32))

    @property
    def detectors(self) -> tuple[tuple[str, str], ...]:
        """Return (id, version) of every detector."""
        return self._inspector.versions

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Return the probability from which on each head of the classifier makes a finding."""
        return self._inspector.thresholds

    @property
    def policy_digest(self) -> str:
        """Return the digest of the rules that decide."""
        return self._policy.digest

    def scan(self, text: str, channel: Channel | str | None = None) -> ScanResult:
        """Scan one text.

        Fails: GuardFailedError when a detector did not run to its end; ValueError for an unknown channel.
        """
        result = self._scan_one(Text(text, None if channel is None else Channel(channel)))
        if isinstance(result, GuardFailedError):
            raise result
        return result

    def scan_all(self, texts: Sequence[Text]) -> list[ScanResult | GuardFailedError]:
        """Scan several texts in one pass; an error stands in the place of each that could not be scanned.

        Contract: the results are those of scanning each text alone.
        """
        segments = [_segment(text, number) for number, text in enumerate(texts)]
        unsaid = {number for number, text in enumerate(texts) if text.channel is None}
        inspection, heads = self._inspector.score(segments, self._evidence_key, unsaid)
        if _fault(inspection.runs) is not None:  # the bounds hold for a text: find out whose fault it is
            return [self._scan_one(text) for text in texts]
        rows: list[list[Finding]] = [[] for _ in texts]
        for finding in inspection.findings:
            rows[finding.segment].append(replace(finding, segment=0))
        return [self._result(*each) for each in zip(segments, rows, heads, strict=True)]

    def scan_in_pieces(self, text: Text) -> ScanResult | GuardFailedError:
        """Scan a text that is too much for one look, in pieces which see every value whole; for files.

        Contract: `effect` is of the findings; the gate itself would refuse such a text in one message.
        """
        fault: GuardFailedError | None = None
        for chars in PIECE_CHARS:
            found: list[Finding] = []
            worst: dict[str, HeadScore] = {}
            for piece in pieces(text.text, chars):
                segment = _segment(text._replace(text=text.text[piece.start : piece.end]))
                inspection, (heads,) = self._inspector.score([segment], self._evidence_key, _unsaid(text))
                fault = _fault(inspection.runs)
                if fault is not None:
                    break
                for head, score in heads.items():
                    if head not in worst or score.probability > worst[head].probability:
                        worst[head] = score._replace(start=score.start + piece.start, end=score.end + piece.start)
                moved = (
                    replace(each, start=each.start + piece.start, end=each.end + piece.start)
                    for each in inspection.findings
                )
                found.extend(each for each in moved if piece.owned_from <= each.start < piece.owned_to)
            else:
                return self._result(_segment(text), found, worst)
        assert fault is not None, "without a fault there is a result"
        return fault

    def redact(self, text: str, channel: Channel | str | None = None) -> str:
        """Return `text` with every value found replaced by `[REDACTED:LABEL]` and hidden characters removed.

        A passage that steers, evades or harms stays: it is no value, and a text without it is another text.
        Fails: as `scan`.
        """
        return self.redacted(text, self.scan(text, channel))

    def redacted(self, text: str, result: ScanResult) -> str:
        """Return the text that `result` is about with the values found replaced."""
        values = [finding for finding in result.findings if finding.category not in _PASSAGES]
        verdicts = [Verdict(Effect.REDACT)] * len(values)
        cleansed = cleanse([_segment(Text(text))], values, verdicts, self._pseudonymiser)
        return cleansed.texts.get(0, text)

    def _scan_one(self, text: Text) -> ScanResult | GuardFailedError:
        segment = _segment(text)
        inspection, (heads,) = self._inspector.score([segment], self._evidence_key, _unsaid(text))
        return _fault(inspection.runs) or self._result(segment, inspection.findings, heads)

    def _result(self, segment: Segment, findings: Iterable[Finding], heads: Mapping[str, HeadScore]) -> ScanResult:
        kept = tuple(finding for finding in findings if self._selection.keeps(finding))
        scores = dict.fromkeys(self._categories, 0.0)
        for finding in kept:
            scores[finding.category] = max(scores[finding.category], finding.score)
        for head, score in heads.items():
            scores[Category(head)] = max(scores[Category(head)], score.probability)
        verdicts = self._policy.decide(self._side, CALL, [_facts(finding, segment) for finding in kept]).verdicts
        return ScanResult(kept, verdicts, scores, strongest([verdict.effect for verdict in verdicts]), heads)


def _unsaid(text: Text) -> set[int]:
    return {0} if text.channel is None else set()


def _segment(text: Text, number: int = 0) -> Segment:
    # Each text is a message of its own: those of one message are judged together.
    return Segment(
        path=(number,), text=text.text, role="", channel=text.channel or Channel.USER, kind=Kind.TEXT, token=0
    )


def _facts(finding: Finding, segment: Segment) -> FindingFacts:
    return FindingFacts(
        detector=finding.detector,
        rule=finding.rule,
        category=finding.category,
        severity=int(finding.severity),
        score=round(finding.score * 1000),
        channel=segment.channel,
        kind=segment.kind,
        editable=segment.editable,
        encoded=bool(finding.views),
        origin=Origin.NEW,
    )


def _fault(runs: Sequence[DetectorRun]) -> GuardFailedError | None:
    """Return what to say when not every detector saw everything."""
    if not runs:
        return GuardFailedError("No detector ran.")
    failed = [run for run in runs if run.status is not RunStatus.RAN]
    if not failed:
        return None
    kind = TooMuchError if all(run.reason in BOUNDS for run in failed) else GuardFailedError
    run = failed[0]
    return kind(f"The detector {run.detector} did not run to its end ({run.status}: {run.reason}).")
