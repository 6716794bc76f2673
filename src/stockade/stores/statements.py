"""Statements that SQLite and PostgreSQL spell differently, and reading by many names at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_Item = TypeVar("_Item")

_BATCH = 500
"""Names in one statement: SQLite takes 32,766 variables, PostgreSQL 65,535; past some hundred nothing is gained."""


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those rows whose primary key is not there yet; the others stay as they are."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Yield `items` in parts that fit one statement."""
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
