"""Features of the first stage: hashed words, word pairs and byte runs of a text. Owns how a text becomes numbers.

All of it is arithmetic on arrays: one prefix sum over the bytes gives the hash of any run of bytes, so that the cost is
linear whatever a text holds. Never splits by language: a word is a run of letters and digits of any script, of at most
TOKEN_BYTES_MAX bytes; a run of other marks is a token too; white space parts tokens and is no token.

A change of anything here changes the meaning of the weights: train anew, and raise VERSION.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

VERSION = 2
TOKEN_BYTES_MAX = 24
CHUNK_BYTES = 32_768
RUN_BYTES = 5
"""Length of the byte runs, which see through inflections, typing errors and scripts without spaces."""

SHAPES = 4
"""Features a token gives: alone, with the next, with the next two, with the one after the next."""

UInt64 = NDArray[np.uint64]
Index = NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15 | 1
_SALTS = np.array([0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3], dtype=np.uint64)
_RUN_SALT = np.uint64(0x589965CC75374CC3)


def _powers(base: int, count: int) -> UInt64:
    powers = np.full(count, base % 2**64, dtype=np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


_POWERS = _powers(_BASE, CHUNK_BYTES + 1)
_INVERSES = _powers(pow(_BASE, -1, 2**64), CHUNK_BYTES + 1)

_SPACE, _WORD, _MARK = 0, 1, 2
_FOLD = np.arange(256, dtype=np.uint8)
_FOLD[ord("A") : ord("Z") + 1] += 32
_FOLD[:33] = ord(" ")
_FOLD[ord("_")] = ord(" ")
_KIND = np.full(256, _MARK, dtype=np.uint8)
_KIND[:33] = _SPACE
_KIND[127] = _KIND[ord("_")] = _SPACE
_KIND[128:] = _WORD
for _range in ("09", "AZ", "az"):
    _KIND[ord(_range[0]) : ord(_range[1]) + 1] = _WORD


class Tokens(NamedTuple):
    """The tokens of one chunk: `starts` and `ends` in bytes of the chunk, and the features as rows of a weight table.

    `words` holds SHAPES indices a token, `runs` one index a byte position, `owners` the token that each run counts for.
    """

    starts: Index
    ends: Index
    words: Index
    runs: Index
    owners: Index


def to_bytes(text: str) -> NDArray[np.uint8]:
    """Give the UTF-8 bytes of a text; a lone surrogate is bytes as any other."""
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)


def code_points(data: NDArray[np.uint8]) -> Index:
    """Say for each byte offset, the end included, how many code points start before it."""
    counts = np.zeros(len(data) + 1, dtype=np.int64)
    np.cumsum((data & 0xC0) != 0x80, out=counts[1:])
    return counts


def read(data: NDArray[np.uint8], bits: int) -> Tokens:
    """Read one chunk of at most CHUNK_BYTES into tokens and their rows in a table of 2**bits rows."""
    assert len(data) <= CHUNK_BYTES
    space = _KIND[data] == _SPACE
    places = np.flatnonzero(~(space[1:] & space[:-1]))
    if len(places) + 1 >= len(data):
        return _read(data, bits)
    # Of each run of space the last byte stays, and what was read of the rest goes back to where it stood.
    places = np.append(places, len(data) - 1)
    tokens = _read(data[places], bits)
    return tokens._replace(starts=places[tokens.starts], ends=places[tokens.ends - 1] + 1)


def _read(data: NDArray[np.uint8], bits: int) -> Tokens:
    """Read a chunk in which no space follows another."""
    starts, ends = _bounds(_KIND[data])
    prefix = np.zeros(len(data) + 1, dtype=np.uint64)
    np.cumsum(_FOLD[data].astype(np.uint64) * _POWERS[: len(data)], out=prefix[1:])
    hashes = (prefix[ends] - prefix[starts]) * _INVERSES[starts]
    shift = np.uint64(64 - bits)
    words = _word_rows(hashes, shift)
    if len(starts) == 0 or len(data) < RUN_BYTES:
        return Tokens(starts, ends, words, np.zeros(0, np.int64), np.zeros(0, np.int64))
    # A run starts in the first token or after it, so that each has a token to count for.
    first = int(starts[0])
    places = np.arange(first, max(first, len(data) - RUN_BYTES + 1))
    runs = (prefix[places + RUN_BYTES] - prefix[places]) * _INVERSES[places]
    owners = np.searchsorted(starts, places, side="right") - 1
    return Tokens(starts, ends, words, _rows(runs * _RUN_SALT, shift), owners)


def _bounds(kinds: NDArray[np.uint8]) -> tuple[Index, Index]:
    """Find where tokens start and end: at a change of kind, and after TOKEN_BYTES_MAX bytes of one kind."""
    if len(kinds) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    changes = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    starts = np.concatenate(([0], changes))
    lengths = np.diff(np.concatenate((starts, [len(kinds)])))
    if int(lengths.max()) > TOKEN_BYTES_MAX:
        pieces = -(-lengths // TOKEN_BYTES_MAX)
        firsts = np.repeat(np.cumsum(pieces) - pieces, pieces)
        starts = np.repeat(starts, pieces) + (np.arange(int(pieces.sum())) - firsts) * TOKEN_BYTES_MAX
    ends = np.concatenate((starts[1:], [len(kinds)]))
    tokens = kinds[starts] != _SPACE
    return starts[tokens], ends[tokens]


def _word_rows(hashes: UInt64, shift: np.uint64) -> Index:
    """Hash each token alone and with its neighbours; what lies past the end is the empty token."""
    after = np.zeros(len(hashes) + 2, dtype=np.uint64)
    after[: len(hashes)] = hashes
    one, two = after[1:-1], after[2:]
    shapes = np.stack(
        [
            hashes * _SALTS[0],
            hashes * _SALTS[1] + one * _SALTS[2],
            (hashes * _SALTS[2] + one * _SALTS[3]) * _SALTS[0] + two * _SALTS[1],
            hashes * _SALTS[3] + two * _SALTS[0],
        ],
        axis=1,
    )
    return _rows(shapes, shift)


def _rows(hashes: UInt64, shift: np.uint64) -> Index:
    """Mix a hash so that its top bits depend on all of it, and take them as the row."""
    mixed = (hashes ^ (hashes >> np.uint64(31))) * _SALTS[1]
    rows: Index = ((mixed ^ (mixed >> np.uint64(29))) * _SALTS[2] >> shift).astype(np.int64)
    return rows
