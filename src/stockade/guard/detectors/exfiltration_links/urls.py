"""URLs as a browser takes them apart. Owns the parts of one address; never decides what they mean.

Lenient on purpose: what a browser mends (backslashes, missing or too many slashes, tabs and line ends inside) is mended
here. Source: WHATWG URL standard, section 4.4, read November 2026.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

_LAYOUT = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?[/\\]{0,3}(?:(?P<user>[^/\\?#@]*)@)?(?P<host>\[[^\]]*\]|[^/\\?#:]*)"
    r"(?::(?P<port>\d*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_REMOVED = str.maketrans("", "", "\t\r\n")
_UNQUOTED_MAX = 3


class Url(NamedTuple):
    """The parts of an address, as written."""

    scheme: str
    user: str
    host: str
    path: str
    query: str
    fragment: str

    @property
    def pieces(self) -> list[str]:
        """Return what an address can carry beside its host: path segments, names and values, the fragment."""
        segments = [piece for piece in re.split(r"[/\\]", self.path) if piece]
        pairs = [half for pair in re.split(r"[&;]", self.query) for half in pair.split("=", 1) if half]
        return [*segments, *pairs, *([self.user] if self.user else []), *_fragment_pieces(self.fragment)]

    @property
    def labels(self) -> list[str]:
        """Return the labels of the host before its last two, which somebody registered."""
        return self.host.split(".")[:-2]


def read_url(text: str) -> Url:
    """Return the parts of an address; anything has parts."""
    match = _LAYOUT.match(text.translate(_REMOVED).strip())
    assert match is not None
    part = {name: value or "" for name, value in match.groupdict().items()}
    host = unquoted(part["host"]).lower().rstrip(".")
    return Url(part["scheme"].lower(), part["user"], host, part["path"], part["query"], part["fragment"])


def unquoted(piece: str) -> str:
    """Return a piece with its percent-encoding undone, also where it was encoded twice."""
    for _ in range(_UNQUOTED_MAX):
        plain = unquote(piece, errors="replace") if "%" in piece else piece
        if plain == piece:
            break
        piece = plain
    return piece


def is_listed(host: str, hosts: tuple[str, ...]) -> bool:
    """Say whether a host is on a list of names; `*.name` stands for everything below a name."""
    return any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in hosts)


def _fragment_pieces(fragment: str) -> list[str]:
    if ":~:" in fragment:  # a text directive names words of the page that is linked to
        fragment = fragment[: fragment.index(":~:")]
    return [half for pair in re.split(r"[&/]", fragment) for half in pair.split("=", 1) if half]
