"""Scoring: the classifier over the texts of a request, and what score detectors make of its scores.

Owns which texts are read together (those of one message and channel, as the model reads them, and each of their other
readings alone), the order of the two stages, and the way from a window back to segments. Never decides what is likely.
The worst window speaks for a text, so where a text of several segments is found, what is left of it is looked at
again without the segments of that window: a second attack beside the first must not hide behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from stockade.core.limits import CLASSIFIED_ROUNDS_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.core.views import View
from stockade.guard.classifier.classifier import Asked, Classifier, HeadScore, Scores
from stockade.guard.detectors.detector import RawFinding, ScoreDetector
from stockade.guard.detectors.verdicts import Run

UNREAD = frozenset({Kind.BINARY, Kind.SEALED, Kind.THINKING})
"""Kinds without meaning to judge, and the model's own thoughts: it thinks about attacks while it turns them down."""

CHARS_MIN = 24
"""A text of fewer characters makes no finding: it is hardly an attack, and what the classifier says of it is chance."""

JOINT = "\n"
"""Stands between the segments of one text."""


class Part(NamedTuple):
    """A segment in a text: its number, and where in the text it begins."""

    segment: int
    start: int


class Passage(NamedTuple):
    """A text that is scored: the parts it is made of, and the view through which its one segment is seen.

    `said` is false where nobody said who speaks: it is scored for all heads, and found as if `channel` spoke.
    """

    text: str
    channel: Channel
    parts: tuple[Part, ...]
    view: View | None = None
    said: bool = True

    @property
    def asked(self) -> Asked:
        """Return what the classifier is asked."""
        return self.text, self.channel if self.said else None


class Seen(NamedTuple):
    """A finding of a score detector in one segment. `start` and `end` of `raw` are code points of the segment."""

    detector: int
    segment: int
    raw: RawFinding
    value: str
    view: View | None


class Scoring:
    """The score detectors and the classifier that they go by."""

    def __init__(
        self,
        classifier: Classifier,
        detectors: Mapping[int, ScoreDetector],
        opener: Callable[[str], Iterable[View]],
    ) -> None:
        """Keep the detectors under their numbers; `opener` makes the other readings of a text.

        Fails: ValueError for a detector whose head the classifier has not.
        """
        for each in detectors.values():
            if each.head not in classifier.heads:
                raise ValueError(f"{each.id} asks for the head {each.head}, which the classifier has not")
        self.classifier = classifier
        self._detectors = dict(detectors)
        self._opener = opener
        self._channels = frozenset(channel for each in detectors.values() for channel in each.channels)

    def passages(
        self, segments: Sequence[Segment], runs: Iterable[Run], unsaid: Container[int] | None = None
    ) -> list[Passage]:
        """Return the texts to score.

        Without `unsaid` those in whose channel a detector looks; with it all, and it names the segments of which nobody
        said who speaks. Fails: ViewLimitError.
        """
        found: list[Passage] = []
        for run in runs:
            numbers = [n for n in range(run.start, run.end) if self._reads(segments[n], every=unsaid is not None)]
            for channel, group in groupby(numbers, key=lambda n: segments[n].channel):
                found.append(_joined(segments, channel, group))
            for number in numbers:
                segment = segments[number]
                found.extend(
                    Passage(view.text, segment.channel, (Part(number, 0),), view)
                    for view in self._opener(segment.text)
                    if view.text
                )
        if unsaid is None:
            return [each for each in found if len(each.text) >= CHARS_MIN]
        return [each._replace(said=all(part.segment not in unsaid for part in each.parts)) for each in found]

    def first(self, passages: Sequence[Passage]) -> list[Scores | None]:
        """Return the scores of what the cheap stage clears, None for each text that needs the closer look."""
        return self.classifier.first([each.asked for each in passages]) if passages else []

    def second(self, passages: Sequence[Passage], first: Sequence[Scores | None]) -> list[Scores]:
        """Return the scores of all texts, after the closer look where the first stage asked for it."""
        asked = [each for each, scores in zip(passages, first, strict=True) if scores is None]
        closer = iter(self.classifier.second([each.asked for each in asked]) if asked else [])
        return [next(closer) if scores is None else scores for scores in first]

    def findings(
        self, segments: Sequence[Segment], passages: Sequence[Passage], scored: Sequence[Scores]
    ) -> Iterator[Seen]:
        """Yield what the scores come to; `scored` stands beside `passages`."""
        for passage, scores in zip(passages, scored, strict=True):
            yield from self._found(segments, passage, scores)

    def _reads(self, segment: Segment, *, every: bool) -> bool:
        text = segment.text
        if not text or text.isspace() or segment.kind in UNREAD:
            return False
        if segment.kind is Kind.IDENTIFIER and (len(text) < CHARS_MIN or " " not in text):
            return False
        return every or segment.channel in self._channels

    def _found(self, segments: Sequence[Segment], passage: Passage, scores: Scores) -> Iterator[Seen]:
        """Yield the findings of one text, round by round until nothing is found in what is left of it."""
        for number in range(CLASSIFIED_ROUNDS_MAX + 1):
            if len(passage.text) < CHARS_MIN:
                return
            rest = passage.parts
            for owner, score in self._sure(passage.channel, scores):
                whole = number == CLASSIFIED_ROUNDS_MAX
                start, end = (0, len(passage.text)) if whole else (score.start, max(score.end, score.start + 1))
                for seen in self._placed(segments, passage, owner, score.probability, start, end):
                    rest = tuple(part for part in rest if part.segment != seen.segment)
                    yield seen
            if len(rest) == len(passage.parts) or not rest:
                return
            passage = _joined(segments, passage.channel, [part.segment for part in rest])
            scores = self.second([passage], self.first([passage]))[0]

    def _sure(self, channel: Channel, scores: Scores) -> Iterator[tuple[int, HeadScore]]:
        for number, each in self._detectors.items():
            score = scores[each.head]
            if channel in each.channels and score.probability >= self.classifier.thresholds[each.head]:
                yield number, score

    def _placed(
        self, segments: Sequence[Segment], passage: Passage, owner: int, score: float, start: int, end: int
    ) -> Iterator[Seen]:
        """Yield a finding for each segment that the window [start, end) of the text touches."""
        detector = self._detectors[owner]
        rule, severity = detector.kind(passage.text[start:end], score)
        for part in passage.parts:
            length = len(passage.text) if passage.view is not None else len(segments[part.segment].text)
            low, high = max(start - part.start, 0), min(end - part.start, length)
            if low < high:
                value = passage.text[part.start + low : part.start + high]
                raw = RawFinding(rule, severity, score, detector.label, low, high)
                yield Seen(owner, part.segment, raw, value, passage.view)


def _joined(segments: Sequence[Segment], channel: Channel, numbers: Iterable[int]) -> Passage:
    parts: list[Part] = []
    texts: list[str] = []
    start = 0
    for number in numbers:
        text = segments[number].text
        parts.append(Part(number, start))
        texts.append(text)
        start += len(text) + len(JOINT)
    return Passage(JOINT.join(texts), channel, tuple(parts))
