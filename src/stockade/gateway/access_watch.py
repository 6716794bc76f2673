"""Changes of who may come in: keys, revocations and stops are taken over within a second, for open exchanges too.

Owns the question to the control store, twice a second, whether anything has changed. While the store does not answer,
what is known stays in force, and that is told once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from stockade.core.errors import StockadeError
from stockade.gateway.driver import Services
from stockade.guard.identity import Keyring, Revocations
from stockade.guard.ledger.record import EventName
from stockade.guard.pipeline.halting import halted
from stockade.guard.quota.stops import Stops
from stockade.stores.control import ControlStore

POLL_S = 0.5
"""How often a gateway looks: what was revoked, suspended or stopped is refused within a second."""

Note = Callable[[EventName, str, tuple[tuple[str, int], ...]], Awaitable[None]]


class AccessWatch:
    """Watches the control store for one process; `fault` says why the gate is not ready, "" when it is."""

    def __init__(self, services: Services, store: ControlStore, note: Note) -> None:
        """Replace the gate of `services` when `store` has changed; `note` writes events to the ledger."""
        self.fault = ""
        self._services = services
        self._store = store
        self._note = note

    async def run(self) -> None:
        """Watch for as long as the process runs."""
        loop, services = asyncio.get_running_loop(), self._services
        while True:
            await asyncio.sleep(POLL_S)
            known = services.gate.keyring.generation
            try:
                if await loop.run_in_executor(services.storage_pool, self._store.keys.generation) != known:
                    await self._take_over(*await loop.run_in_executor(services.storage_pool, self._read))
                self.fault = ""
            except StockadeError as error:
                if not self.fault:
                    services.events.failure("keys_unreadable", error)
                self.fault = "the control store does not answer"

    def _read(self) -> tuple[Keyring, Revocations, Stops]:
        # The keyring first: it brings the generation, and what changes after it is read once more.
        store = self._store
        return store.keys.keyring(), store.revocations.revocations(), store.stops.list()

    async def _take_over(self, keyring: Keyring, revocations: Revocations, stops: Stops) -> None:
        """Let keys, revocations and stops of this moment count: for what comes, and for what is open."""
        # The gate of this moment: keys of an issuer may have come while the store was read.
        services, gate = self._services, self._services.gate
        before = gate.stops.all
        people = gate.people.with_revocations(revocations)
        gate = services.gate = replace(gate, keyring=keyring, people=people, stops=stops)
        ended = services.open.halt(partial(halted, gate))
        if stops.all != before or ended:
            services.events.write("stops_changed", stops=[stop.target for stop in stops.all], ended=ended)
            await self._note(EventName.STOPS_CHANGED, "", (("exchanges_ended", ended), ("stops", len(stops.all))))
