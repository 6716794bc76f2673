"""The canonical reading: NFKC character by character, invisible characters out, look-alike letters and digits to ASCII.

Owns how one character is folded. Characters are folded alone, never composed with their neighbours, so that every
offset maps back exactly. Control characters and the sequences that colour a terminal's text are invisible; those that
are white space (tab to carriage return, \\x1c to \\x1f, \\x85) are not, for they part words in a stream as well
(guard/pipeline/units.py). Source: UAX #15 (NFKC), UTS #39 section 4 (skeletons), ECMA-48 sections 5.4 and 8.3.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from stockade.core.edits import Edit
from stockade.core.views.confusables import CONFUSABLES, is_invisible

CONTROL = r"[\x01-\x08\x0e-\x1b\x7f]|[^\n]\x00|\x00[^\n]"
"""Mark of an ASCII text that reads otherwise. NUL between newlines is what a scanner may join texts with."""

_OTHER = re.compile(r"(?:\x1b\[|\x9b)[0-?]{0,32}[ -/]{0,4}[@-~]|[\x00-\x08\x0e-\x1b\x7f]|[^\x00-\x7f]")
_CONTROLS = bytes((*range(0x09), *range(0x0E, 0x1C), 0x7F))
_SEQUENCES = frozenset(map(chr, (*_CONTROLS, 0x9B)))
"""Controls, and what begins a sequence that is not seen."""

SOUGHT_MAX = 32
"""Most characters that are looked for one by one: most texts that are not ASCII hold a few that read otherwise."""


def canonical_edits(text: str) -> Iterator[Edit]:
    """Yield an edit for every character that reads otherwise, and for every sequence that is not seen."""
    if text.isascii():
        data = text.encode("ascii")
        if len(data.translate(None, _CONTROLS)) == len(data):
            return
    elif (letters := set(text)).isdisjoint(_SEQUENCES):
        changed = {each: folded for each in letters if each > "~" and (folded := fold(each)) != each}
        if len(changed) <= SOUGHT_MAX:
            yield from _edits_of(text, changed)
            return
    for match in _OTHER.finditer(text):
        character = match[0]
        folded = "" if len(character) > 1 or character < "\x80" else fold(character)
        if folded != character:
            yield Edit(match.start(), match.end(), folded)


def _edits_of(text: str, changed: Mapping[str, str]) -> Iterator[Edit]:
    """Yield an edit for every place of some characters, which are looked for one after the other."""
    places: list[tuple[int, str]] = []
    for character in changed:
        at = text.find(character)
        while at >= 0:
            places.append((at, character))
            at = text.find(character, at + 1)
    for at, character in sorted(places):
        yield Edit(at, at + 1, changed[character])


@lru_cache(maxsize=4096)
def fold(character: str) -> str:
    """Return what one character reads as: "" for an invisible one, itself for one that stands for itself."""
    if is_invisible(character):
        return ""
    known = CONFUSABLES.get(character)
    if known is not None:
        return known
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    normal = unicodedata.normalize("NFKC", character)
    if normal == character:
        return character
    return "".join(CONFUSABLES.get(part, part) for part in normal)
