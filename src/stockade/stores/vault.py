"""The vault: what the gateway needs of the control store, with an answer from memory wherever memory can tell.

Owns the memory of "the vendor did not write this": a turn that was seen before must not ask the database again.
A forgotten or outdated no costs a stand-in too many, never one too few.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from stockade.guard.pipeline.commands import TenantKeys
from stockade.stores.control import ControlStore
from stockade.stores.recent import Recent

NOT_KNOWN_COST_MAX = 32 * 1024 * 1024
"""Bound on what is remembered as not written by the vendor: some 200,000 evidences, all tenants together."""


class ControlVault:
    """A control store as the gateway's `Vault`. Safe to call from several threads."""

    def __init__(self, store: ControlStore) -> None:
        """Look into `store`."""
        self._store = store
        self._keys: dict[str, TenantKeys] = {}
        self._not_known: Recent[tuple[str, str], bool] = Recent(NOT_KNOWN_COST_MAX)
        self._lock = threading.Lock()

    def tenant_keys_at_hand(self, tenant: str) -> TenantKeys | None:
        """Return the tenant's secrets if they are in memory."""
        return self._keys.get(tenant)

    def tenant_keys(self, tenant: str) -> TenantKeys:
        """Return the tenant's secrets, made on first use. Fails: StorageError."""
        secrets = self._store.tenants.secrets(tenant)
        return self._keys.setdefault(tenant, TenantKeys(secrets.tenant_key, secrets.evidence_key))

    def kept_at_hand(self, tenant: str, entries: Mapping[str, str]) -> bool:
        """Say whether all these are surely kept, as far as memory tells."""
        known = self._store.placeholders.known
        return all(known(tenant, stand_in) == value for stand_in, value in entries.items())

    def remember(self, tenant: str, entries: Mapping[str, str]) -> None:
        """Keep entries; durable once it returns. Fails: StorageError."""
        self._store.placeholders.remember(tenant, entries)

    def recall(self, tenant: str, stand_ins: frozenset[str]) -> dict[str, str]:
        """Return the values of those that are known. Fails: StorageError."""
        return self._store.placeholders.recall(tenant, stand_ins)

    def vendor_known_at_hand(self, tenant: str, vendor: str, evidences: frozenset[str]) -> frozenset[str] | None:
        """Return which of these the vendor wrote itself, None when memory cannot tell."""
        known = {e for e in evidences if self._store.vendor_known.known(tenant, _name(vendor, e))}
        with self._lock:
            told = all(self._not_known.get((tenant, _name(vendor, e))) is not None for e in evidences - known)
        return frozenset(known) if told else None

    def vendor_known(self, tenant: str, vendor: str, evidences: frozenset[str]) -> frozenset[str]:
        """Return which of these the vendor wrote itself. Fails: StorageError."""
        among = self._store.vendor_known.among(tenant, [_name(vendor, e) for e in evidences])
        known = frozenset(e for e in evidences if _name(vendor, e) in among)
        with self._lock:
            for evidence in evidences - known:
                self._not_known.put((tenant, _name(vendor, evidence)), True, len(evidence))
        return known

    def remember_vendor_known(self, tenant: str, vendor: str, evidences: frozenset[str]) -> None:
        """Keep evidences. Fails: StorageError."""
        names = [_name(vendor, evidence) for evidence in evidences]
        self._store.vendor_known.add(tenant, names)
        with self._lock:
            for name in names:
                self._not_known.drop((tenant, name))


def _name(vendor: str, evidence: str) -> str:
    return f"{vendor}:{evidence}"
