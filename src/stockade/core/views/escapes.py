r"""Escapes: percent-encoding, backslash escapes and HTML entities, each found as edits of single characters.

Owns which characters an escape stands for. Each edit covers exactly the escape (or the escapes of one character's
bytes), so that what is found between two escapes maps back exactly. An escape that stands for nothing stays as it is.
Source: RFC 3986 section 2.1; RFC 8259 section 7 and ECMA-262 section 12.9.4 (\x, \u{...}); the HTML standard's named
character references as Python's `html.entities` carries them. Read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5

from stockade.core.edits import Edit

# Each begins with its one literal character, which the engine looks for many times faster than for a group.
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*")
_BACKSLASH = re.compile(
    r"\\(?:(?P<bytes>x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*)"
    r"|u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})"
    r"|u(?P<unit>[0-9A-Fa-f]{4})"
    r"|u\{(?P<braced>[0-9A-Fa-f]{1,6})\}"
    r"|U(?P<wide>[0-9A-Fa-f]{8})"
    r"|(?P<short>[\"'\\/bfnrt`]))"
)
_ENTITY = re.compile(
    r"&(?:#(?P<decimal>[0-9]{1,7})|#[xX](?P<hex>[0-9A-Fa-f]{1,6})|(?P<name>[A-Za-z][A-Za-z0-9]{1,31}));"
)

_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def percent_edits(text: str) -> Iterator[Edit]:
    """Yield an edit for every percent-encoded character."""
    if "%" not in text:
        return
    for match in _PERCENT.finditer(text):
        yield from _byte_edits(bytes.fromhex(match[0].replace("%", "")), match.start(), 3)


def backslash_edits(text: str) -> Iterator[Edit]:
    """Yield an edit for every backslash escape of JSON and JavaScript strings."""
    if "\\" not in text:
        return
    for match in _BACKSLASH.finditer(text):
        kind = match.lastgroup
        if kind == "bytes":
            yield from _byte_edits(bytes.fromhex(match[0].replace("\\x", "")), match.start(), 4, latin=True)
            continue
        if kind == "short":
            character = _SHORT.get(match["short"], match["short"])
        elif kind == "low":
            character = chr(0x10000 + ((int(match["high"], 16) - 0xD800) << 10) + int(match["low"], 16) - 0xDC00)
        else:
            character = _character(int(match["unit"] or match["braced"] or match["wide"], 16))
        if character:
            yield Edit(match.start(), match.end(), character)


def entity_edits(text: str) -> Iterator[Edit]:
    """Yield an edit for every HTML character reference that ends in a semicolon."""
    if "&" not in text:
        return
    for match in _ENTITY.finditer(text):
        if match["name"]:
            character = html5.get(match["name"] + ";", "")
        else:
            character = _character(int(match["decimal"]) if match["decimal"] else int(match["hex"], 16))
        if character:
            yield Edit(match.start(), match.end(), character)


def _character(code: int) -> str:
    """Return the character of a scalar value, or "" for a surrogate or a number past Unicode."""
    return "" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def _byte_edits(data: bytes, start: int, width: int, *, latin: bool = False) -> Iterator[Edit]:
    """Yield an edit for each UTF-8 character of `data`, whose bytes stand `width` code points apart from `start` on.

    Bytes that are no UTF-8 stay as they are, or count as Latin-1 where `latin` says so (JavaScript's reading of \\xNN).
    """
    index = 0
    while index < len(data):
        lead = data[index]
        length = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        try:
            character = data[index : index + length].decode()
        except UnicodeDecodeError:
            length = 1
            character = chr(lead) if latin else ""
        if character:
            yield Edit(start + index * width, start + (index + length) * width, character)
        index += length
