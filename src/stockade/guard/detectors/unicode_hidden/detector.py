"""The detector of hidden text. Owns what each run of unseen characters is called and how bad it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stockade.core.findings import Category, Severity
from stockade.guard.detectors.detector import RawFinding, Reads
from stockade.guard.detectors.unicode_hidden import runs

LABEL = "HIDDEN_TEXT"
BITS_MIN = 4
"""Zero-width characters in a row from which on they carry something rather than stand there by accident."""

STRAYS_MIN = 8
"""Single zero-width characters beside spaces that are tolerated in one text; more of them carry bits."""

BLANKS_MIN = 8
"""Braille blanks in a row, in a text without other Braille, that are a hidden gap."""


@dataclass(frozen=True, slots=True)
class HiddenText:
    """Characters that a person does not see and a model reads.

    Finds: text in tag characters, bytes in variation selectors, bits in zero-width runs, zero-width characters inside
    words, direction overrides and unbalanced embeddings, Hangul fillers, soft hyphens between single letters, rows of
    Braille blanks, other invisible format characters.
    Why it matters: instructions to a model can be written where no reviewer sees them ("ASCII smuggling"), and source
    code can be shown in another order than it is read (Trojan Source, CVE-2021-42574).
    Example: "Nice weather" followed by the same number of tag characters that spell an order.
    Known misses: white text on white ground and other styling; single direction marks; one zero-width space between
    words, up to seven in a text; letters that merely look alike (the canonical view folds them for other detectors).
    Cost: one pass over texts that are not ASCII, some 20 ns a character; nothing for others.
    """

    id: str = "unicode.hidden"
    version: str = "1"
    category: Category = Category.HIDDEN_TEXT
    reads: Reads = Reads.NON_ASCII
    rules: tuple[str, ...] = (
        "bidi_control",
        "braille_blanks",
        "hangul_filler",
        "invisible_format",
        "soft_hyphens",
        "tag_characters",
        "variation_selectors",
        "zero_width_bits",
        "zero_width_in_word",
    )

    def inspect(self, text: str) -> Iterator[RawFinding]:
        """Yield each hidden run of one text."""
        if text.isascii():
            return
        strays: list[tuple[int, int]] = []
        for match in runs.RUN.finditer(text):
            start, end = match.span()
            before, after = text[start - 1 : start] if start else "", text[end : end + 1]
            found = _judged(text, start, end, before, after)
            if found == _STRAY:
                strays.append((start, end))
            elif found is not None:
                yield RawFinding(found[0], found[1], found[2], LABEL, start, end)
        if len(strays) >= STRAYS_MIN:
            for start, end in strays:
                yield RawFinding("zero_width_bits", Severity.MEDIUM, 0.6, LABEL, start, end)
        if "\u00ad" in text:
            for match in runs.SPACED_OUT.finditer(text):
                yield RawFinding("soft_hyphens", Severity.MEDIUM, 0.7, LABEL, *match.span())


_Judgement = tuple[str, Severity, float]
_STRAY: _Judgement = ("", Severity.LOW, 0.0)


def _judged(text: str, start: int, end: int, before: str, after: str) -> _Judgement | None:
    """Return what a run is, None where honest writing needs it, _STRAY for a single one beside no word."""
    run = text[start:end]
    if runs.TAGS.search(run):
        return None if runs.is_flag(before, run) else ("tag_characters", Severity.HIGH, 0.98)
    if runs.is_emoji_sequence(before, run, after):
        return None
    if runs.SELECTORS.search(run):
        if runs.is_honest_selector(before, run):
            return None
        return ("variation_selectors", Severity.HIGH if len(run) > 1 else Severity.MEDIUM, 0.9 if len(run) > 1 else 0.6)
    if runs.DIRECTIONS.search(run):
        return _direction(text, start, end)
    if runs.ZERO_WIDTH.search(run):
        return _zero_width(run, start, before, after)
    return _blank(text, start, end, before, after)


def _blank(text: str, start: int, end: int, before: str, after: str) -> _Judgement | None:
    run = text[start:end]
    if run[0] == "\u2800":
        braille = any("\u2801" <= character <= "\u28ff" for character in text[max(0, start - 200) : end + 200])
        return None if braille or len(run) < BLANKS_MIN else ("braille_blanks", Severity.LOW, 0.5)
    if runs.FILLERS.search(run):
        hangul = any("\u1100" <= side <= "\u11ff" for side in (before, after))
        return None if hangul else ("hangul_filler", Severity.MEDIUM, 0.7)
    if run[0] == "\u00ad":
        return ("soft_hyphens", Severity.MEDIUM, 0.7)
    return None if len(run) == 1 and runs.joins(before) else ("invisible_format", Severity.MEDIUM, 0.6)


def _direction(text: str, start: int, end: int) -> _Judgement | None:
    low = max(text.rfind("\n", max(0, start - 1000), start) + 1, start - 1000, 0)
    high = text.find("\n", end, end + 1000)
    line = text[low : high if high >= 0 else end + 1000]
    if runs.is_honest_direction(line):
        return None
    severe = runs.OVERRIDES.search(line) is not None
    return ("bidi_control", Severity.HIGH if severe else Severity.MEDIUM, 0.9 if severe else 0.6)


def _zero_width(run: str, start: int, before: str, after: str) -> _Judgement | None:
    if run == "\ufeff" and start == 0:
        return None
    if len(run) >= BITS_MIN:
        return ("zero_width_bits", Severity.HIGH, 0.95)
    if runs.MARKS.match(run) or runs.is_honest_zero_width(before, run, after):
        return None if len(run) == 1 else ("zero_width_bits", Severity.MEDIUM, 0.6)
    if before.isalnum() and after.isalnum():
        return ("zero_width_in_word", Severity.MEDIUM, 0.8)
    return _STRAY if len(run) == 1 else ("zero_width_bits", Severity.MEDIUM, 0.6)


DETECTOR = HiddenText()
