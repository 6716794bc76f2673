"""Keep the keys of recordings, one a tenant and day, and how long their files are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "recording_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
        sa.Column("destroyed_at_s", sa.BigInteger, nullable=True),
    )
    op.create_index("recording_keys_by_day", "recording_keys", ["tenant", "day"])
    op.create_table(
        "recording_files",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_index("recording_files_by_key", "recording_files", ["key_id"])
