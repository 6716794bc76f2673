"""What the schema says of a key, and what is wrong with values that several sections know.

Owns the form of a section's description. Reads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]")
_GLOB = re.compile(r"[!-~]{1,256}")


@dataclass(frozen=True, slots=True)
class Key:
    """What the schema says of one key: its unit, why it exists, its hard ends, what is wrong with a value."""

    unit: str
    reason: str
    low: float | None = None
    high: float | None = None
    check: Callable[[str], str] | None = None
    default: str = ""  # how the reference words a default that is worked out, not written
    empty: bool = False  # a text of no characters is one
    name: re.Pattern[str] | None = None  # the texts that are paths, relative to the file, but for those that match this


class Complaint(NamedTuple):
    """What is wrong with keys that are each well formed: the key to point at, and the sentence."""

    key: str
    message: str


def glob_complaint(text: str) -> str:
    """Say why this is no pattern, "" when it is one."""
    return "" if _GLOB.fullmatch(text) else "must be a pattern of 1 to 256 visible ASCII characters, such as claude-*"


def name_complaint(text: str) -> str:
    """Say why this is no name, "" when it is one."""
    return "" if _NAME.fullmatch(text) else "must be 1 to 63 characters of a-z, 0-9, '.', '_' and '-'"


def variable_complaint(text: str) -> str:
    """Say why this is no variable of the environment, "" when it is one."""
    return "" if _VARIABLE.fullmatch(text) else "must be the name of an environment variable, not its value"


def address_complaint(text: str) -> str:
    """Say what is wrong with an address to listen on, "" when nothing is."""
    host, separator, port = text.rpartition(":")
    if not separator or not _HOST.fullmatch(host) or not port.isascii() or not port.isdigit() or int(port) > 65535:
        return 'must be "host:port" with a port of 0 to 65535, such as 127.0.0.1:8700'
    return ""


def base_url_complaint(text: str) -> str:
    """Say what is wrong with an address of a service, "" when nothing is."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        return "must be an absolute https:// address, such as https://api.anthropic.com"
    if "@" in parts.netloc:
        return "must hold no user or password; the key comes from key_env or key_file"
    if "?" in text or "#" in text:
        return "must hold no query and no fragment"
    if any(character.isspace() or not character.isprintable() for character in text):
        return "must hold no space and no control character"
    return ""
