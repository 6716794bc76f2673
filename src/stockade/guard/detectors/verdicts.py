"""Verdicts that are kept: what all detectors found in a message, under a digest of everything that they looked at.

Owns the division of a request into messages and chapters, the key of each, and the port of whoever keeps verdicts. A
coding agent sends its whole history with every turn; with this a turn costs what is new in it.

A key covers the whole of a segment but its place among the body's strings: path, text, role, channel and kind. It is
keyed by the tenant's secret and by the versions of all detectors, so no tenant ever meets what was kept for another
(not even as a shorter answer time), and whoever reads a store cannot try texts against it. Never keeps a text, and
never the verdict of an inspection in which a detector failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b, sha256
from itertools import groupby
from typing import NamedTuple, Protocol

import msgspec

from stockade.core.findings import Finding
from stockade.core.segments import Segment

CHAPTER_SEGMENTS = 64
"""Segments from which on messages make a chapter: one key in place of some twenty, for history that never changes."""

Kept = tuple[Finding, ...]
"""All findings of a run of segments; `segment` counts from the first of them."""

_ENCODER = msgspec.msgpack.Encoder()


class VerdictCache(Protocol):
    """Whoever keeps verdicts; used by several threads at once.

    Contract: `recall` returns what `keep` was given under exactly that key, or None: it may forget anything at any
    time. Bounded. Never fails: a store that cannot be asked has forgotten.
    """

    def recall(self, keys: Sequence[bytes]) -> list[Kept | None]:
        """Return the verdicts beside their keys."""
        ...

    def keep(self, verdicts: Mapping[bytes, Kept]) -> None:
        """Keep verdicts."""
        ...


class Run(NamedTuple):
    """Neighbouring segments [start, end) of an inspected sequence."""

    start: int
    end: int


def messages(segments: Sequence[Segment], within: Run) -> Iterator[Run]:
    """Yield the messages of a run: neighbours whose paths begin alike (`messages/3`, `tools/0`, `system/1`)."""
    start = within.start
    for _, group in groupby([segment.path[:2] for segment in segments[within.start : within.end]]):
        end = start + len(list(group))
        yield Run(start, end)
        start = end


def chapters(segments: Sequence[Segment]) -> Iterator[Run]:
    """Yield runs of whole messages of one field of the body, each of CHAPTER_SEGMENTS or more but for the last.

    Contract: counted from where the field begins, so that what is added to the end, or in another field, moves none.
    """
    start = 0
    for _, group in groupby([segment.path[:1] for segment in segments]):
        field_end = start + len(list(group))
        while start < field_end:
            end = min(start + CHAPTER_SEGMENTS, field_end)
            while end < field_end and segments[end].path[:2] == segments[end - 1].path[:2]:
                end += 1
            yield Run(start, end)
            start = end


class History:
    """What is known of one request's segments: the verdicts that were recalled, the messages that are new."""

    __slots__ = ("_cache", "_keys", "_secret", "_segments", "known", "new")

    def __init__(self, cache: VerdictCache, segments: Sequence[Segment], evidence_key: bytes, versions: bytes) -> None:
        """Recall what was kept for these segments by detectors of these `versions`.

        Fails: UnicodeEncodeError for a lone surrogate, which no parsed body holds.
        """
        # The tenant's evidence key names found values, and must name nothing else: the secret is derived from it.
        self._secret = blake2b(versions, key=evidence_key, digest_size=32, person=b"verdicts").digest()
        self._cache, self._segments = cache, segments
        self._keys: dict[Run, bytes] = {}
        self.known: list[tuple[Run, Kept]] = []
        self.new: list[Run] = []
        whole = list(chapters(segments)) if len(segments) > CHAPTER_SEGMENTS else [Run(0, len(segments))]
        opened = self._recall(whole) if len(segments) > CHAPTER_SEGMENTS else whole
        self.new = self._recall([each for run in opened for each in messages(segments, run)])

    def keep(self, findings: Iterable[Finding]) -> None:
        """Keep the verdicts on all that was new; `findings` are those of the whole request, in order of segment."""
        rows: dict[int, list[Finding]] = {}
        for finding in findings:
            rows.setdefault(finding.segment, []).append(finding)
        self._cache.keep({key: _of_run(rows, run) for run, key in self._keys.items()})

    def _recall(self, runs: Sequence[Run]) -> list[Run]:
        """Take what is known of `runs`; return the others, whose verdicts are to be kept."""
        keys = [self._key(run) for run in runs]
        unknown: list[Run] = []
        for run, key, kept in zip(runs, keys, self._cache.recall(keys), strict=True):
            if kept is not None:
                self.known.append((run, kept))
                continue
            unknown.append(run)
            self._keys[run] = key
        return unknown

    def _key(self, run: Run) -> bytes:
        # MessagePack writes lengths before contents, so different segments are different bytes.
        told = _ENCODER.encode([segment[:5] for segment in self._segments[run.start : run.end]])
        return sha256(self._secret + told).digest()


def _of_run(rows: Mapping[int, Sequence[Finding]], run: Run) -> Kept:
    if not rows:
        return ()
    return tuple(
        replace(finding, segment=finding.segment - run.start)
        for number in range(run.start, run.end)
        for finding in rows.get(number, ())
    )
