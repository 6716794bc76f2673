"""The contract of the control store, the same for SQLite and for PostgreSQL.

PostgreSQL runs when STOCKADE_TEST_POSTGRES_URL names a server on which databases may be made and dropped.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import make_url

from stockade.core.errors import ConfigError, StorageError
from stockade.core.principal import Principal
from stockade.guard.identity import credential_of
from stockade.stores.control import ControlStore
from stockade.stores.placeholders import StandInTakenError
from stockade.stores.tables import METADATA

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
POSTGRES = os.environ.get("STOCKADE_TEST_POSTGRES_URL")


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """A database of its own, a clock, and stores opened on it as often as a test likes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = Clock()
        self.opened: list[ControlStore] = []

    def open(self, key: bytes = KEY, **bounds: int) -> ControlStore:
        store = ControlStore.open(self.url, key, clock=self.clock, **bounds)
        self.opened.append(store)
        return store

    def run(self, statement: str, **values: Any) -> None:
        with self.open().database.writing("test") as connection:
            connection.execute(text(statement), values)


def postgres_database() -> Iterator[str]:
    if not POSTGRES:
        pytest.skip("STOCKADE_TEST_POSTGRES_URL names no server")
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    name = f"stockade_test_{secrets.token_hex(6)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    databases = postgres_database() if request.param == "postgresql" else iter([f"sqlite:///{tmp_path}/c.sqlite"])
    made = Bench(next(databases))
    yield made
    for store in made.opened:
        store.close()
    next(databases, None)


@pytest.fixture
def store(bench: Bench) -> ControlStore:
    return bench.open()


def break_commit(store: ControlStore, monkeypatch: pytest.MonkeyPatch, *, persists: bool) -> None:
    """Make the next commit of a write fail, before or after the database has taken it."""
    dialect = store.database.engine.dialect
    commit = dialect.do_commit
    writes = False

    def begun(connection: Connection) -> None:
        nonlocal writes
        writes = bool(connection.get_execution_options().get("stockade_write"))

    def broken(connection: Any) -> None:
        if not writes:
            return commit(connection)
        monkeypatch.setattr(dialect, "do_commit", commit)
        if persists:
            commit(connection)
        raise dialect.loaded_dbapi.OperationalError("injected")

    event.listen(store.database.engine, "begin", begun)
    monkeypatch.setattr(dialect, "do_commit", broken)


# --- opening


def test_opening_again_changes_nothing_and_the_tables_are_those_of_the_code(bench: Bench) -> None:
    bench.open()
    found = inspect(bench.open().database.engine)
    for table in METADATA.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        assert found.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
        assert {index["name"] for index in found.get_indexes(table.name)} >= {index.name for index in table.indexes}


def test_many_may_open_a_new_database_at_once(bench: Bench) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: bench.open(), range(4)))
    assert len({store.tenants.secrets("acme").tenant_key for store in stores}) == 1


def test_another_installation_key_is_refused_with_what_to_do(bench: Bench) -> None:
    bench.open()
    with pytest.raises(ConfigError, match="does not fit") as caught:
        bench.open(OTHER_KEY)
    assert "installation.key" in caught.value.hint


def test_a_database_of_a_newer_release_is_refused(bench: Bench) -> None:
    bench.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer"):
        bench.open()


# --- keys


def test_a_key_opens_after_a_restart_until_it_is_revoked(bench: Bench) -> None:
    made = bench.open().keys.create("laptop", "acme")
    headers = [(b"x-api-key", made.text.encode())]
    other = bench.open().keys
    assert other.keyring().principal(credential_of(headers)) == Principal(made.record.id, "laptop", "acme")
    assert other.list() == (made.record,)
    bench.clock.now_s += 60
    revoked = other.revoke(made.record.id)
    assert revoked.revoked_at_s == 1_000_060
    bench.clock.now_s += 60
    assert other.revoke(made.record.id) == revoked
    assert len(bench.open().keys.keyring()) == 0


def test_each_change_of_the_keys_moves_the_generation(store: ControlStore) -> None:
    seen = [store.keys.generation()]
    made = store.keys.create("a")
    seen.append(store.keys.generation())
    store.keys.revoke(made.record.id)
    seen.append(store.keys.generation())
    store.keys.revoke(made.record.id)
    assert [*seen, store.keys.generation()] == [0, 1, 2, 2]
    assert store.keys.keyring().generation == 2


def test_the_text_of_a_key_is_nowhere_in_the_database(bench: Bench, store: ControlStore) -> None:
    made = store.keys.create("a")
    with store.database.reading() as connection:
        rows = repr(connection.execute(text("SELECT * FROM keys")).all())
    assert made.text not in rows
    assert made.text[-43:] not in rows


@pytest.mark.parametrize(("name", "tenant"), [("", "acme"), ("a", ""), ("a", "Not A Tenant"), ("a\n", "acme")])
def test_a_key_without_a_principal_is_not_made(store: ControlStore, name: str, tenant: str) -> None:
    with pytest.raises(ConfigError, match="No key was made"):
        store.keys.create(name, tenant)
    assert store.keys.list() == ()


def test_an_unknown_key_cannot_be_revoked(store: ControlStore) -> None:
    for unknown in ("none", "' OR '1'='1"):
        with pytest.raises(ConfigError, match="no key of this id"):
            store.keys.revoke(unknown)


def test_a_corrupt_row_of_keys_is_an_error_and_no_principal(bench: Bench, store: ControlStore) -> None:
    store.keys.create("a")
    bench.run("UPDATE keys SET name = ''")
    with pytest.raises(StorageError, match="keys is corrupt"):
        store.keys.keyring()


# --- tenants


def test_the_secrets_of_a_tenant_stay_the_same_and_differ_from_each_other(bench: Bench) -> None:
    first = bench.open().tenants.secrets("acme")
    second = bench.open().tenants
    assert second.secrets("acme") == first
    assert second.secrets("other") != first
    assert len({first.data_key, first.tenant_key, first.evidence_key}) == 3
    assert {len(key) for key in (first.data_key, first.tenant_key, first.evidence_key)} == {32}
    assert first.data_key.hex() not in repr(first)


def test_secrets_that_stand_at_another_tenant_do_not_open(bench: Bench) -> None:
    store = bench.open()
    store.tenants.secrets("acme")
    bench.run("UPDATE tenants SET id = 'other'")
    with pytest.raises(StorageError, match="tenant other are corrupt"):
        store.tenants.secrets("other")


# --- placeholders


def test_what_is_remembered_is_recalled_after_a_restart(bench: Bench) -> None:
    entries = {"a@example.test": "anna@acme.test", "EMPTY": "", "\u00e4\0": "\ud800 lone", "x" * 5000: "y" * 9000}
    first = bench.open().placeholders
    first.remember("acme", entries)
    assert first.known("acme", "a@example.test") == "anna@acme.test"
    other = bench.open().placeholders
    assert other.known("acme", "a@example.test") is None
    assert other.recall("acme", [*entries, "never made"]) == entries
    assert other.known("acme", "a@example.test") == "anna@acme.test"


def test_a_tenant_sees_nothing_of_another(store: ControlStore) -> None:
    store.placeholders.remember("acme", {"one": "secret"})
    assert store.placeholders.recall("other", ["one"]) == {}
    assert store.placeholders.known("other", "one") is None
    store.placeholders.remember("other", {"one": "different"})
    assert store.placeholders.recall("acme", ["one"]) == {"one": "secret"}


def test_values_and_stand_ins_are_nowhere_in_the_database(store: ControlStore) -> None:
    store.placeholders.remember("acme", {"standin": "canary value"})
    with store.database.reading() as connection:
        rows = connection.execute(text("SELECT * FROM placeholders")).all()
    held = b"".join(value for row in rows for value in row if isinstance(value, bytes))
    assert len(rows) == 1
    assert b"canary" not in held
    assert b"standin" not in held


def test_what_is_known_costs_no_write(store: ControlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.placeholders.remember("acme", {"one": "1"})
    monkeypatch.setattr(store.database, "writing", None)
    store.placeholders.remember("acme", {"one": "1"})
    store.placeholders.remember("acme", {})
    assert store.placeholders.recall("acme", ["one"]) == {"one": "1"}


def test_a_stand_in_never_changes_its_value(bench: Bench) -> None:
    bench.open().placeholders.remember("acme", {"one": "1"})
    for store in bench.opened[0], bench.open():
        with pytest.raises(StandInTakenError) as caught:
            store.placeholders.remember("acme", {"one": "2", "two": "2"})
        assert caught.value.stand_ins == {"one"}
        assert store.placeholders.recall("acme", ["one", "two"]) == {"one": "1"}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE placeholders SET value = (SELECT value FROM placeholders ORDER BY value LIMIT 1)",
        "UPDATE placeholders SET tenant = 'other'",
        "UPDATE placeholders SET value = digest",
    ],
)
def test_a_corrupt_row_is_an_error_never_half_a_map(bench: Bench, damage: str) -> None:
    first = bench.open()
    first.tenants.secrets("other")
    first.placeholders.remember("acme", {"one": "1", "two": "2"})
    bench.run(damage)
    tenant = "other" if "other" in damage else "acme"
    with pytest.raises(StorageError, match="is corrupt"):
        bench.open().placeholders.recall(tenant, ["one", "two"])


def test_the_least_recently_used_go_first(bench: Bench) -> None:
    store = bench.open(placeholders_max=3).placeholders
    store.remember("acme", {"a": "1", "b": "2"})
    store.remember("acme", {"c": "3"})
    bench.clock.now_s += 7200
    store.remember("acme", {"a": "1"})  # known: a use, not a write
    store.remember("acme", {"d": "4"})
    assert store.count("acme") == 3
    assert store.known("acme", "b") is None
    assert set(bench.open(placeholders_max=3).placeholders.recall("acme", "abcd")) == {"a", "c", "d"}
    store.remember("acme", {"b": "2"})
    assert set(bench.open(placeholders_max=3).placeholders.recall("acme", "abcd")) == {"a", "b", "d"}


def test_the_bound_holds_over_many_writes_and_for_each_tenant(bench: Bench) -> None:
    store = bench.open(placeholders_max=130).placeholders
    for number in range(30):
        store.remember("acme", {f"{number}/{each}": "v" for each in range(20)})
        assert store.count("acme") <= 130
    store.remember("other", {"one": "1"})
    assert (store.count("acme") >= 120, store.count("other")) == (True, 1)
    with pytest.raises(StorageError, match="more placeholders than are kept"):
        store.remember("acme", {str(number): "v" for number in range(131)})


def test_the_bound_holds_between_two_counts(bench: Bench) -> None:
    store = bench.open(placeholders_max=130).placeholders
    store.remember("acme", {str(number): "v" for number in range(127)})
    for number in range(127, 133):
        store.remember("acme", {str(number): "v"})
        assert store.count("acme") <= 130


def test_writers_at_once_lose_nothing(bench: Bench) -> None:
    stores = [bench.open().placeholders for _ in range(2)]

    def write(number: int) -> None:
        entries = {f"shared {each}": f"{each}" for each in range(number, number + 5)}
        stores[number % 2].remember("acme", {**dict(reversed(entries.items())), f"own {number}": "v"})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(16)))
    found = bench.open().placeholders.recall("acme", [f"shared {each}" for each in range(20)])
    assert found == {f"shared {each}": f"{each}" for each in range(20)}
    assert stores[0].count("acme") == 36


# --- what a vendor knows


def test_what_a_vendor_wrote_is_known_after_a_restart(bench: Bench) -> None:
    first = bench.open().vendor_known
    first.add("acme", ["d1", "d2", "d1"])
    assert first.known("acme", "d1")
    assert not first.known("other", "d1")
    other = bench.open().vendor_known
    assert other.among("acme", ["d1", "d3"]) == {"d1"}
    assert other.among("other", ["d1"]) == frozenset()
    assert other.known("acme", "d1")


def test_what_a_vendor_wrote_is_bounded(bench: Bench) -> None:
    store = bench.open(vendor_known_max=3).vendor_known
    store.add("acme", ["a", "b", "c"])
    store.add("acme", ["d"])
    store.add("acme", list("vwxyz"))
    assert bench.open().vendor_known.among("acme", "abcdvwxyz") == set("xyz")
    assert not store.known("acme", "a")


# --- writes that fail, and writes that fail but did persist

WRITES: dict[str, Callable[[ControlStore], object]] = {
    "create": lambda store: store.keys.create("laptop"),
    "revoke": lambda store: store.keys.revoke(store.keys.list()[0].id),
    "secrets": lambda store: store.tenants.secrets("new"),
    "remember": lambda store: store.placeholders.remember("acme", {"new": "value"}),
    "add": lambda store: store.vendor_known.add("acme", ["new"]),
}


@pytest.mark.parametrize("persists", [False, True], ids=["failed", "failed but persisted"])
@pytest.mark.parametrize("write", WRITES)
def test_a_failed_write_is_told_and_may_be_made_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, write: str, *, persists: bool
) -> None:
    store = bench.open()
    store.keys.create("first")
    store.placeholders.remember("acme", {"old": "value"})
    break_commit(store, monkeypatch, persists=persists)
    with pytest.raises(StorageError, match="does not answer") as caught:
        WRITES[write](store)
    assert "value" not in caught.value.diagnostics()
    assert not store.vendor_known.known("acme", "new")
    assert store.placeholders.known("acme", "new") is None
    again = WRITES[write](store)
    later = bench.open()
    assert later.placeholders.recall("acme", ["new"]) == ({"new": "value"} if write == "remember" else {})
    assert later.vendor_known.among("acme", ["new"]) == ({"new"} if write == "add" else set())
    assert write != "secrets" or later.tenants.secrets("new") == again
    assert write != "revoke" or later.keys.list()[0].revoked
    names = sorted(record.name for record in later.keys.list())
    assert names == ["first", *["laptop"] * (0 if write != "create" else 2 if persists else 1)]
