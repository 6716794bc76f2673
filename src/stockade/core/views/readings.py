"""Readings: ways a person or a model reads a text that is written oddly, for detectors of meaning only.

Owns what each reading is and where it is worth making. A reading may turn ordinary text into nonsense (leet makes words
of numbers, spaced letters make words of tables), so detectors of form never see one: a card number read out of a table
would be a false alarm, and a value with white space inside would be found whole and missed in a stream. A text without
a mark has no readings; the mark is one linear search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import re2

from stockade.core.edits import Edit
from stockade.core.views.english import WORDS

CLUSTER_GAP_CHARS = 200
"""Two signs of one writing that stand closer together than this belong to one passage."""

_EDGE_CHARS_MAX = 1000

_FROM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROT13 = str.maketrans(_FROM, _FROM[13:26] + _FROM[:13] + _FROM[39:] + _FROM[26:39])
_LEET = str.maketrans("03457@$", "oeastas")
_ONES = str.maketrans("1!", "ii")


class Passage(NamedTuple):
    """Code points [start, end) of a text and how they read as a whole."""

    start: int
    end: int
    text: str


def _words(words: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(sorted(words))})\b"


_LEET_SIGN = r"[A-Za-z][013457$!]{1,3}[A-Za-z]"
_LEET_LETTERS = "[A-Za-z013457@$!]{0,12}"
_SIGN_CHAR = "[0-9A-Za-z@$]"
_GAP = r"[ \t\r\n]{0,40}"
_TAG = r"</?(?:b|i|u|s|em|strong|span|wbr|small|font)(?: [^<>]{0,80})?/?>|<!--[^>]{0,80}-->"

# Signs, in the syntax that re2 and Python share. Each is looked for by re2 in a copy of the text in which every other
# character than an ASCII one is a question mark, so that bytes are code points and time is linear.
_SIGNS = {
    "spaced": rf"(?:^|[^0-9A-Za-z])[A-Za-z](?:(?: {_SIGN_CHAR}){{4,}}|(?:[.]{_SIGN_CHAR}){{4,}}"
    rf"|(?:[_*|/,-]{_SIGN_CHAR}){{4,}})(?:[^0-9A-Za-z]|$)",
    "joined": rf"""["'`](?:{_GAP}[+&\\]){{1,2}}{_GAP}["'`]"""
    r"""|"[ \t]{0,40}\r?\n[ \t]{0,40}"|[A-Za-z]" {1,8}"[A-Za-z]""",
    "markup": rf"[A-Za-z](?:\*{{1,3}}|~~|`|(?:{_TAG}){{1,3}})[A-Za-z]",
    # Two such words beside each other, or with few between them: one alone is a name, a version, an address.
    "leet": rf"{_LEET_SIGN}{_LEET_LETTERS}(?:[ ,.\n]{{1,2}}{_LEET_LETTERS}){{0,2}}"
    rf"[ ,.\n]{{1,2}}{_LEET_LETTERS}{_LEET_SIGN}",
    "wrapped": r"[a-z]{2}-\r?\n[ \t]{0,40}[a-z]{2}",
    "camel": r"(?-i:(?:[AI]?[A-Z][a-z]{1,15}){4})",
    "rot13": _words(word.translate(_ROT13) for word in WORDS),
    "reversed": _words(word[::-1] for word in WORDS),
}
_ANY_SIGN = re2.compile(f"(?i){'|'.join(_SIGNS.values())}".encode())
_SIGN = {name: re2.compile(f"(?i){sign}".encode()) for name, sign in _SIGNS.items()}

_SPACED_WORD = re.compile(
    r"(?<![^\W_])[^\W_](?P<gap>[ ._*|/,-])(?:[^\W_]|[@$])(?:(?P=gap)(?:[^\W_]|[@$]))*(?![^\W_]|[@$])"
)
_STRING_JOINT = re.compile(
    rf"(?P<quote>[\"'`])(?:(?:{_GAP}[+&\\]){{1,2}}{_GAP}|[ \t]{{0,40}}\r?\n[ \t]{{0,40}}|[ \t]{{1,8}})(?P=quote)"
)
_MARKUP = re.compile(rf"(?<=[A-Za-z])(?:\*{{1,3}}|~~|`{{1,2}}|(?:{_TAG}){{1,3}})(?=[A-Za-z])", re.IGNORECASE)
_LEET_WORD = re.compile(
    r"(?<![\w@$])(?:(?=[013457@$!]{0,3}[A-Za-z])[A-Za-z013457@$!]{2,24}|[013457]{1,2}|(?=[013457]{0,3}[@$])[013457@$!]{2,4})"
    r"(?![\w@$])"
)
# A one is an i or an l: an l where two stand together, behind a vowel, between a consonant that takes one and a vowel.
_LEET_L = re.compile(
    r"1(?=1)|(?<=1)1|(?<=[aeou])1|(?<=[aeou]l)1|(?<=[bcfgkps])1(?=[aeou])|(?<![A-Za-z])1(?=[aeou])|1(?=y)",
    re.IGNORECASE,
)
_HYPHEN = re.compile(r"(?<=[A-Za-z]{2})-\r?\n[ \t]{0,40}(?=[a-z]{2})")
_HUMP = re.compile(r"(?<=[a-z,.;:!?])[A-Z](?=[A-Za-z])|(?<=[AI])[A-Z](?=[a-z])")


def read(text: str) -> Iterator[tuple[str, list[Edit] | Passage]]:
    """Yield each reading that `text` bears a sign of: edits of characters, or passages that read otherwise whole."""
    plain = text.encode("ascii", "replace")
    if _ANY_SIGN.search(plain) is None:
        return
    for name, edits in _EDITS.items():
        if found := [edit for start, end in _passages(plain, name) for edit in edits(text, start, end)]:
            yield name, found
    for name, reading in _WHOLE.items():
        for start, end in _passages(plain, name):
            yield name, Passage(start, end, reading(text[start:end]))


def spaced_edits(text: str, start: int, end: int) -> Iterator[Edit]:
    """Yield edits that close words spelled with a gap between letters: `i g n o r e` reads `ignore`."""
    for match in _SPACED_WORD.finditer(text, start, end):
        yield Edit(match.start(), match.end(), match[0].replace(match["gap"], ""))


def joined_edits(text: str, start: int, end: int) -> Iterator[Edit]:
    """Yield edits that join string literals as a compiler does: `"ign" + "ore"` reads `"ignore"`."""
    for match in _STRING_JOINT.finditer(text, start, end):
        yield Edit(match.start(), match.end(), "")


def markup_edits(text: str, start: int, end: int) -> Iterator[Edit]:
    """Yield edits that drop markup between two letters: `ig**no**re` and `ig<b></b>nore` read `ignore`."""
    for match in _MARKUP.finditer(text, start, end):
        yield Edit(match.start(), match.end(), "")


def leet_edits(text: str, start: int, end: int) -> Iterator[Edit]:
    """Yield edits of words in which digits and signs stand for letters: `1gn0r3` reads `ignore`."""
    for match in _LEET_WORD.finditer(text, start, end):
        letters = _LEET_L.sub("l", match[0].translate(_LEET)).translate(_ONES)
        if letters != match[0]:
            yield Edit(match.start(), match.end(), letters)


def wrapped_edits(text: str, start: int, end: int) -> Iterator[Edit]:
    """Yield edits that join words broken at a line's end: `instruc-` and `tions` read `instructions`."""
    for match in _HYPHEN.finditer(text, start, end):
        yield Edit(match.start(), match.end(), "")


def camel_edits(text: str, start: int, end: int) -> Iterator[Edit]:
    """Yield edits that part words written as one: `IgnoreThePreviousInstructions` reads four words."""
    for match in _HUMP.finditer(text, start, end):
        yield Edit(match.start(), match.end(), f" {match[0]}")


_EDITS = {
    "spaced": spaced_edits,
    "joined": joined_edits,
    "markup": markup_edits,
    "leet": leet_edits,
    "wrapped": wrapped_edits,
    "camel": camel_edits,
}
_WHOLE: dict[str, Callable[[str], str]] = {
    "rot13": lambda passage: passage.translate(_ROT13),
    "reversed": lambda passage: passage[::-1],
}
_SIGN_CHARS_MIN = {"markup": 6, "rot13": 5, "reversed": 5}
"""Characters of signs in a passage from which on it is read so: one long word or two short ones; else any sign."""


def _passages(plain: bytes, name: str) -> Iterator[tuple[int, int]]:
    """Yield the spans around clusters of a sign, to the ends of their lines or _EDGE_CHARS_MAX to either side."""
    signs = [match.span() for match in _SIGN[name].finditer(plain)]
    done = first = 0
    for number in range(1, len(signs) + 1):
        if number < len(signs) and signs[number][0] - signs[number - 1][1] <= CLUSTER_GAP_CHARS:
            continue
        if sum(end - start for start, end in signs[first:number]) >= _SIGN_CHARS_MIN.get(name, 1):
            low, high = signs[first][0], signs[number - 1][1]
            start = max(done, plain.rfind(b"\n", max(0, low - _EDGE_CHARS_MAX), low) + 1, low - _EDGE_CHARS_MAX)
            end = plain.find(b"\n", high, high + _EDGE_CHARS_MAX)
            done = end if end >= 0 else min(len(plain), high + _EDGE_CHARS_MAX)
            yield start, done
        first = number
