"""The generation: one number that grows with every change of keys, revocations and stops.

A gateway asks for it twice a second and reads the rest when it is new.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from stockade.stores.statements import insert_new
from stockade.stores.tables import META

_GENERATION = META.c.name == "generation"


def generation(connection: Connection) -> int:
    """Return the number as it stands."""
    found = connection.execute(select(META.c.value).where(_GENERATION)).scalar_one_or_none()
    return int.from_bytes(found, "big") if found is not None else 0


def advance(connection: Connection) -> None:
    """Count one change, in the same transaction as the change, under the lock `keys`."""
    following = (generation(connection) + 1).to_bytes(8, "big")
    insert_new(connection, META, [{"name": "generation", "value": following}])
    connection.execute(update(META).where(_GENERATION).values(value=following))
