"""The control store: keys, tenants and placeholders in one database, opened whole or not at all.

Synchronous; a gateway calls what writes in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from stockade.core.errors import ConfigError, StorageError
from stockade.core.limits import PLACEHOLDERS_MAX
from stockade.stores.approvals import ApprovalStore
from stockade.stores.database import Database
from stockade.stores.keys import KeyStore
from stockade.stores.placeholders import PlaceholderStore
from stockade.stores.recency import Recency
from stockade.stores.recording_keys import RecordingKeyStore
from stockade.stores.revocations import RevocationStore
from stockade.stores.stops import StopStore
from stockade.stores.tenants import TenantStore
from stockade.stores.upgrade import upgrade
from stockade.stores.usage import UsageStore
from stockade.stores.vendor_known import VENDOR_KNOWN_MAX, VendorKnownStore


@dataclass(frozen=True, slots=True)
class ControlStore:
    """The stores of one installation."""

    database: Database
    keys: KeyStore
    revocations: RevocationStore
    tenants: TenantStore
    placeholders: PlaceholderStore
    vendor_known: VendorKnownStore
    stops: StopStore
    usage: UsageStore
    recording_keys: RecordingKeyStore
    approvals: ApprovalStore

    @classmethod
    def open(
        cls,
        url: str,
        installation_key: bytes,
        *,
        placeholders_max: int = PLACEHOLDERS_MAX,
        vendor_known_max: int = VENDOR_KNOWN_MAX,
        clock: Callable[[], float] = time.time,
    ) -> ControlStore:
        """Return the stores behind `url`, brought to this release; the first call makes the tables.

        Fails: ConfigError, which says what to do, when the database cannot be reached, is corrupt, is newer than this
        release, or was sealed by another installation key.
        """
        database = Database(url)
        try:
            database.check()
            upgrade(database)
            tenants = TenantStore(database, installation_key, clock)
            tenants.prove_key()
        except StorageError as error:
            database.close()
            raise ConfigError(error.public, hint=error.hint) from error
        except BaseException:
            database.close()
            raise
        recency = Recency(clock)
        return cls(
            database,
            KeyStore(database, clock),
            RevocationStore(database, clock),
            tenants,
            PlaceholderStore(database, tenants, recency, entries_max=placeholders_max),
            VendorKnownStore(database, recency, entries_max=vendor_known_max),
            StopStore(database, clock),
            UsageStore(database, clock),
            RecordingKeyStore(database, installation_key, clock),
            ApprovalStore(database, tenants, clock),
        )

    def close(self) -> None:
        """Close every connection; everything that was acknowledged is durable already."""
        self.database.close()
