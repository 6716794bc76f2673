"""Encoded tokens: base64 and hex runs that hold text, found and decoded.

Owns what counts as a token and as text. A token that decodes to anything but mostly printable UTF-8 (images, digests,
keys as bytes, ordinary long words) is not opened, nor is one of at most 64 characters that nowhere decodes to eleven
ASCII characters in a row: identifiers and names are no encodings. Every character is tried a bounded number of times.
Source: RFC 4648 sections 4, 5 and 8; RFC 2045 section 6.8 (wrapped lines). Read November 2026.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator
from typing import NamedTuple

from stockade.core.edits import Edit

BASE64_CHARS_MIN = 16
HEX_DIGITS_MIN = 24
PRINTABLE_SHARE_MIN = 0.85

# Four characters that stand for three bytes of ASCII text: each bracket leaves out what would be a control or more than
# 0x7F. Eleven characters of text hold three such groups, wherever they begin.
ASCII_GROUP = r"[CDI-Za-f][ACDEFGHQSTUVWXgijklmnwyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
BASE64_TEXT = rf"(?:{ASCII_GROUP}){{3}}"
UTF_16_TEXT = r"(?:[A-Za-z0-9+/_-][AQgw][AB][A-Za-z0-9+/_-]A[C-H][AEIMQUYcgkosw048]A){2}"
"""The same for ASCII text in UTF-16, where every second byte is zero (PowerShell's -EncodedCommand)."""
UNTRIED_CHARS_MAX = 64
"""Longest token that is only opened when it holds one of both: a SHA-256 digest in hex."""

_BASE64_TEXT = re.compile(f"{BASE64_TEXT}|{UTF_16_TEXT}")
_NEXT_LINE = re.compile(r"\r?\n[ \t]{0,16}([A-Za-z0-9+/_-]+={0,2})(?![A-Za-z0-9+/_=-])")
_PART = re.compile(r"[A-Za-z0-9]{16,}={0,2}")
_HEX_PAIRS = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:[ :-][0-9A-Fa-f]{2}){11,}+(?![0-9A-Za-z])")
_HEX_LIST = re.compile(r"0[xX][0-9A-Fa-f]{2}(?:[,; \t\r\n]{1,8}0[xX][0-9A-Fa-f]{2}){11,}+")
_HEX_ITEM = re.compile(r"0[xX]([0-9A-Fa-f]{2})")
_URL_SAFE = str.maketrans("-_", "+/")
_PRINTABLE_ASCII = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"

# A text is read as one byte a character: members of the alphabet as "x". Runs are then found by bytes.find, which is
# some thirty times faster on ordinary text than a pattern that must try every word.
_BASE64_MAP = bytes(0x78 if chr(c).isascii() and (chr(c).isalnum() or chr(c) in "+/_-") else 0x20 for c in range(256))
_HEX_MAP = bytes(0x78 if chr(c) in "0123456789abcdefABCDEF" else 0x20 for c in range(256))
_PAIR_MAP = bytes(0x78 if m == 0x78 else 0x2D if chr(c) in " :-" else 0x20 for c, m in enumerate(_HEX_MAP))
_PAIRS = b"xx-" * (HEX_DIGITS_MIN // 2 - 1) + b"xx"


class _Line(NamedTuple):
    start: int
    end: int


def base64_edits(text: str) -> Iterator[Edit]:
    """Yield (start, end, decoded text) of every base64 token: both alphabets, padded or not, in one line or wrapped."""
    done = 0
    tried = 0  # lines up to here were part of a block that did not decode; joining them again would cost a square
    for start, bare_end in _runs(text, _BASE64_MAP, BASE64_CHARS_MIN):
        if start < done:
            continue
        if bare_end - start <= UNTRIED_CHARS_MAX and _BASE64_TEXT.search(text, start, bare_end) is None:
            continue
        end = bare_end + (2 if text.startswith("==", bare_end) else text.startswith("=", bare_end))
        wrapped = _wrapped(text, start, end) if start >= tried else []
        for count in dict.fromkeys((len(wrapped), len(wrapped) - 1)):
            if count > 1 and (decoded := _joined(text, wrapped[:count])) is not None:
                done = wrapped[count - 1].end
                yield Edit(start, done, decoded)
                break
        else:
            if len(wrapped) > 1:
                full = wrapped[-1].end - wrapped[-1].start == end - start
                tried = wrapped[-1].end if full else wrapped[-1].start
            yield from _one_line(text, start, end)


def hex_edits(text: str) -> Iterator[Edit]:
    """Yield (start, end, decoded text) of every hex token: plain digits, separated pairs, lists of 0xNN."""
    for start, end in _runs(text, _HEX_MAP, HEX_DIGITS_MIN):
        if (end - start) % 2 == 0 and (decoded := as_text(bytes.fromhex(text[start:end]))) is not None:
            prefixed = start >= 2 and text[start - 2 : start] in ("0x", "0X")
            yield Edit(start - 2 if prefixed else start, end, decoded)
    if _PAIRS in _mapped(text, _PAIR_MAP):
        for match in _HEX_PAIRS.finditer(text):
            if (decoded := as_text(bytes.fromhex(match[0].replace(":", "").replace("-", "")))) is not None:
                yield Edit(match.start(), match.end(), decoded)
    if "0x" in text or "0X" in text:
        for match in _HEX_LIST.finditer(text):
            digits = "".join(_HEX_ITEM.findall(match[0]))
            if (decoded := as_text(bytes.fromhex(digits))) is not None:
                yield Edit(match.start(), match.end(), decoded)


def as_text(data: bytes) -> str | None:
    """Return `data` as text when at least 85 % of it is printable UTF-8, or ASCII in UTF-16, else None."""
    if not data:
        return None
    allowed = len(data) * (1 - PRINTABLE_SHARE_MIN)
    if len(data.translate(None, _PRINTABLE_ASCII)) <= allowed:
        return data.decode("utf-8", "replace")
    if len(data) - len(data.translate(None, _CONTROLS)) > allowed:
        return _as_utf_16(data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _as_utf_16(data: bytes) -> str | None:
    """Return UTF-16 of either order whose characters are mostly printable ASCII, else None."""
    units = len(data) // 2
    enough = units * PRINTABLE_SHARE_MIN
    for low, encoding in ((0, "utf-16-le"), (1, "utf-16-be")):
        zeros = data[1 - low :: 2].count(0)
        printable = units - len(data[low : 2 * units : 2].translate(None, _PRINTABLE_ASCII))
        if units and zeros >= enough and printable >= enough:
            return data[: 2 * units].decode(encoding, "replace").removeprefix("\ufeff")
    return None


def _mapped(text: str, table: bytes) -> bytes:
    return text.encode("ascii", "replace").translate(table)


def _runs(text: str, table: bytes, length_min: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the runs of at least `length_min` characters that `table` maps to "x"."""
    mapped = _mapped(text, table)
    shortest = b"x" * length_min
    start = mapped.find(shortest)
    while start >= 0:
        end = mapped.find(b" ", start)
        end = len(mapped) if end < 0 else end
        yield start, end
        start = mapped.find(shortest, end)


def _decoded(token: str) -> str | None:
    bare = token.rstrip("=").translate(_URL_SAFE)
    if len(bare) % 4 == 1:
        return None
    try:
        return as_text(a2b_base64(bare + "=" * (-len(bare) % 4)))
    except Error:
        return None


def _one_line(text: str, start: int, end: int) -> Iterator[Edit]:
    """Yield the token of one run, or else the tokens between the separators that the alphabets share with paths."""
    token = text[start:end]
    if (decoded := _decoded(token)) is not None:
        yield Edit(start, end, decoded)
        return
    parts = [part for part in _PART.finditer(token) if part.end() - part.start() < len(token)]
    found = False
    for part in parts:
        if (decoded := _decoded(part[0])) is not None:
            found = True
            yield Edit(start + part.start(), start + part.end(), decoded)
    if found:
        return
    # Behind a path or a key's prefix the token itself may hold separators: try what follows each of the first few.
    for cut in [index + 1 for index, character in enumerate(token[:256]) if character in "/_-+"][:8]:
        if len(token) - cut >= BASE64_CHARS_MIN and (decoded := _decoded(token[cut:])) is not None:
            yield Edit(start + cut, end, decoded)
            return


def _wrapped(text: str, start: int, end: int) -> list[_Line]:
    """Return the lines of a wrapped token: full lines of one width, and at most one shorter that ends it."""
    lines = [_Line(start, end)]
    width = end - start
    if width % 4 or text[end - 1] == "=":
        return lines
    while (match := _NEXT_LINE.match(text, lines[-1].end)) is not None and len(match[1]) <= width:
        lines.append(_Line(match.start(1), match.end(1)))
        if len(match[1]) < width or match[1].endswith("="):
            break
    return lines


def _joined(text: str, lines: list[_Line]) -> str | None:
    return _decoded("".join(text[line.start : line.end] for line in lines))
