"""Commands: what the machine asks its driver to do. Each states what it is answered with and how it fails.

The machine yields one command at a time and is sent its answer. A command that fails is answered by throwing the
`StockadeError` named here into the machine. A client that goes away throws `ClientGone` into whatever waits.
Commands are values: nothing here knows how they are carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from stockade.core.findings import Scope
from stockade.core.segments import Segment
from stockade.guard.approvals.approval import Held
from stockade.guard.quota.counters import Settlement, Take
from stockade.guard.quota.usage import UsageEntry
from stockade.guard.recording.recording import Recording

Headers = tuple[tuple[bytes, bytes], ...]


class ClientGone(Exception):  # noqa: N818 - an event of the conversation, not a failure of the gate
    """The client closed its connection; nobody reads the answer any more."""


class RefreshIssuer(NamedTuple):
    """Look at an issuer's keys once more -> `People` as they stand then. Never fails, and may know no more."""

    issuer: str


class Introspect(NamedTuple):
    """Ask an issuer whether it still stands by a token -> None. Fails: UnauthenticatedError for any answer but yes."""

    issuer: str
    token: bytes


class ReadBody(NamedTuple):
    """Read the whole request body -> bytes. Fails: TooLargeError past `bytes_max`, InvalidRequestError if cut short."""

    bytes_max: int


class Reserve(NamedTuple):
    """Take all of these, or none -> `Reservation`. Fails: RateLimitedError, LimitsUnreachableError."""

    id: str
    takes: tuple[Take, ...]


class Settle(NamedTuple):
    """Give back what reservations hold and count what was used -> None. Never fails: what cannot be settled waits."""

    settlements: tuple[Settlement, ...]


class Spend(NamedTuple):
    """Add what an exchange came to to the usage of its caller -> None. Never fails."""

    entry: UsageEntry


class OpenTenant(NamedTuple):
    """Return the tenant's secrets -> `TenantKeys`. Fails: StorageError."""

    tenant: str


class TenantKeys(NamedTuple):
    """A tenant's secrets: `pseudonym` keys stand-ins, `evidence` keys digests of found values."""

    pseudonym: bytes
    evidence: bytes


class Inspect(NamedTuple):
    """Run the detectors that `scope` asks for over `segments` -> `Inspection`.

    A time-out is a run with that status, not a failure.
    """

    segments: tuple[Segment, ...]
    evidence_key: bytes
    scope: Scope = Scope.WHOLE


class Compute(NamedTuple):
    """Do pure `work` over a large body -> what it returns. Fails: GuardFailedError past its time, its own errors."""

    work: Callable[[], object]


class Remember(NamedTuple):
    """Keep stand-in -> value for the tenant -> None; durable once answered. Fails: StorageError."""

    tenant: str
    entries: Mapping[str, str]


class Recall(NamedTuple):
    """Look stand-ins up -> dict of those known. Fails: StorageError."""

    tenant: str
    stand_ins: frozenset[str]


class RecallVendorKnown(NamedTuple):
    """Return which of these evidences this vendor itself once wrote -> frozenset. Fails: StorageError.

    One vendor's words are news to another, so they are kept apart.
    """

    tenant: str
    vendor: str
    evidences: frozenset[str]


class RememberVendorKnown(NamedTuple):
    """Keep evidences of values that this vendor wrote -> None. Fails: StorageError."""

    tenant: str
    vendor: str
    evidences: frozenset[str]


class SeekBlock(NamedTuple):
    """Return the refusal that stuck to this content -> `Block | None`. Never fails."""

    tenant: str
    content: str


class StickBlock(NamedTuple):
    """Let a refusal stick to this content -> None. Never fails."""

    tenant: str
    content: str
    block: Block


class Block(NamedTuple):
    """A refusal that sticks: the same id, rules and sentence on every retry."""

    refusal: str
    rules: tuple[str, ...]
    reason: str


class AskApproval(NamedTuple):
    """Ask whether people have said yes to what a rule holds -> `Ruling`. Fails: StorageError.

    APPROVED is counted as a use, durable once answered; what is new waits for a person from now on.
    """

    held: Held


class Record(NamedTuple):
    """Append one record to the ledger -> None; durable once answered. Fails: StorageError."""

    data: bytes


class KeepRecording(NamedTuple):
    """Keep an exchange, sealed, some time soon -> None. Never fails: what cannot be kept is counted and told."""

    recording: Recording


class KeepBeforeSending(NamedTuple):
    """Keep an exchange, sealed -> None; durable once answered. Fails: StorageError."""

    recording: Recording


class MissRecording(NamedTuple):
    """Count an exchange that is not kept though it should be -> None. Never fails. `reason` is a word of ours."""

    tenant: str
    reason: str


class Now(NamedTuple):
    """Return the time -> seconds since 1970 (float)."""


class CallUpstream(NamedTuple):
    """Send a request to a configured vendor -> `UpstreamHead`. Fails: UpstreamError, UpstreamTimeoutError."""

    vendor: str
    method: str
    target: str
    headers: Headers
    body: bytes


class UpstreamHead(NamedTuple):
    """The head of the vendor's answer."""

    status: int
    headers: Headers


class ReadUpstream(NamedTuple):
    """Return the next bytes of the vendor's answer -> bytes, b"" at its end. Fails: UpstreamError and its kin."""


class ReadUpstreamWhole(NamedTuple):
    """Return the vendor's whole answer -> bytes. Fails: UpstreamError (broken off, past `bytes_max`)."""

    bytes_max: int


class SendHead(NamedTuple):
    """Begin the reply to the client -> None."""

    status: int
    headers: Headers


class SendBody(NamedTuple):
    """Send bytes of the reply -> None; `more` is False for the last."""

    data: bytes
    more: bool


Command = (
    RefreshIssuer
    | Introspect
    | ReadBody
    | Reserve
    | Settle
    | Spend
    | OpenTenant
    | Inspect
    | Compute
    | Remember
    | Recall
    | RecallVendorKnown
    | RememberVendorKnown
    | SeekBlock
    | StickBlock
    | AskApproval
    | Record
    | KeepRecording
    | KeepBeforeSending
    | MissRecording
    | Now
    | CallUpstream
    | ReadUpstream
    | ReadUpstreamWhole
    | SendHead
    | SendBody
)
