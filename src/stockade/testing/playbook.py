"""The playbook: runs whole exchanges through the machine without a socket, a thread or an event loop.

A vendor's answer is given as the pieces in which it arrives, so that the same answer can be cut anywhere; any command
can be made to fail. What the gate forwarded, sent and recorded is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from stockade.core.errors import StockadeError
from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Segment
from stockade.guard.identity import ENTROPY_BYTES, Keyring, generate_key
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.machine import run
from stockade.guard.quota.counters import Settlement
from stockade.guard.quota.tally import Moment, Tally
from stockade.guard.quota.usage import UsageEntry
from stockade.guard.recording.recording import Recording
from stockade.testing.approvals import MemoryApprovals

KEY = generate_key(bytes(range(ENTROPY_BYTES)), name="playbook", tenant="play", created_at_s=1_700_000_000)
"""The one key that a playbook's gate knows."""

KEYRING = Keyring([KEY.record])


@dataclass(slots=True)
class Played:
    """What came of an exchange."""

    exchange: Exchange
    commands: list[str] = field(default_factory=list)
    forwarded: bytes | None = None
    upstream: c.CallUpstream | None = None
    status: int = 0
    headers: c.Headers = ()
    body: bytes = b""
    finished: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    settled: tuple[Settlement, ...] = ()
    spent: list[UsageEntry] = field(default_factory=list)

    @property
    def released(self) -> int:
        """Return how many reservations were given back."""
        return len(self.settled)

    @property
    def json(self) -> Any:
        """Return the reply's body as a value."""
        return orjson.loads(self.body)


EXCHANGE_S = 0.1
"""Seconds between two exchanges for limits: any number of them stays within the rate that a key has by default."""

Failure = Callable[[Any], BaseException | None]


class Sent(NamedTuple):
    """A client's request. Without `headers` it carries the playbook's key."""

    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("authorization", f"Bearer {KEY.text}"),)
    method: str = "POST"
    query: str = ""


class Answer(NamedTuple):
    """A vendor's answer in the pieces in which it arrives."""

    pieces: tuple[bytes, ...]
    status: int = 200
    content_type: str = "application/json"


class Playbook:
    """A gate whose ports are plain values; stand-ins, vendor-known values and blocks stay from exchange to exchange."""

    def __init__(self, gate: Gate, inspect: Callable[[Sequence[Segment], bytes, Scope], Inspection]) -> None:
        """Play against `gate`; `inspect` runs the detectors that a scope asks for, to the end."""
        self.gate = gate
        self._inspect = inspect
        self.stand_ins: dict[str, str] = {}
        self.vendor_known: set[tuple[str, str]] = set()
        self.blocks: dict[tuple[str, str], c.Block] = {}
        self.approvals = MemoryApprovals()
        self.tally = Tally()
        self.now_s = 1_700_000_000.0
        self._number = 0

    def play(self, sent: Sent, answer: Answer, failure: Failure = lambda _command: None) -> Played:
        """Run one exchange. `failure` is asked before each command and may return what the command fails with."""
        self._number += 1
        headers = tuple((name.lower().encode(), value.encode()) for name, value in sent.headers)
        exchange = Exchange(f"ex-{self._number:026}", 1.0, sent.method, sent.path, sent.query, headers)
        played = Played(exchange)
        vendor = iter([*answer.pieces, b""])
        steps = run(self.gate, exchange)
        reply: Any = None
        error: BaseException | None = None
        while True:
            try:
                command = steps.send(reply) if error is None else steps.throw(error)
            except StopIteration:
                return played
            played.commands.append(type(command).__name__)
            reply, error = None, failure(command)
            if error is None:
                try:
                    reply = self._reply(command, played, sent, answer, vendor)
                except StockadeError as failed:  # the work of a Compute fails as it does in the driver's thread
                    error = failed

    def _reply(self, command: c.Command, played: Played, sent: Sent, answer: Answer, vendor: Iterator[bytes]) -> Any:
        reply: Any = None
        match command:
            case c.ReadBody():
                reply = sent.body
            case c.Reserve(id_, takes):
                reply = self.tally.reserve(id_, takes, self._moment())
            case c.Settle(settlements):
                self.tally.settle(settlements, self._moment())
                played.settled += settlements
            case c.Spend(entry):
                played.spent.append(entry)
            case c.OpenTenant():
                reply = c.TenantKeys(b"p" * 32, b"e" * 32)
            case c.Inspect(segments, key, scope):
                reply = self._inspect(segments, key, scope)
            case c.Compute(work):
                reply = work()
            case c.Now():
                reply = self.now_s
            case c.Record() | c.KeepRecording() | c.KeepBeforeSending() | c.MissRecording():
                _write_down(command, played)
            case c.CallUpstream():
                played.upstream, played.forwarded = command, command.body
                media = answer.content_type.encode()
                reply = c.UpstreamHead(answer.status, ((b"content-type", media), (b"x-vendor-secret", b"never")))
            case c.ReadUpstream():
                reply = next(vendor)
            case c.ReadUpstreamWhole():
                reply = b"".join(vendor)
            case c.SendHead(status, headers):
                played.status, played.headers = status, headers
            case c.SendBody(data, more):
                assert not played.finished, "bytes after the end"
                played.body += data
                played.finished = not more
            case _:
                reply = self._remembered(command)
        return reply

    def _moment(self) -> Moment:
        """Return when this exchange counts; records tell `now_s`, so that exchanges can be compared."""
        at_s = self.now_s + self._number * EXCHANGE_S
        return Moment(at_s, at_s)

    def _remembered(self, command: c.Command) -> Any:
        reply: Any = None
        match command:
            case c.Remember(_, entries):
                self.stand_ins.update(entries)
            case c.Recall(_, stand_ins):
                reply = {name: self.stand_ins[name] for name in stand_ins if name in self.stand_ins}
            case c.RecallVendorKnown(_, vendor, evidences):
                reply = frozenset(evidence for evidence in evidences if (vendor, evidence) in self.vendor_known)
            case c.RememberVendorKnown(_, vendor, evidences):
                self.vendor_known |= {(vendor, evidence) for evidence in evidences}
            case c.AskApproval(held):
                reply = self.approvals.ask(held, self.now_s)
            case c.SeekBlock(tenant, content):
                reply = self.blocks.get((tenant, content))
            case c.StickBlock(tenant, content, block):
                self.blocks[(tenant, content)] = block
        return reply


def _write_down(command: c.Command, played: Played) -> None:
    match command:
        case c.Record(data):
            played.records.append(orjson.loads(data))
        case c.KeepRecording(recording) | c.KeepBeforeSending(recording):
            played.recordings.append(recording)
        case c.MissRecording(_, reason):
            played.missed.append(reason)
