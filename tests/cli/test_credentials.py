from __future__ import annotations

from pathlib import Path

import pytest

from stockade.cli.credentials import Credentials, CredentialsFile
from stockade.core.errors import ConfigError

KEPT = Credentials("https://login.example.com", "gate", ("openid",), "", "access", "refresh", 9.0)


def file(folder: Path) -> CredentialsFile:
    return CredentialsFile({"XDG_CONFIG_HOME": str(folder)})


def test_what_is_written_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    kept = file(tmp_path)
    kept.write(KEPT)
    assert kept.read() == KEPT
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in kept.path.parent.iterdir()] == ["credentials.json"]
    assert "access" not in repr(KEPT)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"nonsense", b'{"issuer":"x"}', b"\xff"])
def test_a_damaged_file_is_told_and_quotes_nothing(tmp_path: Path, damage: bytes) -> None:
    kept = file(tmp_path)
    kept.write(KEPT)
    kept.path.write_bytes(damage)
    with pytest.raises(ConfigError, match="damaged") as caught:
        kept.read()
    assert "nonsense" not in caught.value.message


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    kept = file(tmp_path)
    kept.write(KEPT)
    kept.path.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others"):
        kept.read()


def test_nobody_is_signed_in_at_first_and_after_the_end(tmp_path: Path) -> None:
    kept = file(tmp_path)
    for _ in range(2):
        with pytest.raises(ConfigError, match="Nobody is signed in"):
            kept.read()
        kept.write(KEPT)
        kept.forget()
        kept.forget()


@pytest.mark.parametrize("relative", ["", "config"])
def test_a_place_that_is_not_absolute_is_not_used(tmp_path: Path, relative: str) -> None:
    kept = CredentialsFile({"XDG_CONFIG_HOME": relative, "HOME": str(tmp_path)})
    assert kept.path == tmp_path / ".config" / "stockade" / "credentials.json"


def test_an_issuer_that_gives_no_new_refresh_token_lets_the_old_one_live() -> None:
    assert KEPT.renewed("new", "", 10.0).refresh_token == "refresh"
    assert KEPT.renewed("new", "newer", 10.0).refresh_token == "newer"
