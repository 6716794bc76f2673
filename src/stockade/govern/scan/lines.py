"""Lines: JSON lines in, JSON lines out, in order, with as much memory as one batch.

Owns the reading of lines and the shape of the answers. Every line of the input that is not blank has one line of
output: its result, or an error that quotes nothing of it. Whatever the input has ready is scanned together, so that a
program may also write a line and wait for its answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import orjson

from stockade.core.errors import GuardFailedError
from stockade.core.limits import BODY_BYTES_MAX
from stockade.core.segments import Channel
from stockade.govern.scan.places import explanation_document, finding_document, scores_document
from stockade.govern.scan.scanner import Scanner, ScanResult, Text

LINE_BYTES_MAX = BODY_BYTES_MAX
"""Longest line, in bytes; a longer one is read over and answered with an error."""

BATCH_BYTES = 1 << 20
"""Bytes that are read, and so scanned, together."""

BATCH_LINES = 512
"""Lines that are scanned together."""

_BLANK = b" \t\r\n"


class Readable(Protocol):
    """A binary stream: `read1` returns what is there, waits only when there is nothing, and is empty at the end."""

    def read1(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        ...


class Answer(NamedTuple):
    """One line of output with its newline; `findings` counts those on it, `error` says that it is one."""

    line: bytes
    findings: int
    error: bool


class _Line(NamedTuple):
    """A line that was read: a text with its id, or what is wrong."""

    number: int
    id: str | int | float | None
    text: Text | None
    error: str


def answer_lines(
    scanner: Scanner, file: Readable, channel: Channel | None, *, explain: bool = False
) -> Iterator[Answer]:
    """Yield an answer for every line of `file` that is not blank; `channel` is that of lines which name none.

    `explain` adds the window and the evidence of every head, which may quote the text.

    Contract: memory is bounded by LINE_BYTES_MAX and BATCH_BYTES, not by the input.
    """
    for batch in _batches(file):
        read = [_read(number, raw, channel) for number, raw in batch if raw is None or raw.strip(_BLANK)]
        results = iter(scanner.scan_all([line.text for line in read if line.text is not None]))
        for line in read:
            yield _answer(line, None if line.text is None else next(results), scanner.thresholds if explain else None)


def _batches(file: Readable) -> Iterator[list[tuple[int, bytes | None]]]:
    """Yield numbered lines, those together that were ready together; None for a line past the bound."""
    number = 0
    rest: list[bytes] = []
    size = 0
    while chunk := file.read1(BATCH_BYTES):
        batch: list[tuple[int, bytes | None]] = []
        *whole, last = chunk.split(b"\n")
        for piece in whole:
            number += 1
            size += len(piece)
            batch.append((number, None if size > LINE_BYTES_MAX else b"".join([*rest, piece])))
            rest, size = [], 0
            if len(batch) >= BATCH_LINES:
                yield batch
                batch = []
        size += len(last)
        rest = [*rest, last] if size <= LINE_BYTES_MAX else []
        if batch:
            yield batch
    if size:
        yield [(number + 1, None if size > LINE_BYTES_MAX else b"".join(rest))]


def _read(number: int, raw: bytes | None, channel: Channel | None) -> _Line:
    """Return a line's text, or what is wrong with it."""
    if raw is None:
        return _Line(number, None, None, f"the line is longer than {LINE_BYTES_MAX >> 20} MiB")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _Line(number, None, None, "the line is not JSON in UTF-8")
    if not isinstance(value, dict):
        return _Line(number, None, None, 'the line is not an object such as {"id": "1", "text": "..."}')
    given = value.get("id")
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return _Line(number, None, None, '"id" must be a string or a number')
    text, named = value.get("text"), value.get("channel", channel)
    if not isinstance(text, str):
        return _Line(number, given, None, '"text" must be a string')
    if named is None and "channel" not in value:
        return _Line(number, given, Text(text), "")
    if not isinstance(named, str) or named not in frozenset(Channel):
        return _Line(number, given, None, f'"channel" must be one of {", ".join(Channel)}')
    return _Line(number, given, Text(text, Channel(named)), "")


def _answer(
    line: _Line, result: ScanResult | GuardFailedError | None, thresholds: Mapping[str, float] | None
) -> Answer:
    if isinstance(result, ScanResult):
        pairs = zip(result.findings, result.verdicts, strict=True)
        document: dict[str, object] = {
            "id": line.id,
            "findings": [finding_document(finding, verdict) for finding, verdict in pairs],
            "scores": scores_document(result),
            "effect": result.effect.value,
        }
        if thresholds is not None:
            document["explanation"] = explanation_document(result, thresholds)
        return Answer(_dump(document), len(result.findings), error=False)
    error = line.error if result is None else result.public
    return Answer(_dump({"id": line.id, "line": line.number, "error": error}), 0, error=True)


def _dump(document: dict[str, object]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
