"""Compiled patterns on disk: what is kept comes back; what is not to be trusted is compiled anew."""

import errno
import os
from pathlib import Path
from typing import Any

import hyperscan
import pytest

from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.detector import PatternDetector
from stockade.guard.detectors.patterns import Pattern
from stockade.guard.detectors.scanner import Scanner
from stockade.stores.compiled import FILES_MAX, CompiledFiles

NAME = "ab" * 32
TEXT = "the key is AKIAIOSFODNN7EXAMPLE, mail a@example.org"


def patterns() -> list[Pattern]:
    return [pattern for each in discover() if isinstance(each, PatternDetector) for pattern in each.patterns]


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []
    real = hyperscan.Database

    def database(*arguments: Any, **settings: Any) -> Any:
        made.append(1)
        return real(*arguments, **settings)

    monkeypatch.setattr(hyperscan, "Database", database)
    return made


def test_what_is_kept_comes_back_and_only_once(tmp_path: Path) -> None:
    files = CompiledFiles(tmp_path / "compiled")
    assert NAME not in files
    files[NAME] = b"one"
    files[NAME] = b"two"
    assert (files[NAME], list(files), len(files)) == (b"two", [NAME], 1)
    assert oct((tmp_path / "compiled").stat().st_mode)[-3:] == "700"
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "compiled").iterdir()] == [0o600]
    del files[NAME]
    assert NAME not in files
    with pytest.raises(KeyError):
        del files[NAME]


def test_a_second_start_finds_the_same_without_compiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = counting(monkeypatch)
    first = Scanner(patterns(), CompiledFiles(tmp_path)).scan([TEXT])
    compiled = len(made)
    second = Scanner(patterns(), CompiledFiles(tmp_path)).scan([TEXT])
    assert first.hits
    assert second == first
    assert (compiled, len(made)) == (2, 2)


@pytest.mark.parametrize("harm", ["cut", "flipped", "emptied", "another", "writable"])
def test_what_is_not_whole_or_not_ours_is_compiled_anew(
    harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = patterns()[:3]
    good = Scanner(few, CompiledFiles(tmp_path)).scan([TEXT])
    for path in tmp_path.iterdir():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        changed = {"cut": bytes(data[: len(data) // 2]), "flipped": bytes(data), "emptied": b"", "another": b"\0" * 99}
        path.write_bytes(changed.get(harm, path.read_bytes()))
        path.chmod(0o666 if harm == "writable" else 0o600)
    made = counting(monkeypatch)
    assert Scanner(few, CompiledFiles(tmp_path)).scan([TEXT]) == good
    assert len(made) == 2
    assert Scanner(few, CompiledFiles(tmp_path)).scan([TEXT]) == good
    assert len(made) == 2, "the new one took the place of the bad one"


def test_other_patterns_are_another_database(tmp_path: Path) -> None:
    files = CompiledFiles(tmp_path)
    Scanner(patterns()[:3], files)
    before = set(files)
    Scanner(patterns()[-2:], files)
    assert len(set(files) - before) == 1


def test_a_disk_that_takes_nothing_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_settings: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    files = CompiledFiles(tmp_path / "compiled")
    files[NAME] = b"one"
    assert NAME not in files


def test_old_ones_go(tmp_path: Path) -> None:
    files = CompiledFiles(tmp_path)
    for number in range(FILES_MAX + 3):
        files[f"{number:02x}"] = b"x"
        os.utime(tmp_path / f"{number:02x}.hsdb", (number, number))
    assert len(files) <= FILES_MAX + 1
    assert f"{FILES_MAX + 2:02x}" in files
