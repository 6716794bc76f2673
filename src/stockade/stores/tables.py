"""The tables of the control store.

Owns the names and types; `migrations/` brings a database there and a test compares the two. Values that a person sent
stand here as ciphertext only, keys of callers as digests only.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

META = Table(
    "meta",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Facts of the installation: the generation of the keys, the proof of the installation key."""

KEYS = Table(
    "keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("created_at_s", BigInteger, nullable=False),
    Column("revoked_at_s", BigInteger, nullable=True),
    Column("team", String(63), nullable=False, server_default=""),
    Column("roles", String(120), nullable=False, server_default=""),
    Column("workspace", String(63), nullable=False, server_default=""),
    Column("suspended_at_s", BigInteger, nullable=True),
)
"""`roles` are joined by commas; `team` and `workspace` are "" for none."""

REVOCATIONS = Table(
    "revocations",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("subject", String(80), primary_key=True),
    Column("before_s", BigInteger, nullable=True),
    Column("created_at_s", BigInteger, nullable=False),
)
"""People and tokens that open nothing, by digests; `subject` is "" for everybody."""

TENANTS = Table(
    "tenants",
    METADATA,
    Column("id", String(63), primary_key=True),
    Column("secrets", LargeBinary, nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
)
"""`secrets` is sealed by the installation key: erasing a row erases everything that the tenant's map holds."""

PLACEHOLDERS = Table(
    "placeholders",
    METADATA,
    Column("tenant", String(63), primary_key=True),
    Column("digest", LargeBinary(16), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("used_at_us", BigInteger, nullable=False),
    Index("placeholders_by_use", "tenant", "used_at_us"),
)
"""`digest` names the stand-in, `value` is sealed by the tenant's data key."""

VENDOR_KNOWN = Table(
    "vendor_known",
    METADATA,
    Column("tenant", String(63), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("used_at_us", BigInteger, nullable=False),
    Index("vendor_known_by_use", "tenant", "used_at_us"),
)
"""Evidence digests of values that a vendor wrote itself."""

RECORDING_KEYS = Table(
    "recording_keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("tenant", String(63), nullable=False),
    Column("day", String(10), nullable=False),
    Column("sealed", LargeBinary, nullable=True),
    Column("created_at_s", BigInteger, nullable=False),
    Column("destroyed_at_s", BigInteger, nullable=True),
    Index("recording_keys_by_day", "tenant", "day"),
)
"""Keys of recordings, one a tenant and day, sealed by the installation key; `sealed` is empty once destroyed."""

RECORDING_FILES = Table(
    "recording_files",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("key_id", String(16), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Index("recording_files_by_key", "key_id"),
)
"""How long each file of recordings is at the least."""

STOPS = Table(
    "stops",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("name", String(256), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)
"""What operators have stopped; `name` is "" for a stop of all."""

USAGE = Table(
    "usage",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("tenant", String(63), primary_key=True),
    Column("principal", String(64), primary_key=True),
    Column("teams", Text, primary_key=True),
    Column("model", String(256), primary_key=True),
    Column("workspace", String(63), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("tool_calls", BigInteger, nullable=False),
    Column("cost_micro_usd", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
)
"""What callers used, a row for each day (UTC), caller, model and workspace; `teams` are joined by commas."""

USAGE_BATCHES = Table(
    "usage_batches",
    METADATA,
    Column("gateway", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)
"""The last batch of usage that each gateway added, so that none counts twice."""

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("value", String(32), nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("principal", String(64), nullable=False),
    Column("subject", String(16), nullable=False),
    Column("rules", Text, nullable=False),
    Column("needed", BigInteger, nullable=False),
    Column("in_session", BigInteger, nullable=False),
    Column("shown", LargeBinary, nullable=False),
    Column("round", BigInteger, nullable=False),
    Column("asked_at_s", BigInteger, nullable=False),
    Column("expires_at_s", BigInteger, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("told_round", BigInteger, nullable=False),
    Index("approvals_by_value", "tenant", "value"),
    Index("approvals_by_expiry", "tenant", "expires_at_s"),
)
"""What waits or waited for a person's yes; `shown` is sealed by the tenant's data key. `told_round` is the last round
of which the ledger knows that it ran out."""

APPROVAL_VOTES = Table(
    "approval_votes",
    METADATA,
    Column("approval", String(32), primary_key=True),
    Column("round", BigInteger, primary_key=True),
    Column("by", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("yes", BigInteger, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("until_s", BigInteger, nullable=False),
    Column("link", String(32), nullable=False),
    Column("told", BigInteger, nullable=False),
)
"""What people said to it, one word a person and round; `told` once the ledger knows."""
