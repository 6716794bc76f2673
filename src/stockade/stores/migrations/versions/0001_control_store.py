"""Make the tables of the first release: keys, tenants, placeholders, what a vendor knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "meta",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_s", sa.BigInteger, nullable=True),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(63), primary_key=True),
        sa.Column("secrets", sa.LargeBinary, nullable=False),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "placeholders",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("used_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("placeholders_by_use", "placeholders", ["tenant", "used_at_us"])
    op.create_table(
        "vendor_known",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("used_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("vendor_known_by_use", "vendor_known", ["tenant", "used_at_us"])
