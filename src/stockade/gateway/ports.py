"""The ports of the gateway: what the driver needs of the outside, each as semantics first and signature second.

Implementations live in `stores/` and beside this file; `app.py` chooses them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol

from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Segment
from stockade.guard.approvals.approval import Held, Ruling
from stockade.guard.pipeline.commands import Block, CallUpstream, TenantKeys, UpstreamHead
from stockade.guard.quota.counters import Reservation, Settlement, Take
from stockade.guard.quota.usage import UsageEntry
from stockade.guard.recording.recording import Recording


class Issuers(Protocol):
    """The issuers of tokens, asked over the network; a look is bounded in time, number and rate."""

    async def refresh(self, issuer: str) -> None:
        """Look at an issuer's keys once more; new ones are in the gate when this returns. Never fails."""

    async def active(self, issuer: str, token: bytes) -> None:
        """Ask an issuer whether it still stands by a token. Fails: UnauthenticatedError for any answer but yes."""


class Unfinished(Protocol):
    """An inspection of which the longer part is left. Computation alone, for a thread."""

    def finish(self) -> Inspection:
        """Return the findings and one run for each detector that was to look."""

    def timed_out(self, reason: str) -> Inspection:
        """Return the account of what did not end in time; may be asked while `finish` runs."""


class Inspector(Protocol):
    """Every detector over a sequence of segments. Used by several threads at once; never raises for content."""

    def begin(self, segments: Sequence[Segment], evidence_key: bytes, scope: Scope) -> Inspection | Unfinished:
        """Return the inspection where that takes an instant, or what is left to do."""


class Counters(Protocol):
    """Where limits are counted: in this process, which is instant, or in a store that replicas share."""

    def reserve(self, id_: str, takes: Sequence[Take]) -> Reservation | Awaitable[Reservation]:
        """Hold all takes until they are settled, or none. Fails: RateLimitedError, LimitsUnreachableError.

        The same id again is the same reservation, so that a call whose answer was lost can be made again.
        """

    def settle(self, settlements: Sequence[Settlement]) -> Awaitable[None] | None:
        """Give back what is held and charge what was used; twice is once. Never fails: what cannot be done waits."""


class Usage(Protocol):
    """What callers came to, added up. Instant."""

    def add(self, entry: UsageEntry) -> None:
        """Add one exchange."""


class Vault(Protocol):
    """What is kept of a tenant. Calls may touch a disk and are made in a thread; the `*_at_hand` ones never do."""

    def tenant_keys_at_hand(self, tenant: str) -> TenantKeys | None:
        """Return the tenant's secrets if they are in memory."""

    def tenant_keys(self, tenant: str) -> TenantKeys:
        """Return the tenant's secrets, made on first use. Fails: StorageError."""

    def kept_at_hand(self, tenant: str, entries: Mapping[str, str]) -> bool:
        """Say whether all these are surely kept, as far as memory tells."""

    def vendor_known_at_hand(self, tenant: str, vendor: str, evidences: frozenset[str]) -> frozenset[str] | None:
        """Return which of these the vendor wrote itself, None when memory cannot tell."""

    def remember(self, tenant: str, entries: Mapping[str, str]) -> None:
        """Keep entries; durable once it returns. Fails: StorageError."""

    def recall(self, tenant: str, stand_ins: frozenset[str]) -> dict[str, str]:
        """Return the values of those that are known. Fails: StorageError."""

    def vendor_known(self, tenant: str, vendor: str, evidences: frozenset[str]) -> frozenset[str]:
        """Return which of these the vendor wrote itself. Fails: StorageError."""

    def remember_vendor_known(self, tenant: str, vendor: str, evidences: frozenset[str]) -> None:
        """Keep evidences. Fails: StorageError."""


class Ledger(Protocol):
    """The append-only record."""

    def append(self, record: bytes) -> Awaitable[None]:
        """Write one record; it is durable once this returns. Fails: StorageError."""


class Recorder(Protocol):
    """Where exchanges are kept, sealed. What is handed over waits in memory, bounded, and is written in a thread."""

    def keep(self, recording: Recording) -> None:
        """Keep an exchange soon, or count it as missed. Instant, never fails."""

    def keep_durably(self, recording: Recording) -> Awaitable[None]:
        """Keep an exchange; it is durable once this returns. Fails: StorageError."""

    def miss(self, tenant: str, reason: str) -> None:
        """Count an exchange that is not kept. Instant."""


class Blocks(Protocol):
    """Refusals that stick to content, bounded in number. Instant."""

    def seek(self, tenant: str, content: str) -> Block | None:
        """Return the refusal of this content."""

    def stick(self, tenant: str, content: str, block: Block) -> None:
        """Keep a refusal."""


class Approvals(Protocol):
    """What waits for a person's yes. Calls touch a disk and are made in a thread."""

    def ask(self, held: Held) -> Ruling:
        """Return how it stands; APPROVED is counted as a use, durable once it returns. Fails: StorageError."""


class UpstreamAnswer(Protocol):
    """One answer of a vendor while it is read."""

    head: UpstreamHead

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end. Fails: UpstreamError, UpstreamTimeoutError."""

    async def read_whole(self, bytes_max: int) -> bytes:
        """Return the whole body. Fails: UpstreamError also past the bound."""

    def close(self) -> None:
        """Break off: the vendor's call is cancelled when its answer was not read to the end."""


class Upstream(Protocol):
    """The way to the configured vendors."""

    async def call(self, request: CallUpstream) -> UpstreamAnswer:
        """Send a request; return when the answer's head has come. Fails: UpstreamError, UpstreamTimeoutError."""


class Clock(Protocol):
    """Time and chance, so that tests can hold both."""

    def now_s(self) -> float:
        """Return seconds since 1970."""

    def monotonic_s(self) -> float:
        """Return seconds of a clock that never goes back."""

    def exchange_id(self) -> str:
        """Return a new id, unique for ever and in order of time."""
