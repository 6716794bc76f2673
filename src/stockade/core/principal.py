"""Principals: who is calling. There is no default principal (DESIGN invariant 7)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `key` is the public id of the API key (never the key); `tenant` owns the pseudonyms."""

    key: str
    name: str
    tenant: str
