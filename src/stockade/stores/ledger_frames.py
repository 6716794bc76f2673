"""The bytes of a ledger file: a header, then frames. Owns format and scan; opens no file.

Header, 16 bytes: `STOCKADE`, u16 version, u16 zero, u32 number of the file. Frame: u32 length of the payload, 8 bytes
check (BLAKE2b-64 of length and payload), payload. Integers are little-endian. A payload is shorter than 2^16
bytes, so that a frame can be found again behind damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from stockade.core.limits import RECORD_BYTES_MAX

MAGIC = b"STOCKADE"
FORMAT = 1

_HEADER = Struct("<8sHHI")
_LENGTH = Struct("<I")
CHECK_BYTES = 8
FRAME_BYTES = _LENGTH.size + CHECK_BYTES
HEADER_BYTES = _HEADER.size


class Tail(StrEnum):
    """What stands behind the last whole frame."""

    CLEAN = "clean"  # nothing
    DAMAGED = "damaged"  # bytes that are no frame, with whole frames behind them: not a torn write
    TORN = "torn"  # the beginning of a frame or rubbish up to the end: a write that was cut off


class Frame(NamedTuple):
    """One payload and where its frame starts and ends."""

    start: int
    end: int
    payload: bytes


class Scan(NamedTuple):
    """What a whole file holds: the end of its last good frame before any trouble, the count, and its tail."""

    end: int
    frames: int
    tail: Tail


def header(number: int) -> bytes:
    """Return the header of the file of that number."""
    return _HEADER.pack(MAGIC, FORMAT, 0, number)


def has_header(raw: bytes) -> bool:
    """Say whether the bytes begin with a header of this format."""
    if len(raw) < HEADER_BYTES:
        return False
    magic, version, zero, _ = _HEADER.unpack_from(raw)
    return bool(magic == MAGIC and version == FORMAT and zero == 0)


def frame(payload: bytes) -> bytes:
    """Return the frame of a payload."""
    length = _LENGTH.pack(len(payload))
    return length + _check(length, payload) + payload


def frames(raw: bytes, start: int = HEADER_BYTES) -> Iterator[Frame]:
    """Yield whole frames from `start` on and end at the first thing that is none."""
    while (found := frame_at(raw, start)) is not None:
        yield found
        start = found.end


def frame_at(raw: bytes, start: int) -> Frame | None:
    """Return the whole frame that starts there, or None."""
    if start + FRAME_BYTES > len(raw):
        return None
    length = raw[start : start + _LENGTH.size]
    size = _LENGTH.unpack(length)[0]
    end = start + FRAME_BYTES + size
    if not 0 < size <= RECORD_BYTES_MAX or end > len(raw):
        return None
    payload = raw[start + FRAME_BYTES : end]
    if raw[start + _LENGTH.size : start + FRAME_BYTES] != _check(length, payload):
        return None
    return Frame(start, end, payload)


def next_frame(raw: bytes, start: int) -> Frame | None:
    """Return the first whole frame at or behind `start`, skipping what is none."""
    # Lengths stay below 2^16, so the two upper bytes of a length are NUL.
    position = raw.find(b"\0\0", start + 2)
    while position >= 0:
        found = frame_at(raw, position - 2)
        if found is not None:
            return found
        position = raw.find(b"\0\0", position + 1)
    return None


def scan(raw: bytes) -> Scan:
    """Read a file with a header to its end or to the first trouble."""
    end, count = HEADER_BYTES, 0
    for one in frames(raw):
        end, count = one.end, count + 1
    if end == len(raw):
        return Scan(end, count, Tail.CLEAN)
    return Scan(end, count, Tail.TORN if next_frame(raw, end) is None else Tail.DAMAGED)


def _check(length: bytes, payload: bytes) -> bytes:
    return blake2b(length + payload, digest_size=CHECK_BYTES).digest()
