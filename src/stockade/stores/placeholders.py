"""The map from a stand-in back to its value: encrypted, per tenant, bounded, and there after a restart.

Owns what is durable and a bounded copy in memory. A stand-in is named by a digest and its value is sealed for that
tenant and that stand-in, so a row moved elsewhere does not open. Never answers with half a map: a row that does not
open is an error, not a gap.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, select

from stockade.core.errors import StorageError
from stockade.core.limits import PLACEHOLDERS_MAX
from stockade.stores.database import Database
from stockade.stores.recency import Recency
from stockade.stores.recent import Recent
from stockade.stores.sealing import Seal, SealError
from stockade.stores.statements import batches, insert_new
from stockade.stores.tables import PLACEHOLDERS
from stockade.stores.tenants import TenantStore

MEMORY_CHARS_MAX = 32 * 1024 * 1024
"""Most characters of values that are kept in memory for all tenants together."""

_SEALS_MAX = 1024


class StandInTakenError(StorageError):
    """A stand-in already stands for another value; the caller must find another one. Nothing was written."""

    def __init__(self, stand_ins: frozenset[str]) -> None:
        """Keep the stand-ins, which are no secrets; their values are not told."""
        super().__init__("A stand-in is taken by another value.")
        self.stand_ins = stand_ins


@dataclass(slots=True)
class _Kept:
    """A value in memory, and when its use was marked on disk."""

    value: str
    marked_us: int


class PlaceholderStore:
    """Stand-ins and their values, for all tenants. Safe to call from several threads."""

    def __init__(
        self, database: Database, tenants: TenantStore, recency: Recency, *, entries_max: int = PLACEHOLDERS_MAX
    ) -> None:
        """Keep at most `entries_max` stand-ins a tenant."""
        self._database = database
        self._tenants = tenants
        self._recency = recency
        self._entries_max = entries_max
        self._recent: Recent[tuple[str, bytes], _Kept] = Recent(MEMORY_CHARS_MAX)
        self._seals: dict[str, Seal] = {}
        self._lock = threading.Lock()

    def known(self, tenant: str, stand_in: str) -> str | None:
        """Return the value of a stand-in that is in memory, and durable; None says nothing about the disk. No I/O."""
        digest = _digest(stand_in)
        with self._lock:
            kept = self._recent.get((tenant, digest))
        if kept is None:
            return None
        if self._recency.due(kept.marked_us):
            kept.marked_us = self._recency.touch(PLACEHOLDERS, tenant, [digest])
        return kept.value

    def remember(self, tenant: str, entries: Mapping[str, str]) -> None:
        """Keep `entries` (stand-in to value). Durable once this returns; what is known already costs no write.

        Fails: StandInTakenError; StorageError, after which some may be kept all the same: the call may be made again.
        """
        new = {stand_in: value for stand_in, value in entries.items() if self.known(tenant, stand_in) != value}
        if not new:
            return
        if len(new) > self._entries_max:
            raise StorageError(
                "One request holds more placeholders than are kept.", hint="Raise placeholders.entries_max."
            )
        seal = self._seal(tenant)
        now_us = self._recency.now_us()
        rows = [
            {
                "tenant": tenant,
                "digest": _digest(stand_in),
                "value": seal.close(value.encode("utf-8", "surrogatepass"), _place(tenant, stand_in)),
                "used_at_us": now_us,
            }
            for stand_in, value in new.items()
        ]
        with self._database.writing(f"placeholders {tenant}") as connection:
            for part in batches(rows):
                insert_new(connection, PLACEHOLDERS, part)
            kept = self._read(connection, tenant, new)
            taken = frozenset(stand_in for stand_in, value in new.items() if kept[stand_in] != value)
            if taken:
                raise StandInTakenError(taken)
            evicted = self._recency.settle(connection, PLACEHOLDERS, tenant, len(rows), self._entries_max)
        self._keep(tenant, new, now_us)
        with self._lock:
            for digest in evicted:  # else a later call would take it for durable
                self._recent.drop((tenant, digest))

    def recall(self, tenant: str, stand_ins: Iterable[str]) -> dict[str, str]:
        """Return the values of those stand-ins that are kept; a text that only looks like one is left out.

        Fails: StorageError when the store does not answer or a row does not open.
        """
        wanted = dict.fromkeys(stand_ins)
        found = {stand_in: value for stand_in in wanted if (value := self.known(tenant, stand_in)) is not None}
        missing = [stand_in for stand_in in wanted if stand_in not in found]
        if missing:
            with self._database.reading() as connection:
                read = self._read(connection, tenant, missing)
            self._keep(tenant, read, self._recency.touch(PLACEHOLDERS, tenant, map(_digest, read)))
            found |= read
        return found

    def count(self, tenant: str) -> int:
        """Return how many stand-ins are kept for `tenant`."""
        with self._database.reading() as connection:
            return self._recency.count(connection, PLACEHOLDERS, tenant)

    def _read(self, connection: Connection, tenant: str, stand_ins: Iterable[str]) -> dict[str, str]:
        by_digest = {_digest(stand_in): stand_in for stand_in in stand_ins}
        sealed: dict[str, bytes] = {}
        for part in batches(list(by_digest)):
            query = select(PLACEHOLDERS.c.digest, PLACEHOLDERS.c.value).where(
                PLACEHOLDERS.c.tenant == tenant, PLACEHOLDERS.c.digest.in_(part)
            )
            sealed.update({by_digest[digest]: value for digest, value in connection.execute(query)})
        if not sealed:
            return {}
        seal = self._seal(tenant)
        try:
            return {
                stand_in: seal.open(value, _place(tenant, stand_in)).decode("utf-8", "surrogatepass")
                for stand_in, value in sealed.items()
            }
        except SealError as error:
            raise StorageError(
                f"A placeholder of tenant {tenant} is corrupt.", hint="Put the control store back from a backup."
            ) from error

    def _keep(self, tenant: str, entries: Mapping[str, str], marked_us: int) -> None:
        with self._lock:
            for stand_in, value in entries.items():
                self._recent.put((tenant, _digest(stand_in)), _Kept(value, marked_us), len(value))

    def _seal(self, tenant: str) -> Seal:
        seal = self._seals.get(tenant)
        if seal is None:
            seal = Seal(self._tenants.secrets(tenant).data_key)
            if len(self._seals) >= _SEALS_MAX:
                self._seals.clear()
            self._seals[tenant] = seal
        return seal


def _digest(stand_in: str) -> bytes:
    return blake2b(stand_in.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _place(tenant: str, stand_in: str) -> bytes:
    return b"placeholder\0" + tenant.encode() + b"\0" + stand_in.encode("utf-8", "surrogatepass")
