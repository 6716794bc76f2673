"""Run migrations on the connection that `stores/upgrade.py` hands over, inside its transaction and its lock."""

from __future__ import annotations

from alembic import context

from stockade.stores.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
