"""The bytes of a file of recordings: a header that says whose it is, then sealed frames. Owns format and walk.

Header: `STOCKREC`, u16 version, u16 size of the label, label (JSON: tenant, day, key, file). Frame: `SEAL`, u32 size,
8 bytes check (BLAKE2b-64 of size and sealed bytes), sealed bytes. Integers are little-endian. A frame is sealed for its
place: the whole header and the position in the file. So a frame opens nowhere else: not in another tenant's file, not
at another position, not behind one that was cut out. The check tells damage from a wrong place without any key.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from struct import Struct
from typing import BinaryIO, NamedTuple

import msgspec

MAGIC = b"STOCKREC"
FORMAT = 1
MARK = b"SEAL"

_HEADER = Struct("<8sHH")
_SIZE = Struct("<I")
CHECK_BYTES = 8
FRAME_BYTES = len(MARK) + _SIZE.size + CHECK_BYTES
FRAME_BYTES_MAX = 1 << 29
_LABEL_BYTES_MAX = 1024
_CHUNK_BYTES = 1 << 20


class Label(NamedTuple):
    """Whose recordings a file holds: tenant, day (UTC, `2026-11-22`), the id of the day's key, the file's own id."""

    tenant: str
    day: str
    key: str
    file: str


class Frame(NamedTuple):
    """Where a frame stands: its first byte, and the first byte behind it."""

    start: int
    end: int


class Damage(NamedTuple):
    """A stretch that holds no frame. `torn` when nothing follows it: a write that was cut off."""

    start: int
    end: int
    torn: bool


def header(label: Label) -> bytes:
    """Return the header of a file."""
    encoded = msgspec.json.encode(label)
    assert len(encoded) <= _LABEL_BYTES_MAX, "names of tenants are bounded"
    return _HEADER.pack(MAGIC, FORMAT, len(encoded)) + encoded


def read_header(file: BinaryIO) -> tuple[Label, int] | None:
    """Return the label and where the first frame stands; None for a file of another kind."""
    file.seek(0)
    raw = file.read(_HEADER.size)
    if len(raw) < _HEADER.size:
        return None
    magic, version, size = _HEADER.unpack(raw)
    if magic != MAGIC or version != FORMAT or size > _LABEL_BYTES_MAX:
        return None
    try:
        return msgspec.json.decode(file.read(size), type=Label), _HEADER.size + size
    except msgspec.DecodeError:
        return None


def place(label: Label, start: int) -> bytes:
    """Return what a frame is sealed for."""
    return header(label) + start.to_bytes(8, "little")


def frame(sealed: bytes) -> bytes:
    """Return the frame of sealed bytes."""
    size = _SIZE.pack(len(sealed))
    return MARK + size + _check(size, sealed) + sealed


def sealed_at(file: BinaryIO, found: Frame) -> bytes | None:
    """Return the sealed bytes of a frame, None when they are not those that were written."""
    file.seek(found.start)
    raw = file.read(found.end - found.start)
    size, check, sealed = raw[4:8], raw[8:FRAME_BYTES], raw[FRAME_BYTES:]
    return sealed if len(raw) == found.end - found.start and check == _check(size, sealed) else None


def walk(file: BinaryIO, start: int, end: int) -> Iterator[Frame | Damage]:
    """Yield what stands in [start, end), in order. Reads heads alone, where nothing is damaged."""
    while start < end:
        found = _frame_at(file, start, end)
        if found is not None and found.end < end and _frame_at(file, found.end, end) is None:
            # What follows is none: then the size of this one may be what is wrong.
            found = found if sealed_at(file, found) is not None else None
        if found is not None:
            yield found
            start = found.end
            continue
        following = _next_frame(file, start + 1, end)
        yield Damage(start, following if following is not None else end, torn=following is None)
        start = following if following is not None else end


def _frame_at(file: BinaryIO, start: int, end: int) -> Frame | None:
    if start + FRAME_BYTES > end:
        return None
    file.seek(start)
    head = file.read(FRAME_BYTES)
    if len(head) < FRAME_BYTES or not head.startswith(MARK):
        return None
    size = _SIZE.unpack_from(head, len(MARK))[0]
    behind = start + FRAME_BYTES + size
    return Frame(start, behind) if 0 < size <= FRAME_BYTES_MAX and behind <= end else None


def _next_frame(file: BinaryIO, start: int, end: int) -> int | None:
    """Return where the next whole frame begins."""
    while start < end:
        file.seek(start)
        chunk = file.read(min(_CHUNK_BYTES, end - start))
        at = chunk.find(MARK)
        while at >= 0:
            found = _frame_at(file, start + at, end)
            if found is not None and sealed_at(file, found) is not None:
                return found.start
            at = chunk.find(MARK, at + 1)
        if len(chunk) < _CHUNK_BYTES:
            return None
        start += len(chunk) - len(MARK) + 1
    return None


def _check(size: bytes, sealed: bytes) -> bytes:
    return blake2b(size + sealed, digest_size=CHECK_BYTES).digest()
