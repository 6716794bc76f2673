"""The credentials of a signed-in person on this machine: one file, readable by its owner alone.

Owns where it is, how it is written (whole or not at all) and that two commands do not refresh at once. Never prints a
token; only `stockade token` does.
Source: XDG Base Directory Specification 0.8; RFC 9700, 4.14 (a refresh token is used once).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import orjson

from stockade.core.errors import ConfigError

FILE_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in left: where, as which client, and the tokens. `expires_at_s` is of the access token."""

    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    resource: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at_s: float

    def renewed(self, access_token: str, refresh_token: str, expires_at_s: float) -> Credentials:
        """Return these with fresh tokens; an issuer that gives no new refresh token lets the old one live."""
        return replace(
            self,
            access_token=access_token,
            refresh_token=refresh_token or self.refresh_token,
            expires_at_s=expires_at_s,
        )


class CredentialsFile:
    """The file, and its lock beside it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Find the place: `$XDG_CONFIG_HOME/stockade`, or `~/.config/stockade`."""
        home = environ.get("XDG_CONFIG_HOME", "")
        base = Path(home) if Path(home).is_absolute() else Path(environ.get("HOME") or Path.home()) / ".config"
        self.path = base / "stockade" / "credentials.json"

    def read(self) -> Credentials:
        """Return who is signed in. Fails: ConfigError when nobody is, others may read the file, or it is damaged."""
        try:
            with self.path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise ConfigError(f"{self.path} can be read by others.", hint=f"Run: chmod 600 {self.path}")
                raw = file.read(FILE_BYTES_MAX)
        except FileNotFoundError as error:
            raise ConfigError("Nobody is signed in on this machine.", hint="Run: stockade login") from error
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            told = orjson.loads(raw)
            return Credentials(**{**told, "scopes": tuple(told["scopes"])})
        except (orjson.JSONDecodeError, TypeError, KeyError) as error:
            raise ConfigError(f"{self.path} is damaged.", hint="Run: stockade login") from error

    def write(self, credentials: Credentials) -> None:
        """Put new credentials in place of the old. Fails: ConfigError."""
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        try:
            self._make_folder()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(orjson.dumps(asdict(credentials)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}") from error
        finally:
            draft.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the file; twice is once."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock: a client that asks for tokens with each request starts several of us at once."""
        self._make_folder()
        with self.path.with_name("credentials.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_folder(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
