"""The scanner: all patterns of all detectors in one Hyperscan database, and one scan over all texts of a request.

Owns the database, the join of the texts and the way back from offsets to texts. Never decides whether a hit is a value.
No pattern crosses from text to text: a hit is only a place to look, and the looking stays inside one text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate

import hyperscan

from stockade.core.limits import HITS_MAX
from stockade.core.views import MARKS
from stockade.guard.detectors.patterns import Pattern

SEPARATOR = "\n\0\n"
"""Stands between joined texts: a newline at either end, so that `^`, `$` and word boundaries hold at their ends."""


Compiled = MutableMapping[str, bytes]
"""Databases compiled earlier, by the digest of what they were compiled from; may forget, must not make up."""


class HitsExceededError(Exception):
    """More hits than `limits.HITS_MAX`."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan saw: per pattern number the ends of its hits (bytes of `joined`), in order."""

    texts: Sequence[str]
    joined: bytes
    ascii: bool
    starts: list[int]
    hits: dict[int, list[int]]
    encoded: bool

    def text_at(self, offset: int) -> int:
        """Return which text the byte before `offset` lies in."""
        return max(0, bisect_right(self.starts, offset - 1) - 1)

    def piece(self, index: int) -> bytes:
        """Return one text as bytes."""
        start = self.starts[index]
        end = self.starts[index + 1] - len(SEPARATOR) if index + 1 < len(self.starts) else len(self.joined)
        return self.joined[start:end]


class Scanner:
    """One compiled database of all patterns and one of the marks of encodings. Safe to call from several threads."""

    def __init__(self, patterns: Sequence[Pattern], compiled: Compiled | None = None) -> None:
        """Compile `patterns` and the marks (seconds), or take them from `compiled` (a millisecond).

        Fails with hyperscan's own error for a bad expression.
        """
        needs = sorted({pattern.needs for pattern in patterns} - {""})
        self._needed = [needs.index(pattern.needs) if pattern.needs else -1 for pattern in patterns]
        words = [(f"(?i:{need})", hyperscan.HS_FLAG_SINGLEMATCH) for need in needs]
        marks = [(mark, hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_SINGLEMATCH) for mark in MARKS]
        sharing: dict[tuple[str, int], list[int]] = {}  # rules that look for the same are compiled once
        for number, pattern in enumerate(patterns):
            flags = hyperscan.HS_FLAG_MULTILINE | (hyperscan.HS_FLAG_CASELESS if pattern.caseless else 0)
            sharing.setdefault((pattern.expression, flags), []).append(number)
        formats = list(sharing)
        self._sharing = list(sharing.values())
        self._needs_from = len(formats)
        self._marks_from = len(formats) + len(needs)
        self._database = _Database([*formats, *words, *marks], compiled)
        self._marks = _Database(marks, compiled)

    def marked(self, scan: Scan) -> list[int]:
        """Return which texts bear a mark of an encoding, or characters that a view may fold."""
        if len(scan.texts) == 1:
            return [0] if scan.encoded or not scan.ascii else []
        found: list[int] = []
        for index, text in enumerate(scan.texts):
            if not text.isascii() or (scan.encoded and self._marks.hits(text.encode("ascii"))):
                found.append(index)
        return found

    def scan(self, texts: Sequence[str]) -> Scan:
        """Scan all texts at once.

        Fails: HitsExceededError.
        """
        text = SEPARATOR.join(texts)
        plain = text.isascii()
        joined = text.encode("ascii") if plain else text.encode("utf-8", "surrogatepass")
        seen = self._database.hits(joined) if joined else []
        if not seen:
            return Scan(texts, joined, plain, [], {}, encoded=False)
        gap = len(SEPARATOR)
        lengths = map(len, texts) if plain else (len(each.encode("utf-8", "surrogatepass")) for each in texts)
        starts = [0, *accumulate(length + gap for length in lengths)][: len(texts)]
        hits: dict[int, list[int]] = {}
        words: set[int] = {-1}
        encoded = False
        for number, end in seen:
            if number >= self._marks_from:
                encoded = True
            elif number >= self._needs_from:
                words.add(number - self._needs_from)
            else:
                hits.setdefault(number, []).append(end)
        hits = {
            pattern: ends
            for number, ends in hits.items()
            for pattern in self._sharing[number]
            if self._needed[pattern] in words
        }
        return Scan(texts, joined, plain, starts, hits, encoded)


class _Database:
    """Expressions compiled together. Each scan takes scratch space of its own, so scans may run side by side."""

    def __init__(self, expressions: Sequence[tuple[str, int]], compiled: Compiled | None) -> None:
        self._database = _loaded(expressions, compiled)
        self._scratches = [hyperscan.Scratch(self._database)]
        self._spare = hyperscan.Scratch(self._database)  # never scanned with: a scratch in use cannot be cloned

    def hits(self, data: bytes) -> list[tuple[int, int]]:
        """Return (expression, end) of every hit. Fails: HitsExceededError."""
        seen: list[tuple[int, int]] = []
        add = seen.append

        def on_hit(number: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            add((number, end))
            return len(seen) > HITS_MAX or None

        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = self._spare.clone()
        try:
            self._database.scan(data, match_event_handler=on_hit, scratch=scratch)
        except hyperscan.ScanTerminated as error:
            raise HitsExceededError from error
        finally:
            self._scratches.append(scratch)
        return seen


def _loaded(expressions: Sequence[tuple[str, int]], compiled: Compiled | None) -> hyperscan.Database:
    """Return the database of these expressions: an earlier one if it is whole and of this machine, else a new one."""
    compiled = {} if compiled is None else compiled
    version = hyperscan.__version__  # type: ignore[attr-defined]
    name = sha256(repr((version, list(expressions))).encode()).hexdigest()
    kept = compiled.get(name)
    if kept is not None:
        try:
            return hyperscan.loadb(kept, hyperscan.HS_MODE_BLOCK)
        except hyperscan.error:  # cut, altered, or compiled on another kind of processor: hyperscan's own checks
            compiled.pop(name, None)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[expression.encode() for expression, _ in expressions],
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[flags for _, flags in expressions],
    )
    compiled[name] = hyperscan.dumpb(database)
    return database
