"""Keep what operators have stopped, and what callers used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "stops",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(256), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "usage",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("principal", sa.String(64), primary_key=True),
        sa.Column("teams", sa.Text, primary_key=True),
        sa.Column("model", sa.String(256), primary_key=True),
        sa.Column("workspace", sa.String(63), primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in (
                "requests",
                "input_tokens",
                "output_tokens",
                "cache_read_tokens",
                "cache_write_tokens",
                "tool_calls",
                "cost_micro_usd",
                "unpriced",
            )
        ),
    )
    op.create_table(
        "usage_batches",
        sa.Column("gateway", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
