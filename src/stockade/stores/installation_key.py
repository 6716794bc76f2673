"""The installation key: one file from which everything that the gate encrypts can be opened.

Made at the first start, whole or not at all; never overwritten, logged or kept beside what it opens in a backup.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from pathlib import Path

from stockade.core.errors import ConfigError

FILE_NAME = "installation.key"
KEY_BYTES = 32


def installation_key(data_dir: Path) -> bytes:
    """Return the key of this installation; the first call makes the folder and the file.

    Fails: ConfigError when it cannot be made or read, others may read it, or it is not a key.
    """
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise ConfigError(
            f"The installation key {path} cannot be used: {error.strerror}", hint="Check data_dir and its mode."
        ) from error


def derived_key(key: bytes, purpose: str) -> bytes:
    """Return a key for one purpose alone, which tells nothing of the installation's (NIST SP 800-108, with HMAC)."""
    return hmac.digest(key, b"stockade derived key\0" + purpose.encode(), "sha256")


def _make(path: Path) -> None:
    """Put a new key in place; where another process was faster, its key stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails where the name exists: unlike a rename it replaces nothing
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise ConfigError(f"The installation key {path} can be read by others.", hint=f"Run: chmod 600 {path}")
        text = file.read(2 * KEY_BYTES + 2)
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"The installation key {path} is damaged.",
            hint="Put it back from your backup: without it, nothing that this gate encrypted can be opened.",
        )
    return key
