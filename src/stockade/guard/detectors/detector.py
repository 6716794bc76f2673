"""The seam of a detector: what a folder beside this file has to offer. Owns the protocols; knows no detector.

A folder `<family>_<name>/` exposes `DETECTOR` in its detector.py; its class docstring is the card (Finds / Why it
matters / Example / Known misses / Cost) and corpus.jsonl beside it holds positives and near-misses.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from stockade.core.findings import Category, Severity
from stockade.core.segments import Channel, Segment
from stockade.core.views import View
from stockade.guard.detectors.patterns import Pattern


class Reads(StrEnum):
    """Which segments a text detector is called for."""

    ALL = "all"
    NON_ASCII = "non_ascii"


class RawFinding(NamedTuple):
    """What a text detector saw in one text; `start` and `end` are code points of that text."""

    rule: str
    severity: Severity
    score: float
    label: str
    start: int
    end: int


@runtime_checkable
class PatternDetector(Protocol):
    """A detector that is a list of patterns.

    `id` is `family.name`, stable for ever. `version` changes with every change of what is found: verdicts are cached
    under it. `opens_views` says whether its patterns are also looked for in decoded views.
    """

    id: str
    version: str
    category: Category
    opens_views: bool
    patterns: tuple[Pattern, ...]


@runtime_checkable
class AnswerDetector(PatternDetector, Protocol):
    """A pattern detector of what a model says: it is not asked about requests.

    In texts of other than `channels` it finds nothing.
    """

    channels: frozenset[Channel]


@runtime_checkable
class TextDetector(Protocol):
    """A detector that reads the text itself, as it was sent.

    `rules` names every rule that `inspect` can yield. `inspect` is pure and linear in the text.
    """

    id: str
    version: str
    category: Category
    reads: Reads
    rules: tuple[str, ...]

    def inspect(self, text: str) -> Iterable[RawFinding]:
        """Yield what is found in one text."""
        ...


class Kind(NamedTuple):
    """What a score detector calls a text that its head is sure of."""

    rule: str
    severity: Severity


@runtime_checkable
class ScoreDetector(Protocol):
    """A detector that goes by one head of the classifier (`guard/classifier/classifier.py`).

    It says whom the head is asked about, and what a finding is called; how likely it is says the classifier, and from
    which probability on there is a finding says the classifier's threshold. `channels` are those it judges.
    `rules` names every rule that `kind` can return. `kind` is pure and linear in the text.
    """

    id: str
    version: str
    category: Category
    head: str
    label: str
    channels: frozenset[Channel]
    rules: tuple[str, ...]

    def kind(self, window: str, score: float) -> Kind:
        """Return what the worst window of a text is called and how bad it is."""
        ...


class Sighting(NamedTuple):
    """What a comparison saw in one part of a text, and through which encodings (outermost first)."""

    raw: RawFinding
    views: tuple[str, ...]


class Watch(Protocol):
    """One answer under comparison. `subject` names what it is compared with; equal subjects give equal evidence."""

    subject: str

    def read(self, place: Hashable, text: str, views: Sequence[View], *, thinking: bool) -> Iterable[Sighting]:
        """Return what the next part of a text completes; `place` names the running text, `views` are those of the part.

        Contract: pure, linear in the text, bounded in memory. A text may come in any parts that end where
        guard/pipeline/units.py cuts it.
        """
        ...


@runtime_checkable
class ComparingDetector(Protocol):
    """A detector of answers that compares them with the request they answer.

    `rules` names every rule that its watch can find. `watch` is pure and linear in the request.
    """

    id: str
    version: str
    category: Category
    rules: tuple[str, ...]

    def watch(self, request: Sequence[Segment]) -> Watch | None:
        """Return the watch over one answer, or None where nothing in the request is to be compared with."""
        ...


Detector = PatternDetector | TextDetector | ScoreDetector | ComparingDetector
