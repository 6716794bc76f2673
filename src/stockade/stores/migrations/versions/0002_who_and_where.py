"""Let a key belong to a team, hold roles, name its workspace and be suspended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; keys made before belong to nobody and are bound to nothing."""
    for name, size in (("team", 63), ("roles", 120), ("workspace", 63)):
        op.add_column("keys", sa.Column(name, sa.String(size), nullable=False, server_default=""))
    op.add_column("keys", sa.Column("suspended_at_s", sa.BigInteger, nullable=True))
