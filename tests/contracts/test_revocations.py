"""The contract of the store of revocations, the same for SQLite and for PostgreSQL."""

from __future__ import annotations

import pytest

from stockade.core.errors import ConfigError, StorageError
from stockade.guard.identity import RevocationKind
from stockade.stores.control import ControlStore
from tests.contracts.test_stores import Bench, bench, store

__all__ = ["bench", "store"]

PERSON = "p-" + "a" * 32


def test_a_revocation_holds_after_a_restart_until_it_is_taken_back(bench: Bench) -> None:
    store = bench.open()
    store.revocations.revoke(RevocationKind.PERSON, PERSON)
    store.revocations.revoke(RevocationKind.TOKEN, "0" * 64)
    store.revocations.revoke(RevocationKind.EVERYBODY, before_s=5)
    other = bench.open()
    assert len(other.revocations.list()) == 3
    assert other.revocations.revocations().reached(PERSON, "", 100)
    assert other.revocations.revocations().reached("p-" + "b" * 32, "", 4)
    assert store.revocations.restore(RevocationKind.PERSON, PERSON)
    assert not store.revocations.restore(RevocationKind.PERSON, PERSON)
    assert not other.revocations.revocations().reached(PERSON, "", 100)


def test_a_second_revocation_of_one_person_takes_the_place_of_the_first(store: ControlStore) -> None:
    store.revocations.revoke(RevocationKind.PERSON, PERSON, 5)
    store.revocations.revoke(RevocationKind.PERSON, PERSON)
    (record,) = store.revocations.list()
    assert record.before_s is None


def test_each_change_of_revocations_moves_the_generation_of_the_keys(store: ControlStore) -> None:
    before = store.keys.generation()
    store.revocations.revoke(RevocationKind.PERSON, PERSON)
    middle = store.keys.generation()
    store.revocations.restore(RevocationKind.PERSON, PERSON)
    assert before < middle < store.keys.generation()
    store.revocations.restore(RevocationKind.PERSON, PERSON)
    assert store.keys.generation() == middle + 1


def test_nobody_in_particular_cannot_be_revoked(store: ControlStore) -> None:
    with pytest.raises(ConfigError, match="Nobody was revoked"):
        store.revocations.revoke(RevocationKind.PERSON, "anna@example.com")
    assert store.revocations.list() == ()


def test_a_corrupt_revocation_is_an_error_and_lets_nobody_in(bench: Bench, store: ControlStore) -> None:
    store.revocations.revoke(RevocationKind.PERSON, PERSON)
    bench.run("UPDATE revocations SET kind = 'nonsense'")
    with pytest.raises(StorageError, match="revocations is corrupt"):
        store.revocations.revocations()
