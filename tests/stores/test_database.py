from pathlib import Path

import pytest
from sqlalchemy import text

from stockade.core.errors import ConfigError, StorageError
from stockade.stores.control import ControlStore
from stockade.stores.database import Database

KEY = bytes(32)


def test_a_sqlite_file_is_private_and_durable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/c.sqlite")
    with database.reading() as connection:
        pragmas = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]
    for path in (tmp_path / "new").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    database.close()


def test_what_is_no_database_is_a_config_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is a text file, not a database" * 100)
    with pytest.raises(ConfigError, match="corrupt") as caught:
        ControlStore.open(f"sqlite:///{path}", KEY)
    assert "backup" in caught.value.hint
    assert str(path) in caught.value.hint


def test_a_torn_page_is_found_at_start(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    store = ControlStore.open(f"sqlite:///{path}", KEY)
    store.placeholders.remember("acme", {str(number): "value" for number in range(500)})
    store.close()
    raw = bytearray(path.read_bytes())
    raw[-4096:] = b"\xff" * 4096  # a page that opening the store does not read by itself
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match="corrupt"):
        ControlStore.open(f"sqlite:///{path}", KEY)


def test_a_failed_write_leaves_nothing_and_tells_no_parameter(tmp_path: Path) -> None:
    store = ControlStore.open(f"sqlite:///{tmp_path}/c.sqlite", KEY)
    insert = text("INSERT INTO meta (name, value) VALUES (:name, :value)")
    with pytest.raises(StorageError) as caught, store.database.writing("test") as connection:
        connection.execute(insert, [{"name": "canary", "value": b"v"}] * 2)
    assert "canary" not in caught.value.diagnostics() + str(caught.value.__cause__)
    with store.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM meta WHERE name = 'canary'")).scalar() == 0
    store.close()


def test_a_full_disk_is_told_and_passes(tmp_path: Path) -> None:
    store = ControlStore.open(f"sqlite:///{tmp_path}/c.sqlite", KEY)
    with store.database.reading() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(StorageError, match="does not answer"):
        store.placeholders.remember("acme", {"one": "x" * 100_000})
    assert store.placeholders.known("acme", "one") is None
    store.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:///"])
def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Database(url)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be opened"):
        Database(f"sqlite:///{tmp_path}/file/c.sqlite")


def test_a_server_that_is_not_there_is_a_config_error_without_the_password() -> None:
    with pytest.raises(ConfigError, match="does not answer") as caught:
        ControlStore.open("postgresql://user:hunter2@127.0.0.1:1/x", KEY)
    assert "hunter2" not in caught.value.diagnostics()
    assert "127.0.0.1" in caught.value.hint
