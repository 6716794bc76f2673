"""The state of one exchange as it passes the stages, and the pure parts of the gate that it passes against.

Owns what is known so far; each field is written by one stage, named beside it. Never does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from stockade.core.decisions import Effect, Verdict, strongest
from stockade.core.errors import StockadeError
from stockade.core.exchange import AnswerFacts
from stockade.core.facts import CallFacts, FindingFacts
from stockade.core.findings import DetectorRun, Finding, RunStatus
from stockade.core.principal import Principal
from stockade.core.segments import Segment
from stockade.guard.approvals.approval import Ruling
from stockade.guard.detectors.comparing import Comparison
from stockade.guard.detectors.detector import ComparingDetector
from stockade.guard.dialects.dialect import Dialect, ParsedRequest, Route
from stockade.guard.flow.conversation import Conversation
from stockade.guard.flow.facts import Flow
from stockade.guard.flow.known import KNOWN
from stockade.guard.flow.labels import Labels
from stockade.guard.identity import Keyring, People, Workspaces
from stockade.guard.pipeline.commands import Headers, TenantKeys, UpstreamHead
from stockade.guard.pipeline.models import ModelList
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.quota.budgets import Budgets, Estimates, Planned, Spent
from stockade.guard.quota.counters import Reservation
from stockade.guard.quota.places import Places
from stockade.guard.quota.stops import Stops
from stockade.guard.recording.recording import NOT_RECORDED, RecordingRule, Tape


@dataclass(frozen=True, slots=True)
class Gate:
    """The pure parts of one moment. A reload makes a new Gate; an exchange keeps the one it began with.

    `meaning` says whether any detector judges meaning; where none is wanted, a stream is not cut into passages.
    """

    routes: Mapping[tuple[str, str], tuple[tuple[Dialect, Route], ...]]
    keyring: Keyring
    policy: PolicyEngine
    models: ModelList
    vendors: frozenset[str]
    body_bytes_max: int
    comparing: tuple[ComparingDetector, ...] = ()
    meaning: bool = True
    workspaces: Workspaces = field(default_factory=Workspaces)
    tools: Labels = field(default_factory=lambda: KNOWN)
    recording: RecordingRule = NOT_RECORDED
    places: Places = field(default_factory=Places)
    budgets: Budgets = field(default_factory=Budgets)
    estimates: Estimates = field(default_factory=Estimates)
    stops: Stops = field(default_factory=Stops)
    people: People = field(default_factory=People)


class Hash(Protocol):
    """A running SHA-256."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""


class Judged(NamedTuple):
    """A finding with where it stood, what policy was told and what it answered."""

    finding: Finding
    segment: Segment
    facts: FindingFacts
    verdict: Verdict


class JudgedCall(NamedTuple):
    """A tool call with where its values come from, or a tool that the vendor runs, and what policy answered.

    `ruling` is what people said where policy holds it.
    """

    flow: Flow
    verdict: Verdict
    ruling: Ruling | None = None


@dataclass(slots=True)
class Account:
    """Who looked at one side of an exchange, what was seen and what was decided."""

    segments: int = 0
    judged: list[Judged] = field(default_factory=list)
    _runs: dict[tuple[str, str, str, str], DetectorRun] = field(default_factory=dict)
    _last: tuple[DetectorRun, ...] = ()
    _times: int = 0

    def add_runs(self, runs: tuple[DetectorRun, ...]) -> bool:
        """Add runs, those of one detector with one ending counted together; say whether every detector ran.

        Clean inspections of as many segments share their runs, and a stream has one with every word: then the very
        same runs are only counted.
        """
        if self._times and runs is self._last:
            self._times += 1
            return True
        self._settle()
        if not runs or any(run.status is not RunStatus.RAN for run in runs):
            self._last, self._times = runs, 1
            self._settle()
            return False
        self._last, self._times = runs, 1
        return True

    @property
    def runs(self) -> tuple[DetectorRun, ...]:
        """Return one run for each detector and ending, with all segments that it saw."""
        self._settle()
        return tuple(self._runs.values())

    def _settle(self) -> None:
        for run in self._last:
            key = (run.detector, run.version, run.status, run.reason)
            known = self._runs.get(key)
            segments = run.segments * self._times + (known.segments if known is not None else 0)
            self._runs[key] = DetectorRun(run.detector, run.version, run.status, segments, run.reason)
        self._last, self._times = (), 0

    @property
    def effect(self) -> Effect:
        """Return the strongest effect that was decided."""
        return strongest([judged.verdict.effect for judged in self.judged])


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    id: str
    started_s: float
    method: str
    path: str
    query: str
    headers: Headers

    # receive
    voice: Dialect | None = None  # in whose shape errors are told
    dialect: Dialect | None = None
    route: Route | None = None
    path_model: str = ""  # the last part of the path, for routes that name a model there
    # authenticate, admit
    principal: Principal | None = None
    reservation: Reservation | None = None
    place_free: bool = False  # given back before the end
    body: bytes = b""
    # parse, authorise
    request: ParsedRequest | None = None
    call: CallFacts | None = None
    forward: Verdict | None = None  # policy's answer on the call itself
    keys: TenantKeys | None = None
    # reserve
    plan: tuple[Planned, ...] = ()
    budget: Reservation | None = None
    spent: Spent | None = None  # known before the end of a whole answer left
    # inspect, decide, transform
    segments: tuple[Segment, ...] = ()
    content: str = ""  # digest of what the request says, `stream` and other numbers aside
    asked: Account = field(default_factory=Account)
    evidences: frozenset[str] = frozenset()
    forwarded: bytes = b""
    edited: int = 0
    stand_ins: dict[str, str] = field(default_factory=dict)
    not_stand_ins: set[str] = field(default_factory=set)  # asked for and not ours: left as they are
    stuck: bool = False  # refused in the words of a refusal before
    ruling: Ruling | None = None  # of a request that policy holds
    # keep_request, record_intent, upstream, answer
    tape: Tape | None = None  # where the answer is recorded, for tenants who are
    intent: bool = False
    called_upstream: bool = False
    head: UpstreamHead | None = None
    head_sent: bool = False
    streaming: bool = False
    answered: Account = field(default_factory=Account)
    facts: AnswerFacts = field(default_factory=AnswerFacts)
    withdrawn: int = 0
    conversation: Conversation | None = None  # read when the first tool is asked about
    called: list[JudgedCall] = field(default_factory=list)  # tools of the vendor (authorise), then calls of the answer
    tool_calls: int = 0  # calls of the answer
    comparison: Comparison | None = None  # of the answer with the request, from the answer's first text on
    received_bytes: int = 0
    received_chars: int = 0  # of a stream's texts
    received_digest: str = ""
    sent_bytes: int = 0
    sent_digest: str = ""
    sent_hash: Hash | None = None  # of a stream, to which an error event may still be added
    # settle, record_outcome
    cost_micro_usd: int | None = None
    status: int = 0
    ended: str = ""
    error: StockadeError | None = None
    fault: str = ""  # type name of an unexpected exception

    def header(self, name: bytes) -> bytes:
        """Return the value of a header (lower-case name), b"" when it is absent."""
        for key, value in self.headers:
            if key == name:
                return value
        return b""
