"""Compiled patterns kept on disk, so that a start does not compile them anew: seconds become a millisecond.

Owns the folder and who may have written in it. A file that is missing, altered by somebody else, or cannot be written
is no error: the patterns are compiled instead. Never decides whether a database fits; who loads it checks that.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

FILES_MAX = 4
"""Databases kept; older ones, of other versions of the gate, are removed."""

FILE_BYTES_MAX = 256 * 1024 * 1024
"""A larger file is not read."""

_ENDING = ".hsdb"


class CompiledFiles(MutableMapping[str, bytes]):
    """Databases by name, a file each. Made by this user and writable by nobody else, or else not there."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it is made when the first one is kept."""
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        """Return a database. Fails: KeyError."""
        try:
            with self._path(name).open("rb") as file:
                if not _ours(os.fstat(file.fileno())):
                    raise KeyError(name)
                return file.read()
        except OSError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, data: bytes) -> None:
        """Keep a database, whole or not at all."""
        draft = self._folder / f".{secrets.token_hex(8)}"
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(
                    os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb"
                ) as file:
                    file.write(data)
                draft.replace(self._path(name))
            finally:
                draft.unlink(missing_ok=True)
            for old in sorted(self._files(), key=lambda path: path.stat().st_mtime, reverse=True)[FILES_MAX:]:
                old.unlink()

    def __delitem__(self, name: str) -> None:
        """Forget a database. Fails: KeyError."""
        try:
            self._path(name).unlink()
        except OSError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        """Yield the names of those kept."""
        return (path.name.removesuffix(_ENDING) for path in self._files())

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._files())

    def _files(self) -> list[Path]:
        try:
            return [path for path in self._folder.iterdir() if path.name.endswith(_ENDING)]
        except OSError:
            return []

    def _path(self, name: str) -> Path:
        assert name.isalnum(), "names are digests"
        return self._folder / (name + _ENDING)


def _ours(found: os.stat_result) -> bool:
    """Say whether a file is a plain one that only this user could have written."""
    alone = not stat.S_IMODE(found.st_mode) & 0o022
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and alone and found.st_size <= FILE_BYTES_MAX
