"""What a vendor knows already, because it wrote it: evidence digests a tenant, bounded, there after a restart.

Keeps digests only; the value behind one is nowhere here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from sqlalchemy import select

from stockade.stores.database import Database
from stockade.stores.recency import Recency
from stockade.stores.recent import Recent
from stockade.stores.statements import batches, insert_new
from stockade.stores.tables import VENDOR_KNOWN

VENDOR_KNOWN_MAX = 200_000
"""Most digests kept for one tenant; the least recently used go first."""

_MEMORY_COST_MAX = 32 * 1024 * 1024


class VendorKnownStore:
    """Digests of values that a vendor wrote. Safe to call from several threads."""

    def __init__(self, database: Database, recency: Recency, *, entries_max: int = VENDOR_KNOWN_MAX) -> None:
        """Keep at most `entries_max` digests a tenant."""
        self._database = database
        self._recency = recency
        self._entries_max = entries_max
        self._recent: Recent[tuple[str, str], int] = Recent(_MEMORY_COST_MAX)
        self._lock = threading.Lock()

    def known(self, tenant: str, digest: str) -> bool:
        """Say whether the digest is in memory; False says nothing about the disk. No I/O."""
        with self._lock:
            marked_us = self._recent.get((tenant, digest))
        if marked_us is None:
            return False
        if self._recency.due(marked_us):
            self._keep(tenant, [digest], self._recency.touch(VENDOR_KNOWN, tenant, [digest]))
        return True

    def add(self, tenant: str, digests: Iterable[str]) -> None:
        """Keep `digests`, at most the last `entries_max` of them. Durable once this returns.

        Fails: StorageError, after which some may be kept all the same: the call may be made again.
        """
        wanted = list(dict.fromkeys(digests))[-self._entries_max :]
        new = [digest for digest in wanted if not self.known(tenant, digest)]
        if not new:
            return
        now_us = self._recency.now_us()
        with self._database.writing(f"vendor known {tenant}") as connection:
            for part in batches(new):
                rows = [{"tenant": tenant, "digest": digest, "used_at_us": now_us} for digest in part]
                insert_new(connection, VENDOR_KNOWN, rows)
            evicted = self._recency.settle(connection, VENDOR_KNOWN, tenant, len(new), self._entries_max)
        self._keep(tenant, new, now_us)
        with self._lock:
            for digest in evicted:  # else a later call would take it for durable
                self._recent.drop((tenant, digest))

    def among(self, tenant: str, digests: Iterable[str]) -> frozenset[str]:
        """Return those of `digests` that a vendor wrote. I/O only for those not in memory. Fails: StorageError."""
        wanted = list(dict.fromkeys(digests))
        found = {digest for digest in wanted if self.known(tenant, digest)}
        missing = [digest for digest in wanted if digest not in found]
        if missing:
            read: list[str] = []
            with self._database.reading() as connection:
                for part in batches(missing):
                    query = select(VENDOR_KNOWN.c.digest).where(
                        VENDOR_KNOWN.c.tenant == tenant, VENDOR_KNOWN.c.digest.in_(part)
                    )
                    read.extend(connection.execute(query).scalars())
            self._keep(tenant, read, self._recency.touch(VENDOR_KNOWN, tenant, read))
            found.update(read)
        return frozenset(found)

    def _keep(self, tenant: str, digests: Iterable[str], marked_us: int) -> None:
        with self._lock:
            for digest in digests:
                self._recent.put((tenant, digest), marked_us, len(digest))
