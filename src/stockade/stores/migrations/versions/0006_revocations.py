"""Keep who was revoked, though an issuer still vouches for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "revocations",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("before_s", sa.BigInteger, nullable=True),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
    )
