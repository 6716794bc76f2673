from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stockade.core.errors import ConfigError
from stockade.stores.installation_key import FILE_NAME, installation_key


def test_the_first_start_makes_the_key_and_the_next_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    key = installation_key(folder)
    assert len(key) == 32
    assert installation_key(folder) == key
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert installation_key(tmp_path / "other") != key


def test_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: installation_key(tmp_path), range(16)))) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    installation_key(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o640)
    with pytest.raises(ConfigError, match="read by others") as caught:
        installation_key(tmp_path)
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("damage", [b"", b"ab\n", b"zz" * 32, b"\xff" * 64, b"ab" * 40])
def test_a_damaged_key_is_refused_and_never_replaced(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(damage)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="damaged"):
        installation_key(tmp_path)
    assert path.read_bytes() == damage


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be used"):
        installation_key(tmp_path / "data")
