"""One file of recordings while it is written: a tenant's exchanges of one day, since this process first wrote there.

Owns the way from a packed recording to sealed bytes at a place. A file is begun anew by each process, so nobody ever
writes behind the torn end of another. What failed half is cut off before anything else is written.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from stockade.core.errors import StorageError
from stockade.stores.ledger_files import LogFile, Opener, sync_directory, write_all
from stockade.stores.recording_frames import FRAME_BYTES, Label, frame, header, place
from stockade.stores.recording_keys import RecordingKeyStore
from stockade.stores.sealing import Seal

SUFFIX = ".rec"
_SEALED_BYTES = 28  # a nonce and a tag


class DayFullError(StorageError):
    """A tenant's recordings of one day have reached their bound."""


class DayFile:
    """An open file. Used by one thread. Fails: OSError, StorageError everywhere."""

    def __init__(self, file: LogFile, label: Label, seal: Seal, keys: RecordingKeyStore, bytes_left: int) -> None:
        """Use `begin`."""
        self.label = label
        self._file, self._seal, self._keys, self._bytes_left = file, seal, keys, bytes_left
        self._end = self._durable = self._noted = 0

    @classmethod
    def begin(
        cls, root: Path, keys: RecordingKeyStore, tenant: str, day: str, opener: Opener, bytes_max: int
    ) -> DayFile:
        """Begin a file under this day's key, made on first use; its name and header are durable then."""
        key = keys.current(tenant, day)
        seal = keys.open(key)
        assert seal is not None, "a current key is no destroyed one"
        folder = root / tenant
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = sum(path.stat().st_size for path in folder.glob(f"{day}.*{SUFFIX}"))
        label = Label(tenant, day, key.id, secrets.token_hex(16))
        path = folder / f"{day}.{label.file}{SUFFIX}"
        made = cls(opener(path, True), label, seal, keys, bytes_max - taken)
        try:
            made._write(header(label))
            made.note()
            sync_directory(folder)
            sync_directory(root)
        except BaseException:
            made.close()
            with suppress(OSError):
                path.unlink()
            raise
        return made

    @property
    def key_id(self) -> str:
        """Return the id of the key that seals here."""
        return self.label.key

    def append(self, packed: bytes) -> None:
        """Write one recording. Fails: DayFullError past the bound of the day."""
        if len(packed) + FRAME_BYTES + _SEALED_BYTES > self._bytes_left:
            raise DayFullError("the recordings of this day have reached day_bytes_max")
        self._write(frame(self._seal.close(packed, place(self.label, self._end))))

    def sync(self) -> None:
        """Make everything written durable."""
        if self._durable < self._end:
            self._file.sync()
            self._durable = self._end

    def note(self) -> None:
        """Make everything written durable and note how long the file is, so that a cut is noticed."""
        self.sync()
        if self._noted < self._end:
            self._keys.note_file(self.label.file, self.label.key, self._end)
            self._noted = self._end

    def close(self) -> None:
        """Make durable what can be, and close."""
        with suppress(OSError, StorageError):
            self.note()
        with suppress(OSError):
            self._file.close()

    def _write(self, data: bytes) -> None:
        try:
            write_all(self._file, data, self._end)
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._end)
            raise
        self._end += len(data)
        self._bytes_left -= len(data)
