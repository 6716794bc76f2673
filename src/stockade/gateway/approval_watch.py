"""The approval watch: log and ledger are told what people said to what waits, and what nobody answered.

Owns the question to the control store, every two seconds. Decisions are made elsewhere, at a terminal perhaps, and a
ledger has one writer: this process. What was told is marked after it is written, so that news are told twice rather
than lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from stockade.core.errors import StockadeError
from stockade.gateway.driver import Services
from stockade.guard.approvals.approval import Approval, Vote
from stockade.guard.ledger.record import Event, EventName

POLL_S = 2.0

News = Sequence[tuple[Approval, Vote | None]]


class ApprovalNews(Protocol):
    """What people said since it was last asked. Calls touch a disk and are made in a thread. Fails: StorageError."""

    def untold(self) -> News:
        """Return what nobody was told of; None stands for what ran out unanswered."""

    def told(self, news: News) -> None:
        """Keep that these were told of."""


class ApprovalWatch:
    """Watches the approvals for one process."""

    def __init__(self, services: Services, store: ApprovalNews, record: Callable[[Event], Awaitable[None]]) -> None:
        """Read `store`; `record` makes an event durable in the ledger, or fails with StorageError."""
        self._services = services
        self._store = store
        self._record = record
        self._failing = False

    async def run(self) -> None:
        """Watch for as long as the process runs."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.look()
                self._failing = False
            except StockadeError as error:
                if not self._failing:
                    self._services.events.failure("approvals_unreadable", error)
                self._failing = True

    async def look(self) -> None:
        """Tell what is new. Fails: StorageError."""
        loop, pool = asyncio.get_running_loop(), self._services.storage_pool
        news = await loop.run_in_executor(pool, self._store.untold)
        for approval, said in news:
            await self._record(self._event(approval, said))
        if news:
            await loop.run_in_executor(pool, self._store.told, news)

    def _event(self, approval: Approval, said: Vote | None) -> Event:
        """Write the line of the log and return the event of the ledger."""
        events = self._services.events
        at_ms = int(self._services.clock.now_s() * 1000)
        counts: tuple[tuple[str, int], ...] = (
            ("approvals_needed", approval.needed),
            ("round", approval.round),
        )
        if said is None:
            events.write("approval_expired", approval=approval.id, rules=approval.rules)
            return Event(EventName.APPROVAL_EXPIRED, at_ms, subject=approval.id, counts=counts, rules=approval.rules)
        if said.yes:
            events.write("approval_approved", approval=approval.id, by=said.by, scope=said.scope, rules=approval.rules)
            counts, name = (*counts, ("until_s", said.until_s)), EventName.APPROVAL_APPROVED
        else:
            events.write("approval_denied", approval=approval.id, by=said.by, rules=approval.rules)
            name = EventName.APPROVAL_DENIED
        scope = said.scope if said.yes else ""
        return Event(name, said.at_s * 1000, "", approval.id, scope, counts, approval.rules, said.by)
