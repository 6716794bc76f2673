"""The player: lives through a recorded exchange again, in the machine that serves, without a socket or a clock.

Owns what stands for client, vendor, clock and stores while it plays. Who called, in which workspace and how the model
stood then are recorded facts, so no key is asked for and no budget is held. The vendor answers as it did, but only
while the gate asks what it asked then: of another body nobody knows what the vendor would have said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, NamedTuple

from stockade.core.errors import StockadeError, UpstreamError, UpstreamTimeoutError
from stockade.core.findings import Inspection, Scope
from stockade.core.principal import Principal
from stockade.core.segments import Segment
from stockade.guard.approvals.approval import Ruling, State
from stockade.guard.identity.workspaces import Chosen, Workspaces
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.judge import Steps
from stockade.guard.pipeline.machine import run
from stockade.guard.pipeline.models import UNLISTED, ModelList, Standing
from stockade.guard.pipeline.stages import STAGES, Stage
from stockade.guard.recording.recording import Answer, Recording

PLAYED = frozenset(
    {"receive", "parse", "authorise", "inspect", "decide", "transform", "record_intent", "upstream", "answer"}
)
"""The stages that are lived through again."""

RECORDED = frozenset({"authenticate", "admit", "reserve", "keep_request"})
"""The stages of which the outcome is a recorded fact, or which do nothing to what is decided."""

Inspect = Callable[[Sequence[Segment], bytes, Scope], Inspection]


class Played(NamedTuple):
    """An exchange lived through again.

    `followed` says that the gate asked the vendor for what it asked then; `beyond` that it went further than the
    recording does. `cpu_us` is CPU time in microseconds without inspection, `inspect_us` that of inspection.
    """

    exchange: Exchange
    followed: bool
    beyond: bool
    cpu_us: int
    inspect_us: int


class Player:
    """Plays recordings against one gate. `inspect` runs the detectors to their end; `keys` are the tenant's."""

    def __init__(self, gate: Gate, inspect: Inspect, keys: Callable[[str], c.TenantKeys]) -> None:
        """Play against `gate`."""
        self.gate, self._inspect, self._keys = gate, inspect, keys

    @property
    def policy(self) -> str:
        """Return the digest of the policy that decides here."""
        return self.gate.policy.digest

    def play(self, recording: Recording) -> Played:
        """Return the exchange as this gate would have decided it."""
        asked = recording.asked
        exchange = Exchange(recording.id, recording.started_s, asked.method, asked.path, asked.query, asked.headers)
        gate = replace(self.gate, models=_Models(recording), workspaces=_Place(recording))
        world = _World(recording, self._inspect, self._keys(recording.tenant))
        began = time.thread_time_ns()
        _drive(run(gate, exchange, _stages(recording)), world)
        spent = time.thread_time_ns() - began
        return Played(
            exchange, world.followed, world.beyond, (spent - world.inspect_ns) // 1000, world.inspect_ns // 1000
        )


@dataclass(slots=True)
class _World:
    """What stands for everything outside of the machine."""

    recording: Recording
    inspect: Inspect
    keys: c.TenantKeys
    followed: bool = False
    beyond: bool = False
    inspect_ns: int = 0
    stand_ins: dict[str, str] = field(default_factory=dict)
    pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))

    def reply(self, command: c.Command) -> Any:
        """Return the answer to a command; raise what it fails with. What only writes is answered with nothing."""
        reply: Any = None
        match command:
            case c.OpenTenant():
                reply = self.keys
            case c.Inspect(segments, key, scope):
                reply = self._inspected(segments, key, scope)
            case c.Compute(work):
                reply = work()
            case c.Now():
                reply = self.recording.started_s
            case c.Remember(_, entries):
                self.stand_ins.update(entries)
            case c.Recall(_, wanted):
                reply = {name: self.stand_ins[name] for name in wanted if name in self.stand_ins}
            case c.RecallVendorKnown(_, _, evidences):
                reply = self.recording.known & evidences
            case c.AskApproval(held):
                reply = Ruling(held.id, State.PENDING)  # a back-test asks nobody: what a rule holds stays held
            case c.CallUpstream():
                reply = self._called(command)
            case c.ReadUpstream():
                reply = self._next()
            case c.ReadUpstreamWhole():
                reply = b"".join(iter(self._next, b""))
        return reply

    def _inspected(self, segments: Sequence[Segment], key: bytes, scope: Scope) -> Inspection:
        began = time.thread_time_ns()
        try:
            return self.inspect(segments, key, scope)
        finally:
            self.inspect_ns += time.thread_time_ns() - began

    def _called(self, command: c.CallUpstream) -> c.UpstreamHead:
        answer = self.recording.answer
        self.followed = sha256(command.body).hexdigest() == self.recording.decided.forwarded
        if answer is None or not self.followed:
            self.beyond = True
            raise c.ClientGone
        if not answer.status:
            raise _failure(answer) or self._end()
        self.pieces = iter(answer.pieces)
        return c.UpstreamHead(answer.status, answer.headers)

    def _next(self) -> bytes:
        piece = next(self.pieces, b"")
        answer = self.recording.answer
        assert answer is not None
        if not piece and not answer.whole:
            raise _failure(answer) or self._end()
        return piece

    def _end(self) -> c.ClientGone:
        """Return the end of a recording that has none: its client left, or the gate stopped there."""
        self.beyond = True
        return c.ClientGone()


class _Models(ModelList):
    """The list of models as it was for one recording."""

    __slots__ = ("_known",)

    def __init__(self, recording: Recording) -> None:
        super().__init__(())
        self._known = {each.model: Standing(each.listed, each.approved) for each in recording.models}

    def standing(self, model: str) -> Standing:
        """Return how the model stood."""
        return self._known.get(model, UNLISTED)


class _Place(Workspaces):
    """The workspace in which one recording was made."""

    __slots__ = ("_chosen",)

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._chosen = Chosen(recording.call.workspace, recording.call.asserted_by)

    def choose(self, principal: Principal, headers: Iterable[tuple[bytes, bytes]]) -> Chosen:  # noqa: ARG002 - recorded
        """Return where the caller worked then."""
        return self._chosen


def _stages(recording: Recording) -> Iterator[Stage]:
    """Yield the stages that are played, with what was proven and read then in the place of what proves and reads."""

    def take_up(_gate: Gate, exchange: Exchange) -> Steps:
        """Take up who called and what was asked."""
        exchange.principal, exchange.body = recording.principal, recording.asked.body
        yield from ()

    for stage in STAGES:
        if stage.name in PLAYED:
            yield stage
        if stage.name == "receive":
            yield Stage("take_up", take_up)


def _drive(steps: Steps, world: _World) -> None:
    """Answer the machine's commands until it has no more."""
    reply: Any = None
    failure: BaseException | None = None
    while True:
        try:
            command = steps.send(reply) if failure is None else steps.throw(failure)
        except StopIteration:
            return
        reply, failure = None, None
        try:
            reply = world.reply(command)
        except Exception as error:  # noqa: BLE001 - as in the driver: the machine denies on whatever a port raises
            failure = error


def _failure(answer: Answer) -> StockadeError | None:
    """Return the failure of the vendor that was recorded, None where the answer ends for another reason."""
    if not answer.failure:
        return None
    kind = UpstreamTimeoutError if answer.failure == UpstreamTimeoutError.code else UpstreamError
    return kind("The vendor failed in the recording.")
