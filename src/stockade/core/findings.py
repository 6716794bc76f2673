"""Findings: what a detector saw, and what is known of each detector's run. Never the text itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """How much harm follows if the finding is true and nothing is done."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Category(StrEnum):
    """The danger that a finding belongs to; policy speaks in these words."""

    CREDENTIAL = "credential"
    EXFILTRATION = "exfiltration"
    HARM = "harm"
    HIDDEN_TEXT = "hidden_text"
    INJECTION = "injection"
    JAILBREAK = "jailbreak"
    PERSONAL_DATA = "personal_data"
    PROMPT_LEAK = "prompt_leak"


VALUES = frozenset({Category.CREDENTIAL, Category.PERSONAL_DATA})
"""Categories whose findings are values: the same characters are the same thing wherever they stand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing seen in one segment.

    `segment` is the index in the inspected sequence; `start` and `end` are code points in that segment's text.
    `rule` is the format inside the detector (`aws_access_key_id`); `label` names the stand-in (`AWS_ACCESS_KEY_ID`).
    `views` are the encodings that were opened to see it, outermost first; empty for plain text.
    `evidence` is a keyed digest of the value (hex, 32 characters): equal values of one tenant have equal evidence.
    """

    detector: str
    version: str
    rule: str
    category: Category
    severity: Severity
    score: float
    segment: int
    start: int
    end: int
    label: str
    evidence: str
    views: tuple[str, ...] = ()


class Scope(StrEnum):
    """What the inspected segments are, and so which detectors look and whether the verdict is kept."""

    PASSAGE = "passage"  # stretches of a streamed answer, once each: for the detectors of meaning alone
    PIECE = "piece"  # a streamed answer as it comes, word by word: for the detectors of form alone
    REQUEST = "request"  # whole texts, for all detectors; most of them come again with the next turn
    WHOLE = "whole"  # whole texts, for all detectors


class RunStatus(StrEnum):
    """How a detector's run over a set of segments ended."""

    FAILED = "failed"
    RAN = "ran"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class DetectorRun:
    """The account of one detector over the segments it was given.

    `segments` counts those it saw whole. Anything but RAN is an event and, by default, a deny.
    """

    detector: str
    version: str
    status: RunStatus
    segments: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """All findings over a sequence of segments and the account of who looked."""

    findings: tuple[Finding, ...]
    runs: tuple[DetectorRun, ...]

    @property
    def complete(self) -> bool:
        """Say whether every detector ran over everything."""
        return all(run.status is RunStatus.RAN for run in self.runs)
