"""Runs of characters that are not seen, and when such a run is a part of honest writing.

Owns the classes of characters. Source: Unicode 16 DerivedCoreProperties (Default_Ignorable_Code_Point), UAX #9
(direction controls), UTS #51 (emoji sequences), UTS #37 (ideographic variation). Read November 2026.
"""

from __future__ import annotations

import re
import unicodedata

RUN = re.compile(
    "[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+|\u00ad{2,}|\u2800+"
)
SPACED_OUT = re.compile("(?:[^\\W_]\u00ad){3,}")
"""Single letters with soft hyphens between them: no place where a word may be broken, but a word that is hidden."""

TAGS = re.compile("[\U000e0000-\U000e007f]")
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
OVERRIDES = re.compile("[\u202d\u202e]")
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
MARKS = re.compile("^[\u200e\u200f\u061c]+$")
ZERO_WIDTH = re.compile("[\u200b-\u200f\u061c\u2060-\u2064\u206a-\u206f\ufeff\u180e]")
FILLERS = re.compile("[\u115f\u1160\u3164\uffa0]")

_FLAG = "\U0001f3f4"
_FLAGS = frozenset(
    "".join(chr(0xE0000 + ord(letter)) for letter in name) + "\U000e007f" for name in ("gbeng", "gbsct", "gbwls")
)
_BALANCE = {"\u202a": 1, "\u202b": 1, "\u2066": 1, "\u2067": 1, "\u2068": 1, "\u202c": -1, "\u2069": -1}


def is_emoji(character: str) -> bool:
    """Say whether a character can stand in an emoji sequence."""
    if not character:
        return False
    code = ord(character)
    return 0x1F000 <= code < 0x20000 or 0x2190 <= code <= 0x2BFF or code in {0xA9, 0xAE, 0x203C, 0x2049, 0x3030}


def joins(character: str) -> bool:
    """Say whether a character's script needs zero-width joiners and non-joiners: Arabic, Indic, Mongolian and kin."""
    if not character:
        return False
    code = ord(character)
    return 0x0590 <= code <= 0x109F or 0x1780 <= code <= 0x18AF or 0xA800 <= code <= 0xABFF or 0xFB1D <= code <= 0xFDFF


def is_right_to_left(character: str) -> bool:
    """Say whether a character is a letter of a script written from right to left."""
    return unicodedata.bidirectional(character) in {"R", "AL"}


def is_flag(before: str, run: str) -> bool:
    """Say whether a run of tags makes the flag of England, Scotland or Wales behind a black flag."""
    return before == _FLAG and run in _FLAGS


def is_emoji_sequence(before: str, run: str, after: str) -> bool:
    """Say whether a run is what emoji need: a presentation selector, a joiner between two, or both."""
    if run in {"\ufe0e", "\ufe0f"}:
        return True
    bare = run.removeprefix("\ufe0f")
    return bare == "\u200d" and (is_emoji(before) or run != bare) and is_emoji(after)


def is_honest_selector(before: str, run: str) -> bool:
    """Say whether one selector stands behind a character that has variants: ideographs, joined scripts, symbols."""
    if len(run) != 1 or not before:
        return False
    if ord(run) >= 0xE0100:
        return 0x3400 <= ord(before) <= 0x9FFF or 0x20000 <= ord(before) <= 0x323AF
    return ord(before) > 0x2000 or joins(before)


def is_honest_zero_width(before: str, run: str, after: str) -> bool:
    """Say whether one zero-width character stands where its script asks for it."""
    if len(run) != 1:
        return False
    if run in {"\u200c", "\u200d"}:
        return joins(before) or joins(after)
    if run == "\u200b":
        return any(side and (joins(side) or ord(side) >= 0x2E80) for side in (before, after))
    return False


def is_honest_direction(line: str) -> bool:
    """Say whether a line's direction controls are balanced, hold no override, and serve text of that direction."""
    depth = 0
    for character in line:
        depth += _BALANCE.get(character, 0)
        if depth < 0:
            return False
    needed = any(map(is_right_to_left, line)) or (
        "\u2068" in line and not re.search("[\u202a\u202b\u2066\u2067]", line)
    )
    return depth == 0 and needed and not OVERRIDES.search(line)
