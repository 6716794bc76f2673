"""Units: where streamed text may be cut so that judging it piece by piece equals judging it in any other cut.

A unit is the shortest stretch of text that no value can cross: a word, or words glued together by digits (phone
numbers, cards and dates hold spaces), or a whole PEM block, or an address in brackets or quotes, which may hold spaces.
Where a unit ends depends on the text alone, never on how it arrived; that is what makes the any-cut property hold
(DESIGN invariants 3 and 4).
Detectors rely on it in turn: a value holds whitespace only beside digits and in such an address, never a line break
outside of it and of PEM blocks.
"""

from __future__ import annotations

import re

from stockade.core.limits import HOLD_CHARS_MAX, LINK_CHARS_MAX
from stockade.guard.transforms.pseudonyms import held_from

# Scripts written without spaces: there each character ends a unit, or a Chinese answer would wait for its full stop.
# Ranges: Thai to Tibetan, Myanmar, Khmer; CJK, kana, Hangul; supplementary ideographs. Fullwidth forms (FF00) are not
# among them: they fold to ASCII and can spell a credential.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Not among them: digits of these scripts, what is invisible, and squared or circled forms that fold to ASCII. A value
# may hold any of these, so none of them may cut one in two.
_JOINING = "\\d\u17b4\u17b5\u3164\u3200-\u325f\u32b1-\u32cf\u3358-\u33ff"
_BREAK = re.compile(rf"\s|(?![{_JOINING}])[{_UNSPACED}]")
_DIGIT = re.compile(r"\d")
_PEM_BEGIN = "-----BEGIN"
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}-----")
# `](<https://...` of Markdown and `src="https://...` of HTML, still open at the end of the word.
_LINK = re.compile(r"(?:\]\([ \t]*(?P<angle><)|=[ \t]*(?P<quote>[\"']))[ \t]*(?:[A-Za-z]{2,5}:)?[/\\]{2}[^<>\"'\s]*\Z")
_LINK_BEFORE_CHARS = 8
_LINK_ENDS = {"<": re.compile(r"[<>\n]"), '"': re.compile(r"[\"<>]"), "'": re.compile(r"['<>]")}
_GLUES = frozenset("0123456789+(")


def unit_end(text: str, start: int, *, final: bool) -> int | None:
    """Return where the unit that begins at `start` ends, or None while that cannot be told yet.

    `final` says that no more text will come. A unit past HOLD_CHARS_MAX is cut there: a longer wait is not promised.
    """
    size = len(text)
    word = start
    linked = 0
    for match in _BREAK.finditer(text, start):
        at = match.start()
        if at < linked:
            continue
        end = at + 1
        if end - start > HOLD_CHARS_MAX:
            return _forced(text, start)
        if at - word >= len(_PEM_BEGIN) and _PEM_BEGIN in text[word:at]:
            return _pem_end(text, start, final=final)
        if "//" in text[word:at] or "\\\\" in text[word:at]:
            linked = _link_end(text, word, at)
            if linked > min(size, start + LINK_CHARS_MAX):
                break
            if linked > at:
                continue
        char = text[at]
        if char == "\n" or not char.isspace():
            return end
        if end >= size:
            return size if final else None
        following = text[end]
        glues = following in _GLUES or following.isdigit() or _glued(text, word, at)
        if following.isspace() or not glues:
            return end
        word = end
    if linked > start + LINK_CHARS_MAX <= size:
        return start + LINK_CHARS_MAX
    if size - start > HOLD_CHARS_MAX:
        return _forced(text, start)
    return size if final and size > start else None


def _forced(text: str, start: int) -> int:
    """Return where a unit is cut that grew too long: at its bound, or before a stand-in that would be cut there."""
    return start + (held_from(text[start : start + HOLD_CHARS_MAX]) or HOLD_CHARS_MAX)


def _glued(text: str, word: int, end: int) -> bool:
    return not text[word:end].isalpha() and _DIGIT.search(text, word, end) is not None


def _link_end(text: str, word: int, at: int) -> int:
    """Return where the address ends that is open at `at`: past the text while it has no end, 0 for no such address."""
    opened = _LINK.search(text[max(0, word - _LINK_BEFORE_CHARS) : at])
    if opened is None:
        return 0
    end = _LINK_ENDS[opened["angle"] or opened["quote"]].search(text, at)
    return end.start() if end is not None else len(text) + LINK_CHARS_MAX


def _pem_end(text: str, start: int, *, final: bool) -> int | None:
    match = _PEM_END.search(text, start)
    if match is not None and match.end() - start <= HOLD_CHARS_MAX:
        return match.end()
    if len(text) - start >= HOLD_CHARS_MAX:
        return _forced(text, start)
    return len(text) if final else None
