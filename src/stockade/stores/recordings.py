"""The recorder: keeps exchanges on disk, sealed, without holding up anybody.

Owns the queue, its bound, and the thread that packs, seals and writes. Recording is no guard: a full queue, a full disk
or a key that cannot be had never stops traffic; it is counted (`missed`) and reported. What `keep_durably` has answered
is on the disk. Never writes a byte of content that is not sealed by the key of its tenant and day.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from stockade.core.errors import StorageError
from stockade.core.limits import RECORDINGS_PENDING_BYTES_MAX
from stockade.guard.recording.encoding import encode
from stockade.guard.recording.recording import Recording
from stockade.stores.ledger_files import Opener, PosixFile
from stockade.stores.policy_archive import PolicyArchive
from stockade.stores.recording_file import DayFile, DayFullError
from stockade.stores.recording_keys import RecordingKeyStore

RECORDINGS = "recordings"
"""The folder of recordings in `data_dir`."""

IDLE_S = 1.0
"""How often, at the least, what was written is made durable and keys are looked after: an erased day ends in this."""

BATCH_MAX = 256
"""Recordings that are written before those who wait are answered: they share one sync."""

OPEN_FILES_MAX = 128
"""Files of tenants and days that are open at once; the least recently used is closed."""

ITEM_BYTES = 4096
"""What a recording weighs beside its content."""

_HINT = "free space on the disk of data_dir, or see the log for the system's error"


class _Item(NamedTuple):
    recording: Recording
    done: asyncio.Future[None] | None


class Recorder:
    """The recordings of one process. Make it, hand recordings over, end it with `close`.

    Contract: `keep`, `keep_durably` and `miss` may be called from the event loop; both return at once.
    """

    def __init__(
        self,
        root: Path,
        keys: RecordingKeyStore,
        *,
        day_bytes_max: int,
        opener: Opener = PosixFile,
        pending_bytes_max: int = RECORDINGS_PENDING_BYTES_MAX,
        report: Callable[[str, str], None] = lambda _what, _why: None,
        policy: Callable[[], bytes] = lambda: b"",
    ) -> None:
        """Write below `root`, a folder a tenant; `report` is told from the thread of what went wrong.

        `policy` returns the document of the policy in force: it is kept beside what was decided by it.
        """
        self._policy, self._policies, self._policies_kept = policy, PolicyArchive(root), set[str]()
        self._root, self._keys, self._opener, self._report = root, keys, opener, report
        self._day_bytes_max, self._pending_bytes_max = day_bytes_max, pending_bytes_max
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._put_bytes = self._done_bytes = 0
        self._closed = False
        self._missed: Counter[tuple[str, str]] = Counter()
        self._counting = threading.Lock()
        self._files: dict[tuple[str, str], DayFile] = {}
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    def keep(self, recording: Recording) -> None:
        """Keep an exchange soon, or count it as missed."""
        if self._closed or self._put_bytes - self._done_bytes > self._pending_bytes_max:
            self.miss(recording.tenant, "queue_full")
        else:
            self._put(_Item(recording, None))

    def keep_durably(self, recording: Recording) -> asyncio.Future[None]:
        """Keep an exchange; the future of the running loop is done once it is durable. Fails: StorageError."""
        done = asyncio.get_running_loop().create_future()
        if self._closed or self._put_bytes - self._done_bytes > self._pending_bytes_max:
            done.set_exception(StorageError("the exchange could not be recorded", hint="too much waits for the disk"))
        else:
            self._put(_Item(recording, done))
        return done

    def miss(self, tenant: str, reason: str) -> None:
        """Count an exchange that is not kept."""
        with self._counting:
            self._missed[tenant, reason] += 1

    def missed(self) -> dict[str, dict[str, int]]:
        """Return how many were not kept since the last call: by tenant, then by reason."""
        with self._counting:
            counted, self._missed = self._missed, Counter()
        found: dict[str, dict[str, int]] = {}
        for (tenant, reason), count in sorted(counted.items()):
            found.setdefault(tenant, {})[reason] = count
        return found

    def close(self) -> None:
        """Write what waits, make it durable, close."""
        if not self._closed:
            self._closed = True
            self._items.put(None)
            if self._thread.ident is not None:
                self._thread.join()

    def _put(self, item: _Item) -> None:
        # Counted by one writer each, the loop and the thread: no lock is needed.
        self._put_bytes += item.recording.size + ITEM_BYTES
        self._items.put(item)
        if self._thread.ident is None:  # most gates record nobody: their thread is never begun
            self._thread.start()

    def _run(self) -> None:
        looked_s = time.monotonic()
        going = True
        while going:
            batch, going = self._gather()
            self._write(batch)
            self._done_bytes += sum(item.recording.size + ITEM_BYTES for item in batch)
            if not going or time.monotonic() - looked_s >= IDLE_S:
                looked_s = time.monotonic()
                self._look_after()
        for file in self._files.values():
            file.close()

    def _gather(self) -> tuple[list[_Item], bool]:
        """Wait for what is to be written and take all of it, up to the bound; say whether it goes on."""
        batch: list[_Item] = []
        with suppress(queue.Empty):
            item = self._items.get(timeout=IDLE_S)
            while item is not None:
                batch.append(item)
                if len(batch) >= BATCH_MAX:
                    return batch, True
                item = self._items.get_nowait()
            return batch, False
        return batch, True

    def _write(self, batch: Sequence[_Item]) -> None:
        """Write recordings; whatever goes wrong is counted and reported, and nobody else suffers for it."""
        awaited: dict[DayFile, list[tuple[_Item, tuple[str, str]]]] = {}
        for item in batch:
            place = (item.recording.tenant, day_of(item.recording.started_s))
            try:
                file = self._file_of(*place)
                file.append(encode(item.recording))
                self._keep_policy(item.recording.decided.policy)
            except Exception as error:  # noqa: BLE001 - a thread that dies would lose every later recording unseen
                self._failed(item, place, error)
            else:
                if item.done is not None:
                    awaited.setdefault(file, []).append((item, place))
        for file, waiting in awaited.items():  # one sync for all that wait for it
            try:
                file.sync()
            except Exception as error:  # noqa: BLE001 - as above
                for item, place in waiting:
                    self._failed(item, place, error)
            else:
                for item, _ in waiting:
                    _answer(item, None)

    def _keep_policy(self, digest: str) -> None:
        """Keep the policy that decided, where it is the one in force and is not kept yet."""
        if digest in self._policies_kept:
            return
        self._policies_kept.add(digest)
        document = self._policy()
        if "sha256:" + sha256(document).hexdigest() == digest:
            try:
                self._policies.keep(document)
            except OSError as error:
                self._report("policy", error.strerror or "unknown")

    def _failed(self, item: _Item, place: tuple[str, str], error: Exception) -> None:
        reason = "day_full" if isinstance(error, DayFullError) else "storage"
        if not isinstance(error, DayFullError):
            self._forget(*place)
            self._report(reason, getattr(error, "strerror", None) or type(error).__name__)
        if item.done is None:
            self.miss(place[0], reason)
        failure = StorageError("the exchange could not be recorded", hint=_HINT)
        failure.__cause__ = error
        _answer(item, failure)

    def _file_of(self, tenant: str, day: str) -> DayFile:
        file = self._files.pop((tenant, day), None)
        if file is None:
            file = DayFile.begin(self._root, self._keys, tenant, day, self._opener, self._day_bytes_max)
            if len(self._files) >= OPEN_FILES_MAX:
                self._files.pop(next(iter(self._files))).close()
        self._files[tenant, day] = file
        return file

    def _forget(self, tenant: str, day: str) -> None:
        """Let go of a file in which a write failed; the next recording begins another."""
        file = self._files.pop((tenant, day), None)
        if file is not None:
            file.close()

    def _look_after(self) -> None:
        """Make durable what was written, and let go of files whose key was destroyed."""
        for place, file in list(self._files.items()):
            try:
                file.note()
                if not self._keys.alive(file.key_id):
                    self._forget(*place)
                    self._report("erased", file.label.day)
            except (OSError, StorageError) as error:
                self._forget(*place)
                self._report("storage", getattr(error, "strerror", None) or type(error).__name__)


def day_of(at_s: float) -> str:
    """Return the day (UTC) of a time in seconds since 1970, as `2026-11-22`."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d}"


def _answer(item: _Item, error: StorageError | None) -> None:
    if item.done is not None:
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            item.done.get_loop().call_soon_threadsafe(_settle, item.done, error)


def _settle(done: asyncio.Future[None], error: StorageError | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
