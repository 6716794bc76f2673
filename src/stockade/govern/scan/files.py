"""Files: a list of sources to a report of each, in order, in this process or in several.

Owns the account of a file: scanned whole, binary, or trouble; there is no fourth. Never drops a file: a worker that
dies fails the scan. A report holds no text of the file but masked excerpts, and the cleaned text where it is asked for.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from stockade.core.decisions import Effect
from stockade.core.errors import GuardFailedError
from stockade.core.facts import Action
from stockade.core.segments import Channel
from stockade.govern.scan.places import Explanation, Place, explanations, places
from stockade.govern.scan.scanner import Scanner, Text, TooMuchError
from stockade.govern.scan.selection import Selection
from stockade.govern.scan.sources import Encoding, Source, SourceError, decode, encode, read
from stockade.stores.compiled import CompiledFiles
from stockade.stores.policy_files import load_policy

BATCH_BYTES = 512 * 1024
"""Bytes of files that are scanned in one pass."""

BATCH_FILES = 128
"""Files that are scanned in one pass."""

PARALLEL_BYTES_MIN = 8 * 1024 * 1024
"""Least work for which more processes are started: each needs a second to get ready."""


class Outcome(StrEnum):
    """What became of a file."""

    BINARY = "binary"
    SCANNED = "scanned"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class FileReport:
    """The account of one file. `trouble` says why it was not scanned; `cleaned` are its bytes without the findings."""

    source: Source
    outcome: Outcome
    encoding: Encoding = Encoding.UTF_8
    places: tuple[Place, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    effect: Effect = Effect.ALLOW
    trouble: str = ""
    cleaned: bytes | None = None
    explanations: tuple[Explanation, ...] = ()

    def document(self, name: str) -> dict[str, object]:
        """Return a scanned file as `--json` shows it."""
        document: dict[str, object] = {
            "path": name,
            "encoding": self.encoding.value,
            "findings": [place.document() for place in self.places],
            "scores": dict(self.scores),
            "effect": self.effect.value,
        }
        if self.explanations:
            document["explanation"] = {each.head: each.document() for each in self.explanations}
        return document


@dataclass(frozen=True, slots=True)
class Setup:
    """What a scan is made with, in a form that can be handed to another process."""

    policy: tuple[str, ...] = ()
    side: Action = Action.PROMPT
    selection: Selection = field(default_factory=Selection)
    channel: Channel | None = None
    redact: bool = False
    explain: bool = False
    cache: Path | None = None

    def scanner(self) -> Scanner:
        """Return a scanner; with `cache`, compiled patterns are kept there. Fails: ConfigError."""
        compiled = CompiledFiles(self.cache) if self.cache is not None else None
        return Scanner(policy=load_policy(self.policy), side=self.side, selection=self.selection, compiled=compiled)


def scan_files(scanner: Scanner, setup: Setup, sources: Sequence[Source], jobs: int) -> Iterator[FileReport]:
    """Yield a report of every source, in order; `jobs` processes where there is work for them.

    Contract: `scanner` is `setup.scanner()`. The number of processes changes nothing but the time.
    Fails: GuardFailedError when a worker process dies.
    """
    batches = _batches(sources)
    if jobs < 2 or sum(source.size for source in sources) < PARALLEL_BYTES_MIN:
        for batch in batches:
            yield from scan_batch(scanner, setup, batch)
        return
    # A fresh interpreter: a fork would copy the threads' locks of a progress bar in whatever state they are.
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        waiting: deque[Future[list[FileReport]]] = deque()
        for batch in batches:
            waiting.append(pool.submit(_scan_apart, setup, batch))
            if len(waiting) >= 4 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise GuardFailedError(
            "A worker process ended before its files were scanned.", hint="Is there enough memory? Try --jobs 1."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def scan_batch(scanner: Scanner, setup: Setup, sources: Sequence[Source]) -> list[FileReport]:
    """Return the reports of some files that are scanned in one pass."""
    raws: list[bytes | SourceError] = []
    for source in sources:
        try:
            raws.append(read(source))
        except SourceError as error:
            raws.append(error)
    return scan_bytes(scanner, setup, sources, raws)


def scan_bytes(
    scanner: Scanner, setup: Setup, sources: Sequence[Source], raws: Sequence[bytes | SourceError]
) -> list[FileReport]:
    """Return the reports of files that were read; an error stands for one that was not."""
    decoded = [decode(raw) if isinstance(raw, bytes) else None for raw in raws]
    results = iter(scanner.scan_all([Text(each[0], setup.channel) for each in decoded if each is not None]))
    reports = []
    for source, raw, each in zip(sources, raws, decoded, strict=True):
        if isinstance(raw, SourceError):
            reports.append(FileReport(source, Outcome.TROUBLE, trouble=raw.public))
            continue
        if each is None:
            reports.append(FileReport(source, Outcome.BINARY))
            continue
        text, encoding = each
        result = next(results)
        if isinstance(result, TooMuchError):
            result = scanner.scan_in_pieces(Text(text, setup.channel))
        if isinstance(result, GuardFailedError):
            reports.append(FileReport(source, Outcome.TROUBLE, encoding, trouble=result.public))
            continue
        cleaned = None
        if setup.redact:
            try:
                cleaned = encode(scanner.redacted(text, result), raw, encoding)
            except SourceError as error:
                reports.append(FileReport(source, Outcome.TROUBLE, encoding, trouble=error.public))
                continue
        scores = tuple((category.value, score) for category, score in result.scores.items())
        found = tuple(places(text, result))
        why = tuple(explanations(text, result, scanner.thresholds)) if setup.explain else ()
        report = FileReport(source, Outcome.SCANNED, encoding, found, scores, result.effect)
        reports.append(replace(report, cleaned=cleaned, explanations=why))
    return reports


def _batches(sources: Iterable[Source]) -> Iterator[list[Source]]:
    batch: list[Source] = []
    size = 0
    for source in sources:
        if batch and (size + source.size > BATCH_BYTES or len(batch) >= BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(source)
        size += source.size
    if batch:
        yield batch


def _scan_apart(setup: Setup, sources: Sequence[Source]) -> list[FileReport]:
    """Scan a batch in a worker process."""
    return scan_batch(_scanner_of(setup), setup, sources)


@cache
def _scanner_of(setup: Setup) -> Scanner:
    """Return this process's scanner, made at its first batch."""
    return setup.scanner()
