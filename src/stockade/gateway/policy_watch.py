"""The policy watch: takes over changed rules, whole or not at all, and tells of rules that failed.

Owns when the policy of a running gate is replaced. Whatever is wrong with the new one, the old one stays and an
event says so. Files are looked at until they rest, so that one that is being written is not read half.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from typing import Protocol

from stockade.core.errors import StockadeError
from stockade.gateway.driver import Services
from stockade.guard.ledger.record import EventName
from stockade.guard.policy.engine import PolicyEngine

POLICY_POLL_S = 1.0
"""How often policy files are looked at. A change counts when two looks in a row see the same."""


class Note(Protocol):
    """Writes an event into the ledger."""

    def __call__(
        self, name: EventName, subject: str, counts: tuple[tuple[str, int], ...] = (), rules: tuple[str, ...] = ()
    ) -> Awaitable[None]:
        """Write one event; a ledger that cannot be written is told of elsewhere."""


class PolicyWatch:
    """One gateway's policy files and what is in force of them."""

    def __init__(
        self,
        services: Services,
        load: Callable[[], PolicyEngine],
        stamp: Callable[[], Hashable],
        loaded: Hashable,
        note: Note,
        after: Callable[[], None],
    ) -> None:
        """Watch what `stamp` tells of the files, which told `loaded` before the policy in force was read.

        `after` is called when a new policy is in force.
        """
        self._services = services
        self._load = load
        self._stamp = stamp
        self._note = note
        self._after = after
        self._loaded = self._seen = loaded

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(POLICY_POLL_S)
            await self.look()

    async def look(self) -> None:
        """Take over files that changed and rest; tell of a rule that failed for the first time."""
        await self._tell_failed(self._services.events.count_rules(self._services.gate.policy.take_counts()))
        before, self._seen = self._seen, self._stamp()
        if self._seen != self._loaded and self._seen == before:
            self._loaded = self._seen
            await self.reload()

    async def reload(self) -> None:
        """Take over the policy files as they are now, whole or not at all."""
        old = self._services.gate.policy
        try:
            new = self._load()
        except StockadeError as error:
            self._services.events.failure("policy_reload_failed", error)
            await self._note(EventName.POLICY_RELOAD_FAILED, old.digest)
            return
        await self._tell_failed(self._services.events.count_rules(old.take_counts()))
        self._services.gate = replace(self._services.gate, policy=new)
        self._after()
        changes = changed_rules(old, new)
        self._services.events.write("policy_reloaded", digest=new.digest, **changes)
        await self._note(EventName.POLICY_RELOADED, new.digest, tuple(changes.items()), in_shadow(new))

    async def report(self) -> None:
        """Tell what was counted since the last report: rules in shadow that fired, rules that failed."""
        self._services.events.count_rules(self._services.gate.policy.take_counts())
        counts = self._services.events.rules()
        if counts.shadow:
            self._services.events.write("shadow_rules", **counts.shadow)
        await self._tell_failed(counts.failed)

    async def _tell_failed(self, failed: dict[str, int]) -> None:
        if failed:
            digest = self._services.gate.policy.digest
            self._services.events.write("policy_failed", digest=digest, **failed)
            await self._note(EventName.POLICY_FAILED, digest, tuple(sorted(failed.items())))


def in_shadow(policy: PolicyEngine) -> tuple[str, ...]:
    """Return the rules in shadow with the version of their texts: evidence counts for the text it was gathered with."""
    return tuple(f"{rule.id}@{rule.version}" for rule in policy.rules.values() if rule.shadow)


def changed_rules(old: PolicyEngine, new: PolicyEngine) -> dict[str, int]:
    """Return how many rules came, changed and went: a file that lost its end shows here."""
    both = old.rules.keys() & new.rules.keys()
    said = {name: (old.rules[name].version, old.rules[name].shadow) for name in both}
    return {
        "rules_added": len(new.rules) - len(both),
        "rules_changed": sum(said[name] != (new.rules[name].version, new.rules[name].shadow) for name in both),
        "rules_removed": len(old.rules) - len(both),
    }
