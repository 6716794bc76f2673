"""The driver: the one place that awaits. Carries out the machine's commands against the ports.

Owns one client connection for the length of one exchange: reading its body, watching whether it goes away, sending.
Decides nothing: what a failure means is the machine's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from stockade.core.errors import GuardFailedError, InvalidRequestError, StockadeError, TooLargeError
from stockade.core.findings import Inspection
from stockade.gateway.events import EventLog
from stockade.gateway.open_exchanges import OpenExchanges
from stockade.gateway.ports import (
    Approvals,
    Blocks,
    Clock,
    Counters,
    Inspector,
    Issuers,
    Ledger,
    Recorder,
    Unfinished,
    Upstream,
    UpstreamAnswer,
    Usage,
    Vault,
)
from stockade.gateway.workroom import Workroom
from stockade.guard.approvals.approval import Ruling, State
from stockade.guard.identity import People
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.machine import run

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

WATCH_AFTER_S = 0.05
"""A call that is over sooner is not watched for a client that goes away: most are, and a watch costs a task."""


@dataclass(slots=True)
class Services:
    """The ports of one gateway process. `gate` is replaced whole on a reload."""

    gate: Gate
    inspector: Inspector
    counters: Counters
    usage: Usage
    vault: Vault
    ledger: Ledger
    blocks: Blocks
    approvals: Approvals
    recorder: Recorder
    upstream: Upstream
    clock: Clock
    events: EventLog
    inspect_timeout_s: float
    workroom: Workroom
    storage_pool: ThreadPoolExecutor
    issuers: Issuers
    open: OpenExchanges = field(default_factory=OpenExchanges)


async def serve(services: Services, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Run one HTTP request through the machine."""
    exchange = Exchange(
        id=services.clock.exchange_id(),
        started_s=services.clock.now_s(),
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(scope["headers"]),
    )
    conversation = _Conversation(services, exchange, receive, send)
    services.open.add(conversation)
    try:
        await conversation.drive(run(services.gate, exchange))
    finally:
        services.open.remove(conversation)
        conversation.close()
        services.events.exchange(exchange)


class _Conversation:
    """One exchange's open ends."""

    __slots__ = (
        "_answer",
        "_gone",
        "_halted",
        "_receive",
        "_send",
        "_services",
        "_task",
        "_waiting",
        "_watch_soon",
        "_watcher",
        "exchange",
    )

    def __init__(self, services: Services, exchange: Exchange, receive: Receive, send: Send) -> None:
        self.exchange = exchange
        self._services = services
        self._receive = receive
        self._send = send
        self._answer: UpstreamAnswer | None = None
        self._gone = False
        self._halted: StockadeError | None = None
        self._waiting = False
        self._task = asyncio.current_task()
        self._watch_soon: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def drive(self, steps: Any) -> None:
        """Answer the machine's commands until it has no more."""
        answer: Any = None
        failure: BaseException | None = None
        while True:
            try:
                command = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration:
                return
            failure = None
            try:
                answer = _HANDLERS[type(command)](self, command)
                if hasattr(answer, "__await__"):
                    answer = await answer
            except Exception as error:  # noqa: BLE001 - the machine denies on whatever a port raises
                failure = error
            except asyncio.CancelledError:
                # The client has gone (`_watch`), an operator stops it (`halt`), or the server is stopping: each ends
                # the exchange in order.
                if (self._gone or self._halted is not None) and self._task is not None:
                    self._task.uncancel()
                failure = c.ClientGone() if self._gone or self._halted is None else self._halted

    def close(self) -> None:
        """Let go of the client and the vendor."""
        if self._watch_soon is not None:
            self._watch_soon.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._answer is not None:
            self._answer.close()

    def halt(self, error: StockadeError) -> None:
        """End the exchange with `error`: at once where it waits for the vendor, else before it asks it more."""
        if self._halted is None and not self.exchange.ended:
            self._halted = error
            if self._waiting and self._task is not None:
                self._task.cancel()

    def _start_watch(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._waiting and self._task is not None:
            self._task.cancel()

    async def _upstream(self, waited: Awaitable[Any]) -> Any:
        """Wait for the vendor, but not longer than the client does."""
        if self._gone or self._halted is not None:
            asyncio.ensure_future(waited).cancel()
            raise c.ClientGone if self._halted is None else self._halted
        self._waiting = True
        try:
            return await waited
        finally:
            self._waiting = False

    # The handlers, one for each command; the plain ones answer at once, the others return something to await.

    async def refresh_issuer(self, command: c.RefreshIssuer) -> People:
        await self._services.issuers.refresh(command.issuer)
        return self._services.gate.people

    def introspect(self, command: c.Introspect) -> Any:
        return self._services.issuers.active(command.issuer, command.token)

    async def read_body(self, command: c.ReadBody) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise c.ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > command.bytes_max:
                raise TooLargeError(f"The request body is larger than {command.bytes_max} bytes.")
            chunks.append(chunk)
            if not message.get("more_body", False):
                break
        if not size:
            raise InvalidRequestError("The request has no body.", hint="Send JSON.")
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def reserve(self, command: c.Reserve) -> object:
        return self._services.counters.reserve(command.id, command.takes)

    def settle(self, command: c.Settle) -> object:
        return self._services.counters.settle(command.settlements)

    def spend(self, command: c.Spend) -> None:
        self._services.usage.add(command.entry)

    def open_tenant(self, command: c.OpenTenant) -> Any:
        keys = self._services.vault.tenant_keys_at_hand(command.tenant)
        return keys or self._in_storage(self._services.vault.tenant_keys, command.tenant)

    def inspect(self, command: c.Inspect) -> Any:
        begun = self._services.inspector.begin(command.segments, command.evidence_key, command.scope)
        return begun if isinstance(begun, Inspection) else self._inspect_in_thread(begun)

    async def _inspect_in_thread(self, unfinished: Unfinished) -> Inspection:
        timeout_s = self._services.inspect_timeout_s
        try:
            return await self._services.workroom.do(timeout_s, unfinished.finish)
        except TimeoutError:
            return unfinished.timed_out(f"not done within {timeout_s} s")

    async def compute(self, command: c.Compute) -> object:
        try:
            return await self._services.workroom.do(self._services.inspect_timeout_s, command.work)
        except TimeoutError:
            raise GuardFailedError(
                f"The body was not read within {self._services.inspect_timeout_s} s.", hint="Send less at once."
            ) from None

    def remember(self, command: c.Remember) -> Any:
        if self._services.vault.kept_at_hand(command.tenant, command.entries):
            return None
        return self._in_storage(self._services.vault.remember, command.tenant, command.entries)

    def recall(self, command: c.Recall) -> Any:
        return self._in_storage(self._services.vault.recall, command.tenant, command.stand_ins)

    def recall_vendor_known(self, command: c.RecallVendorKnown) -> Any:
        vault = self._services.vault
        known = vault.vendor_known_at_hand(command.tenant, command.vendor, command.evidences)
        if known is not None:
            return known
        return self._in_storage(vault.vendor_known, command.tenant, command.vendor, command.evidences)

    def remember_vendor_known(self, command: c.RememberVendorKnown) -> Any:
        return self._in_storage(
            self._services.vault.remember_vendor_known, command.tenant, command.vendor, command.evidences
        )

    async def _in_storage(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._services.storage_pool, work, *arguments)

    def seek_block(self, command: c.SeekBlock) -> c.Block | None:
        return self._services.blocks.seek(command.tenant, command.content)

    def stick_block(self, command: c.StickBlock) -> None:
        self._services.blocks.stick(command.tenant, command.content, command.block)

    async def ask_approval(self, command: c.AskApproval) -> Ruling:
        held = command.held
        ruling: Ruling = await self._in_storage(self._services.approvals.ask, held)
        events, id_ = self._services.events, self.exchange.id
        if ruling.state is State.APPROVED:
            events.write("approval_used", approval=ruling.id, exchange=id_, rules=held.rules)
        else:
            events.write("approval_held", approval=ruling.id, exchange=id_, state=ruling.state, rules=held.rules)
        return ruling

    def record(self, command: c.Record) -> Awaitable[None]:
        return self._services.ledger.append(command.data)

    def keep_recording(self, command: c.KeepRecording) -> None:
        self._services.recorder.keep(command.recording)

    def keep_before_sending(self, command: c.KeepBeforeSending) -> Awaitable[None]:
        return self._services.recorder.keep_durably(command.recording)

    def miss_recording(self, command: c.MissRecording) -> None:
        self._services.recorder.miss(command.tenant, command.reason)

    def now(self, _command: c.Now) -> float:
        return self._services.clock.now_s()

    async def call_upstream(self, command: c.CallUpstream) -> c.UpstreamHead:
        self._watch_soon = asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._start_watch)
        self._answer = await self._upstream(self._services.upstream.call(command))
        assert self._answer is not None
        return self._answer.head

    async def read_upstream(self, _command: c.ReadUpstream) -> bytes:
        assert self._answer is not None
        data: bytes = await self._upstream(self._answer.read())
        return data

    async def read_upstream_whole(self, command: c.ReadUpstreamWhole) -> bytes:
        assert self._answer is not None
        data: bytes = await self._upstream(self._answer.read_whole(command.bytes_max))
        return data

    def send_head(self, command: c.SendHead) -> Awaitable[None]:
        return self._send({"type": "http.response.start", "status": command.status, "headers": list(command.headers)})

    def send_body(self, command: c.SendBody) -> Awaitable[None]:
        return self._send({"type": "http.response.body", "body": command.data, "more_body": command.more})


_HANDLERS: dict[type, Callable[[_Conversation, Any], Any]] = {
    c.RefreshIssuer: _Conversation.refresh_issuer,
    c.Introspect: _Conversation.introspect,
    c.ReadBody: _Conversation.read_body,
    c.Reserve: _Conversation.reserve,
    c.Settle: _Conversation.settle,
    c.Spend: _Conversation.spend,
    c.OpenTenant: _Conversation.open_tenant,
    c.Inspect: _Conversation.inspect,
    c.Compute: _Conversation.compute,
    c.Remember: _Conversation.remember,
    c.Recall: _Conversation.recall,
    c.RecallVendorKnown: _Conversation.recall_vendor_known,
    c.RememberVendorKnown: _Conversation.remember_vendor_known,
    c.SeekBlock: _Conversation.seek_block,
    c.StickBlock: _Conversation.stick_block,
    c.AskApproval: _Conversation.ask_approval,
    c.Record: _Conversation.record,
    c.KeepRecording: _Conversation.keep_recording,
    c.KeepBeforeSending: _Conversation.keep_before_sending,
    c.MissRecording: _Conversation.miss_recording,
    c.Now: _Conversation.now,
    c.CallUpstream: _Conversation.call_upstream,
    c.ReadUpstream: _Conversation.read_upstream,
    c.ReadUpstreamWhole: _Conversation.read_upstream_whole,
    c.SendHead: _Conversation.send_head,
    c.SendBody: _Conversation.send_body,
}
