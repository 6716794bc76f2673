"""Tenants: the secrets of each, made at first use and sealed by the installation key.

Owns three keys a tenant: of its map of placeholders, of its pseudonyms, of its evidence digests. Deleting the row makes
everything that they sealed unreadable for ever.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from stockade.core.errors import ConfigError, StorageError
from stockade.stores.database import Database
from stockade.stores.sealing import Seal, SealError
from stockade.stores.statements import insert_new
from stockade.stores.tables import META, TENANTS

_KEY_BYTES = 32
_PROOF = b"stockade installation"


@dataclass(frozen=True, slots=True)
class TenantSecrets:
    """The keys of one tenant, 32 bytes each."""

    data_key: bytes = field(repr=False)
    tenant_key: bytes = field(repr=False)
    evidence_key: bytes = field(repr=False)


class TenantStore:
    """The secrets of all tenants."""

    def __init__(self, database: Database, installation_key: bytes, clock: Callable[[], float]) -> None:
        """Take over the key; `prove_key` says whether it fits."""
        self._database = database
        self._seal = Seal(installation_key)
        self._clock = clock
        self._secrets: dict[str, TenantSecrets] = {}
        self._lock = threading.Lock()

    def prove_key(self) -> None:
        """Refuse an installation key that did not seal this database. Fails: ConfigError, StorageError."""
        with self._database.writing("installation") as connection:
            insert_new(connection, META, [{"name": "installation", "value": self._seal.close(_PROOF, _PROOF)}])
            found = connection.execute(select(META.c.value).where(META.c.name == "installation")).scalar_one()
        try:
            self._seal.open(found, _PROOF)
        except SealError as error:
            raise ConfigError(
                "The installation key does not fit the control store.",
                hint="Put back the installation.key that belongs to this database, or name another database.",
            ) from error

    def secrets(self, tenant: str) -> TenantSecrets:
        """Return the keys of `tenant`; the first call makes them. I/O at the first call only.

        Fails: StorageError when they cannot be written or the row is corrupt; never other keys in their place.
        """
        found = self._secrets.get(tenant)
        if found is not None:
            return found
        with self._lock:
            with self._database.reading() as connection:
                sealed = _sealed(connection, tenant)
            if sealed is None:
                sealed = self._make(tenant)
            return self._secrets.setdefault(tenant, self._opened(tenant, sealed))

    def _make(self, tenant: str) -> bytes:
        sealed = self._seal.close(secrets.token_bytes(3 * _KEY_BYTES), _place(tenant))
        with self._database.writing(f"tenant {tenant}") as connection:
            insert_new(connection, TENANTS, [{"id": tenant, "secrets": sealed, "created_at_s": int(self._clock())}])
            kept = _sealed(connection, tenant)  # another process may have been faster
        assert kept is not None
        return kept

    def _opened(self, tenant: str, sealed: bytes) -> TenantSecrets:
        try:
            keys = self._seal.open(sealed, _place(tenant))
        except SealError as error:
            raise StorageError(
                f"The secrets of tenant {tenant} are corrupt.", hint="Put the control store back from a backup."
            ) from error
        return TenantSecrets(keys[:_KEY_BYTES], keys[_KEY_BYTES : 2 * _KEY_BYTES], keys[2 * _KEY_BYTES :])


def _sealed(connection: Connection, tenant: str) -> bytes | None:
    return connection.execute(select(TENANTS.c.secrets).where(TENANTS.c.id == tenant)).scalar_one_or_none()


def _place(tenant: str) -> bytes:
    return b"tenant\0" + tenant.encode()
