"""The append-only log of one process: records are durable once `append` is done.

Owns the writing side: one thread takes everything that waits, writes it at once and syncs once (group commit). A batch
fails as a whole; before anything else is written, the file is cut back to the end of the last acknowledged record.
After a failed sync it is opened anew and read back, for the system may have dropped the pages that it could not write
(fsync(2); "Can applications recover from fsync failures?", Rebello and others, USENIX ATC 2020).
It never writes over a byte that was acknowledged and never repairs what is not the torn end of a file.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stockade.core.errors import StorageError
from stockade.core.limits import RECORD_BYTES_MAX
from stockade.stores import ledger_files
from stockade.stores.ledger_files import LogFile, Opener, PosixFile, write_all
from stockade.stores.ledger_frames import HEADER_BYTES, Tail, frame, has_header, header, scan

FILE_BYTES_MAX = 64 * 1024 * 1024
"""A file is closed and the next one begun at this size."""

BATCH_RECORDS_MAX = 1024
SYNC_GAP_S = 0.002
"""Under load syncs are this far apart, so that more records share one; a record that came alone never waits."""

PENDING_BYTES_MAX = 64 * 1024 * 1024
"""Most bytes that may wait to be written; past it `append` fails at once: a slow disk cannot fill the memory."""

_FAILED = "the audit record could not be written"
_HINT = "free space on the disk of data_dir, or see the log for the system's error"


class Repair(NamedTuple):
    """What opening a log found: bytes cut off the torn end (kept in `aside`), or damage that was left as it is."""

    path: Path
    position: int
    torn_bytes: int = 0
    aside: Path | None = None
    damaged: bool = False


class _Entry(NamedTuple):
    record: bytes
    done: asyncio.Future[None] | Future[None]


class Ledger:
    """One open log. Make it with `Ledger.open`, end it with `close`.

    Contract: `append` may be called from any thread; records of one thread stay in order. What was acknowledged is on
    the disk, whole, and stays there. What was refused is cut off before anything else is acknowledged.
    """

    def __init__(self, directory: Path, lock: ledger_files.Lock, writer: _Writer, repairs: tuple[Repair, ...]) -> None:
        """Use `open`."""
        self.directory = directory
        self.repairs = repairs
        self._lock = lock
        self._writer = writer
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._put_bytes = 0
        self._done_bytes = 0
        self._closed = False
        self._on_error: Callable[[OSError], None] | None = None
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, directory: Path, *, opener: Opener = PosixFile, file_bytes_max: int = FILE_BYTES_MAX) -> Ledger:
        """Open or begin the log in `directory` and repair a torn end.

        Fails: StorageError when another process writes this log, or when the directory cannot be used.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = ledger_files.Lock(directory)
        except OSError as e:
            raise StorageError("the ledger's directory cannot be used", hint=e.strerror or "") from e
        try:
            writer, repairs = _recover(directory, opener, file_bytes_max)
        except OSError as e:
            lock.release()
            raise StorageError("the ledger cannot be opened", hint=e.strerror or "") from e
        return cls(directory, lock, writer, repairs)

    def append(self, record: bytes) -> asyncio.Future[None]:
        """Hand a record over; the future of the running loop is done once it is durable.

        Fails: StorageError, through the future, when it could not be written or too much waits.
        """
        done = asyncio.get_running_loop().create_future()
        self._put(record, done)
        return done

    def append_now(self, record: bytes) -> None:
        """Append and wait until it is durable. For threads without a loop. Fails: StorageError."""
        done: Future[None] = Future()
        self._put(record, done)
        done.result()

    def on_error(self, report: Callable[[OSError], None]) -> None:
        """Have each failed write reported from the writer's thread: for the log and the alert."""
        self._on_error = report

    def close(self) -> None:
        """Write what waits, then close. Later appends fail."""
        if not self._closed:
            self._closed = True
            self._entries.put(None)
            self._thread.join()
            self._writer.close()
            self._lock.release()

    def _put(self, record: bytes, done: asyncio.Future[None] | Future[None]) -> None:
        assert 0 < len(record) <= RECORD_BYTES_MAX, "records are bounded by their encoder"
        if self._closed:
            done.set_exception(StorageError("the ledger is closed"))
        elif self._put_bytes - self._done_bytes > PENDING_BYTES_MAX:
            done.set_exception(StorageError(_FAILED, hint="the disk of data_dir does not keep up"))
        else:
            # One writer each and a bound that is not exact: no lock is needed for the two counters.
            self._put_bytes += len(record)
            self._entries.put(_Entry(record, done))

    def _run(self) -> None:
        crowded, next_s = False, 0.0
        while (first := self._entries.get()) is not None:
            wait_s = next_s - time.monotonic()
            if crowded and wait_s > 0:
                time.sleep(wait_s)
            batch, last = self._gather(first)
            crowded, next_s = len(batch) > 1, time.monotonic() + SYNC_GAP_S
            error: StorageError | None = None
            try:
                self._writer.commit(b"".join([frame(entry.record) for entry in batch]))
            except OSError as e:
                error = StorageError(_FAILED, hint=_HINT)
                error.__cause__ = e
                if self._on_error is not None:
                    self._on_error(e)
            self._done_bytes += sum(len(entry.record) for entry in batch)
            _answer(batch, error)
            if last:
                return

    def _gather(self, first: _Entry) -> tuple[list[_Entry], bool]:
        """Take everything that waits, up to the bound; say whether the end was among it."""
        batch = [first]
        with suppress(queue.Empty):
            while len(batch) < BATCH_RECORDS_MAX:
                entry = self._entries.get_nowait()
                if entry is None:
                    return batch, True
                batch.append(entry)
        return batch, False


def _answer(batch: list[_Entry], error: StorageError | None) -> None:
    """Tell everybody who waits: one call into each loop for the whole batch."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for entry in batch:
        if isinstance(entry.done, Future):
            _set(entry.done, error)
        else:
            loops.setdefault(entry.done.get_loop(), []).append(entry.done)
    for loop, waiting in loops.items():
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_set_all, waiting, error)


def _set_all(waiting: list[asyncio.Future[None]], error: StorageError | None) -> None:
    for future in waiting:
        if not future.done():
            _set(future, error)


def _set(future: asyncio.Future[None] | Future[None], error: StorageError | None) -> None:
    if error is None:
        future.set_result(None)
    else:
        # Each gets an error of its own: one traceback shared by many tasks grows with every raise.
        fresh = StorageError(error.public, hint=error.hint)
        fresh.__cause__ = error.__cause__
        future.set_exception(fresh)


class _Writer:
    """The file at the log's end. Used by one thread at a time. Fails: OSError everywhere."""

    def __init__(self, directory: Path, opener: Opener, file_bytes_max: int, number: int) -> None:
        """Stand behind the file of `number`; the first commit begins the next one unless `resume` is called."""
        self._directory = directory
        self._opener = opener
        self._file_bytes_max = file_bytes_max
        self._number = number
        self._file: LogFile | None = None
        self._end = 0
        self._dirty = False
        self._distrusted = False

    def resume(self, end: int) -> None:
        """Go on in the file that exists, whose last record ends at `end`."""
        self._file = self._opener(self._path, False)
        self._end = end

    def commit(self, data: bytes) -> None:
        """Make `data` durable behind the last acknowledged byte, or leave it out."""
        self._settle()
        try:
            self._write(data)
        except OSError:
            # At once where it works, so that nobody reads what was refused; else before the next record.
            with suppress(OSError):
                self._settle()
            raise

    def _settle(self) -> None:
        """Bring the file back to the end of the last acknowledged record."""
        if self._distrusted:
            self._reopen()
        if self._dirty and self._file is not None:
            self._cut_back(self._file)

    def _write(self, data: bytes) -> None:
        if self._file is None or (self._end + len(data) > self._file_bytes_max and self._end > HEADER_BYTES):
            self._begin()
        assert self._file is not None
        self._dirty = True
        write_all(self._file, data, self._end)
        self._sync(self._file)
        self._end += len(data)
        self._dirty = False

    def cut_back(self) -> None:
        """Cut off what stands behind the last record, durably."""
        assert self._file is not None
        self._cut_back(self._file)

    def close(self) -> None:
        """Close the file; what was not acknowledged is cut off where that still works."""
        if self._file is not None:
            with suppress(OSError):
                if self._dirty:
                    self._cut_back(self._file)
            self._file.close()
            self._file = None

    @property
    def _path(self) -> Path:
        return ledger_files.log_path(self._directory, self._number)

    def _sync(self, file: LogFile) -> None:
        try:
            file.sync()
        except OSError:
            self._distrusted = True
            raise

    def _cut_back(self, file: LogFile) -> None:
        file.truncate(self._end)
        self._sync(file)
        self._dirty = False

    def _reopen(self) -> None:
        """After a failed sync: cut the file back through a new descriptor and read it; if it is not whole, leave it."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
        file = self._opener(self._path, False)
        try:
            file.truncate(self._end)
            file.sync()
            ledger_files.drop_cached_pages(self._path)
            raw = self._path.read_bytes()
        except OSError:
            file.close()
            raise
        found = scan(raw)
        if has_header(raw) and found.tail is Tail.CLEAN and found.end == self._end:
            self._file = file
        else:
            file.close()
        self._distrusted = self._dirty = False

    def _begin(self) -> None:
        """Begin the next file: header and name are durable before the first record is written."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._number += 1
        file = self._opener(self._path, True)
        try:
            write_all(file, header(self._number), 0)
            file.sync()
            ledger_files.sync_directory(self._directory)
        except OSError:
            file.close()
            # An empty file holds nothing; where it cannot be removed the next attempt takes the next number.
            with suppress(OSError):
                self._path.unlink()
                self._number -= 1
            raise
        self._file, self._end, self._dirty = file, HEADER_BYTES, False


def _recover(directory: Path, opener: Opener, file_bytes_max: int) -> tuple[_Writer, tuple[Repair, ...]]:
    """Look at the last file: go on behind its last record, cut off a torn end, leave damage alone and begin another."""
    paths = ledger_files.log_paths(directory)
    if not paths:
        return _Writer(directory, opener, file_bytes_max, 0), ()
    path = paths[-1]
    writer = _Writer(directory, opener, file_bytes_max, ledger_files.number_of(path))
    raw = path.read_bytes()
    if not has_header(raw):
        if len(raw) < HEADER_BYTES or not raw.strip(b"\0"):
            # The process died while it began this file, before any record.
            return writer, (Repair(path, 0, len(raw)),)
        return writer, (Repair(path, 0, damaged=True),)
    found = scan(raw)
    if found.tail is Tail.DAMAGED:
        return writer, (Repair(path, found.end, damaged=True),)
    repairs: tuple[Repair, ...] = ()
    if found.tail is Tail.TORN:
        aside = ledger_files.keep_aside(path, raw[found.end :], found.end)
        repairs = (Repair(path, found.end, len(raw) - found.end, aside),)
    writer.resume(found.end)
    if repairs:
        writer.cut_back()
    return writer, repairs
