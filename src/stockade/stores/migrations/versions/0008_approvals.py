"""Keep what waits for a person's yes, and what people said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("principal", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("needed", sa.BigInteger, nullable=False),
        sa.Column("in_session", sa.BigInteger, nullable=False),
        sa.Column("shown", sa.LargeBinary, nullable=False),
        sa.Column("round", sa.BigInteger, nullable=False),
        sa.Column("asked_at_s", sa.BigInteger, nullable=False),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("told_round", sa.BigInteger, nullable=False),
    )
    op.create_index("approvals_by_value", "approvals", ["tenant", "value"])
    op.create_index("approvals_by_expiry", "approvals", ["tenant", "expires_at_s"])
    op.create_table(
        "approval_votes",
        sa.Column("approval", sa.String(32), primary_key=True),
        sa.Column("round", sa.BigInteger, primary_key=True),
        sa.Column("by", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("yes", sa.BigInteger, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("until_s", sa.BigInteger, nullable=False),
        sa.Column("link", sa.String(32), nullable=False),
        sa.Column("told", sa.BigInteger, nullable=False),
    )
