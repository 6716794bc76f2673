"""The files of one ledger: names, the lock, creation, and the narrow layer through which every byte is written.

Owns paths and system calls. The layer (`LogFile`) is a port, so that tests can make each call fail, fail after it did
persist, or do half.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stockade.core.errors import StorageError

_NAME = re.compile(r"\d{8}\.log")


class LogFile(Protocol):
    """A file of the log, open for writing.

    Contract: what `write` returned and `sync` covered is durable once `sync` returns. `write` may write less than it
    was given. Fails: OSError.
    """

    def write(self, data: bytes | memoryview, at: int) -> int:
        """Write at a position; return how many bytes were written."""

    def sync(self) -> None:
        """Make everything written durable."""

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes."""

    def close(self) -> None:
        """Give the file back."""


Opener = Callable[[Path, bool], LogFile]
"""Open a file for writing; with True it must not exist yet."""


class PosixFile:
    """A `LogFile` on a POSIX system."""

    def __init__(self, path: Path, create: bool) -> None:
        """Open or create the file, readable by its owner alone."""
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        self._descriptor = os.open(path, flags, 0o600)

    def write(self, data: bytes | memoryview, at: int) -> int:
        """Write at a position."""
        return os.pwrite(self._descriptor, data, at)

    def sync(self) -> None:
        """Flush data and what is needed to read it back."""
        os.fdatasync(self._descriptor)

    def truncate(self, size: int) -> None:
        """Cut the file."""
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


def log_paths(directory: Path) -> list[Path]:
    """Return the files of a log, oldest first."""
    try:
        return sorted(path for path in directory.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def log_path(directory: Path, number: int) -> Path:
    """Return the path of the file of that number."""
    return directory / f"{number:08d}.log"


def number_of(path: Path) -> int:
    """Return the number that a file's name says."""
    return int(path.stem)


def sync_directory(directory: Path) -> None:
    """Make names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drop_cached_pages(path: Path) -> None:
    """Ask the system to forget its copy of a file, so that a read tells what the disk holds."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def write_all(file: LogFile, data: bytes, at: int) -> None:
    """Write all of `data`. Fails: OSError, also when a write makes no progress."""
    view = memoryview(data)
    while view:
        written = file.write(view, at)
        if written <= 0:
            raise OSError("a write made no progress")
        view, at = view[written:], at + written


def keep_aside(path: Path, data: bytes, position: int) -> Path:
    """Write bytes that are about to be cut off into a `.torn` file beside the log, durably; return its path."""
    aside = path.with_name(f"{path.name}.{position}.torn")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.{position}.{number}.torn")
    file = PosixFile(aside, create=True)
    try:
        write_all(file, data, 0)
        file.sync()
    finally:
        file.close()
    sync_directory(path.parent)
    return aside


class Lock:
    """The exclusive right to write a log; the system gives it back when the process ends, however it ends."""

    def __init__(self, directory: Path) -> None:
        """Take the lock. Fails: StorageError when another process holds it."""
        self._descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            os.close(self._descriptor)
            raise StorageError(
                "another process writes this ledger",
                hint="one log belongs to one process: stop the other gate or give this one its own data_dir",
            ) from e

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)
