"""Rows: labelled texts out of JSON lines, plain or gzip.

Owns what a row must have. A broken line is an error with its number: a figure over what could be read would be a guess.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import orjson

from stockade.core.errors import StockadeError
from stockade.core.segments import Channel

GZIP_MAGIC = b"\x1f\x8b"
UNNAMED = "unnamed"


class DataError(StockadeError):
    """A file of labelled texts that cannot be used; says which line."""

    code = "data"


class Row(NamedTuple):
    """A labelled text. `positive` says that it is an attack; `channel` and `head` are None where the line has none.

    `head` is the detector that the label is about, or several joined by +; without one it is about all that are asked.
    """

    text: str
    positive: bool
    source: str = UNNAMED
    category: str = ""
    channel: Channel | None = None
    head: str | None = None


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file in order.

    Fails: DataError naming the file and the line, or what is wrong with the whole.
    """
    try:
        with path.open("rb") as raw:
            magic = raw.read(2)
            raw.seek(0)
            packed = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if magic == GZIP_MAGIC else raw
            rows = [_row(line, f"{path}, line {number}") for number, line in _lines(packed)]
    except (OSError, EOFError, zlib.error) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is no whole gzip file"
        raise DataError(f"{path} cannot be read: {reason.lower()}") from error
    if not rows:
        raise DataError(f"{path} holds no rows.")
    return rows


def sample(rows: Sequence[Row], most: int) -> list[Row]:
    """Return at most `most` rows, chosen by their texts' digests: the same ones every time, in their order."""
    if len(rows) <= most:
        return list(rows)
    by_digest = sorted(range(len(rows)), key=lambda n: sha256(rows[n].text.encode("utf-8", "surrogatepass")).digest())
    return [rows[n] for n in sorted(by_digest[:most])]


def _lines(file: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield number, line


def _row(line: bytes, place: str) -> Row:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DataError(f"{place} is not JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise DataError(
            f"{place} is not an object.", hint='A row is {"text": "...", "label": 0 or 1, "source": "..."}.'
        )
    text, label = value.get("text"), value.get("label")
    if not isinstance(text, str):
        raise DataError(f'{place}: "text" must be a string.')
    if isinstance(label, float) or label not in (0, 1):
        raise DataError(f'{place}: "label" must be 0 or 1.')
    for name in ("source", "category", "channel", "head"):
        if not isinstance(value.get(name), str | None):
            raise DataError(f'{place}: "{name}" must be a string.')
    channel = value.get("channel")
    if channel is not None and channel not in frozenset(Channel):
        raise DataError(f'{place}: "channel" must be one of {", ".join(Channel)}.')
    return Row(
        text=text,
        positive=bool(label),
        source=value.get("source") or UNNAMED,
        category=value.get("category") or "",
        channel=None if channel is None else Channel(channel),
        head=value.get("head"),
    )
