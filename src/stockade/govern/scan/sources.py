"""Sources: which files a scan reads and how their bytes become text.

Owns the walk, the skip list, the bound and the decoding. Follows no symbolic link below a named folder, opens nothing
there but regular files, and never returns a part of a file: past the bound it is trouble.
Source of the test for binary files: git, which looks for a zero byte in the first 8,000 (xdiff-interface.c, read
November 2026).
"""

from __future__ import annotations

import codecs
import os
import stat
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NamedTuple

from stockade.core.errors import StockadeError
from stockade.core.limits import BODY_BYTES_MAX

FILE_BYTES_MAX = BODY_BYTES_MAX
"""Largest file that is scanned: what is larger does not fit into a request either."""

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".hypothesis"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache"}
)
"""Folders that hold copies of other people's files or of these. One that is named on the command line is scanned."""

_BINARY_LOOKS_BYTES = 8000
_CONTROL_SHARE_MAX = 0.02
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\r\f\x1b\b")))
# The longer mark first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class SourceError(StockadeError):
    """A file that cannot be read whole."""

    code = "source"


class Encoding(StrEnum):
    """How a file's bytes were read."""

    UNKNOWN = "unknown"  # text-like but not UTF-8: what could not be read stands as U+FFFD
    UTF_16 = "utf-16"
    UTF_32 = "utf-32"
    UTF_8 = "utf-8"
    UTF_8_SIG = "utf-8-sig"


class Source(NamedTuple):
    """A file to scan. `inside` is its path below the folder that was named, or its own name; `walked`: found there."""

    path: Path
    inside: Path
    size: int
    walked: bool


class Walk(NamedTuple):
    """What a walk came to: files, what was passed over, and what could not be read."""

    sources: list[Source]
    links: int
    folders: int
    troubles: list[tuple[Path, str]]


def walk(paths: list[Path]) -> Walk:
    """List the files of `paths` in order, folders sorted by name; a file that is named twice is scanned once."""
    found = Walk([], 0, 0, [])
    seen: set[Path] = set()
    links = folders = 0
    for path in paths:
        try:
            status = path.stat()
        except (OSError, ValueError) as error:
            found.troubles.append((path, _reason(error)))
            continue
        if not stat.S_ISDIR(status.st_mode):
            if path not in seen:
                found.sources.append(Source(path, Path(path.name), status.st_size, walked=False))
            seen.add(path)
            continue
        below, skipped = _below(path, found.troubles)
        links += skipped[0]
        folders += skipped[1]
        found.sources.extend(source for source in below if source.path not in seen)
        seen.update(source.path for source in below)
    return found._replace(links=links, folders=folders)


def _below(root: Path, troubles: list[tuple[Path, str]]) -> tuple[list[Source], tuple[int, int]]:
    """Return the regular files below a folder, and how many links and folders were passed over."""
    sources: list[Source] = []
    links = folders = 0
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            troubles.append((folder, _reason(error)))
            continue
        inner: list[Path] = []
        for entry in entries:
            path = folder / entry.name
            try:
                if entry.is_symlink():
                    links += 1
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name in SKIPPED_FOLDERS:
                        folders += 1
                    else:
                        inner.append(path)
                elif entry.is_file(follow_symlinks=False):
                    size = entry.stat(follow_symlinks=False).st_size
                    sources.append(Source(path, Path(root.name) / path.relative_to(root), size, walked=True))
            except OSError as error:
                troubles.append((path, _reason(error)))
        waiting.extend(reversed(inner))
    return sources, (links, folders)


def read(source: Source) -> bytes:
    """Return the bytes of a file. Fails: SourceError, also for one past the bound."""
    # Without O_NONBLOCK a named pipe that took the place of a file during the walk would be waited for.
    flags = os.O_RDONLY | os.O_CLOEXEC | ((os.O_NOFOLLOW | os.O_NONBLOCK) if source.walked else 0)
    try:
        with os.fdopen(os.open(source.path, flags), "rb") as file:
            if source.walked and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SourceError("it is no longer a regular file")
            return read_whole(file)
    except (OSError, ValueError) as error:
        raise SourceError(_reason(error)) from error


def read_whole(file: BinaryIO) -> bytes:
    """Return everything that a stream holds. Fails: SourceError past the bound."""
    raw = file.read(FILE_BYTES_MAX + 1)
    if len(raw) > FILE_BYTES_MAX:
        raise SourceError(f"it holds more than {FILE_BYTES_MAX >> 20} MiB; nothing of it was scanned")
    return raw


def decode(raw: bytes) -> tuple[str, Encoding] | None:
    """Return the text of a file and how it was read, or None for a binary one. A byte order mark is not text."""
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            try:
                return raw.decode(codec), Encoding(codec)
            except UnicodeDecodeError:
                break
    if b"\0" in raw[:_BINARY_LOOKS_BYTES]:
        return None
    try:
        return raw.decode("utf-8"), Encoding.UTF_8
    except UnicodeDecodeError:
        if len(raw.translate(None, _CONTROLS)) < len(raw) * (1 - _CONTROL_SHARE_MAX):
            return None
        return raw.decode("utf-8", "replace"), Encoding.UNKNOWN


def encode(text: str, raw: bytes, encoding: Encoding) -> bytes:
    """Return `text` as `decode` would read it again; `raw` is what it was decoded from.

    Fails: SourceError for an unknown encoding: writing it would change more than was redacted.
    """
    if encoding is Encoding.UNKNOWN:
        raise SourceError("it is not UTF-8, so it cannot be written back; convert it first")
    for mark, codec in _MARKS:
        if codec == encoding and raw.startswith(mark):
            return mark + text.encode(_WITHOUT_MARK.get(mark, "utf-8"))
    return text.encode("utf-8")


_WITHOUT_MARK = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def _reason(error: Exception) -> str:
    return (error.strerror or type(error).__name__).lower() if isinstance(error, OSError) else "it cannot be a path"
