"""A recording: all that the machine needs to live through an exchange again without a client and without a vendor.

Owns the values. They hold content: what the client sent and what the vendor answered, as it came. So a recording is
never logged and stands on no disk but sealed (`stores/recordings.py`). It never holds a credential: of the client's
headers only those that go on to the vendor are kept, and who called is kept as facts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from stockade.core.decisions import Verdict
from stockade.core.facts import CallFacts, FindingFacts
from stockade.core.limits import RECORDING_BYTES_MAX
from stockade.core.principal import Principal

Headers = tuple[tuple[bytes, bytes], ...]


class RecordingRule(NamedTuple):
    """What configuration says: whose exchanges are recorded, up to which size, and whether nothing goes without."""

    tenants: frozenset[str] = frozenset()
    exchange_bytes_max: int = RECORDING_BYTES_MAX
    required: bool = False


NOT_RECORDED = RecordingRule()
"""Nobody asked for recordings."""


class Side(StrEnum):
    """On which side of an exchange something was seen."""

    ANSWER = "answer"
    REQUEST = "request"


class Asked(NamedTuple):
    """A request as it came. `headers` are those that go on to the vendor."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes


class Standing(NamedTuple):
    """A model that was named, and how it stood on the list of that moment."""

    model: str
    listed: bool
    approved: bool


class Answer(NamedTuple):
    """What the vendor answered: head and body in the pieces in which it came.

    `whole` is false where the gate did not read to the end: the client left, the gate stopped it, or `failure` (the
    code of an upstream error) broke it off. A call that failed before any answer has status 0.
    """

    status: int
    headers: Headers = ()
    pieces: tuple[bytes, ...] = ()
    whole: bool = True
    failure: str = ""


class Sighting(NamedTuple):
    """A finding as it was decided. `segment` counts on its side; `characters` is the length of what was found."""

    side: Side
    facts: FindingFacts
    label: str
    evidence: str
    segment: int
    characters: int
    verdict: Verdict


class Called(NamedTuple):
    """A tool that was called, or offered for the vendor to run, as it was decided."""

    tool: str
    verdict: Verdict


class Decided(NamedTuple):
    """What came of an exchange.

    `forwarded` is the SHA-256 of the body for the vendor, "" where nothing was sent. `inspected` says that detectors
    looked at the request at all: one that is refused for its model is not looked at. `forward` is policy's answer on
    the call itself.
    """

    policy: str
    status: int
    ended: str
    error: str = ""
    refusal: str = ""
    rules: tuple[str, ...] = ()
    forwarded: str = ""
    withdrawn: int = 0
    inspected: bool = True
    forward: Verdict | None = None
    sightings: tuple[Sighting, ...] = ()
    calls: tuple[Called, ...] = ()


class Recording(NamedTuple):
    """One exchange.

    `guards` are the detectors that looked, each with its version; none where the request was refused unseen.
    `known` are the evidences of which the gate knew that the vendor had written them itself. `stuck` says that the
    refusal was one of before. A `provisional` recording was made before anything was sent: where no other one of the
    same id follows, the gate did not live to see the end.
    """

    id: str
    started_s: float
    ended_s: float
    asked: Asked
    principal: Principal
    call: CallFacts
    models: tuple[Standing, ...]
    decided: Decided
    guards: frozenset[tuple[str, str]] = frozenset()
    known: frozenset[str] = frozenset()
    stuck: bool = False
    answer: Answer | None = None
    provisional: bool = False

    @property
    def tenant(self) -> str:
        """Return whose recording it is."""
        return self.principal.tenant

    @property
    def size(self) -> int:
        """Return the bytes of content, which are nearly all of it."""
        return len(self.asked.body) + (sum(map(len, self.answer.pieces)) if self.answer is not None else 0)


class Tape:
    """The vendor's answer while it comes, up to a bound; past it nothing of it is kept."""

    __slots__ = ("_bytes_left", "over", "pieces", "whole")

    def __init__(self, bytes_max: int) -> None:
        """Keep at most `bytes_max`."""
        self._bytes_left = bytes_max
        self.pieces: list[bytes] = []
        self.whole = False
        self.over = bytes_max < 0

    def add(self, data: bytes) -> None:
        """Keep a piece; b"" is the end."""
        if not data:
            self.whole = True
            return
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self.over = True
            self.pieces.clear()
        elif not self.over:
            self.pieces.append(data)
