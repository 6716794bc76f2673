"""Mutations of single letters: other case, other characters that look alike, characters between them, slips.

Each function takes a text and a source of chance, and shows what it gives for seed 0 in its docstring.
"""

from __future__ import annotations

import random
import unicodedata

LEET = {"a": "4@", "e": "3", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7"}
LEET_SHARE = 0.85

HOMOGLYPHS = str.maketrans(
    "aceiopsxyABCEHIKMOPTX",
    "\u0430\u0441\u0435\u0456\u043e\u0440\u0455\u0445\u0443\u0410\u0412\u0421\u0415\u041d\u0406\u041a\u041c\u041e\u0420\u0422\u0425",
)
HOMOGLYPH_SHARE = 0.7

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_MARKS = tuple(chr(code) for code in range(0x0300, 0x0315))
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {key: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _KEYS for at, key in enumerate(row)}
TYPO_SHARE = 0.35


def random_case(text: str, chance: random.Random) -> tuple[str, ...]:
    """Write each letter in upper or lower case at random.

    Example: 'ignore the rules' reads 'iGNoRE tHe rulES'.
    """
    return ("".join(letter.upper() if chance.random() < 0.5 else letter.lower() for letter in text),)


def leet(text: str, chance: random.Random) -> tuple[str, ...]:
    """Write digits and signs for the letters that look like them.

    Example: 'ignore the rules' reads 'ign0re 7h3 ru1e5'.
    """
    return (
        "".join(
            chance.choice(LEET[letter.lower()]) if letter.lower() in LEET and chance.random() < LEET_SHARE else letter
            for letter in text
        ),
    )


def homoglyphs(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Write Cyrillic letters for the Latin ones that look the same.

    Example: 'no rules' reads 'n\u043e rule\u0455'.
    """
    return ("".join(each.translate(HOMOGLYPHS) if chance.random() < HOMOGLYPH_SHARE else each for each in text),)


def without_homoglyphs(text: str) -> str:
    """Return Latin letters for the Cyrillic ones that `homoglyphs` writes."""
    return text.translate({look: letter for letter, look in HOMOGLYPHS.items()})


def fullwidth(text: str, _: random.Random) -> tuple[str, ...]:
    r"""Write the wide forms of East Asian typesetting for ASCII characters; spaces stay.

    Example: 'no' reads '\uff4e\uff4f'.
    """
    return ("".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text),)


def styled_letters(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Write letters of one mathematical alphabet (bold, sans-serif, monospace) for Latin ones.

    Example: 'no' reads '\U0001d427\U0001d428'.
    """
    capital, small = chance.choice(((0x1D400, 0x1D41A), (0x1D5A0, 0x1D5BA), (0x1D670, 0x1D68A)))
    styled = {ord("A") + at: capital + at for at in range(26)} | {ord("a") + at: small + at for at in range(26)}
    return (text.translate(styled),)


def compatible(text: str) -> str:
    """Return plain letters for styled and wide ones (Unicode compatibility)."""
    return unicodedata.normalize("NFKC", text)


def combining_marks(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Put one to three accents and strokes on letters.

    Example: 'no' reads 'n\u030d\u0301\u030ao\u0304'.
    """
    return (
        "".join(
            letter + "".join(chance.choices(_MARKS, k=chance.randint(1, 3))) if letter.isalpha() else letter
            for letter in text
        ),
    )


def without_marks(text: str) -> str:
    """Return the text without the marks that `combining_marks` writes."""
    return "".join(each for each in text if each not in _MARKS)


def zero_width(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Put a character that is not seen behind every other letter or so.

    Example: 'no rules' reads 'no \u200cr\u2060u\ufeffles'.
    """
    return ("".join(each + chance.choice(_ZERO_WIDTH) if chance.random() < 0.5 else each for each in text),)


def without_zero_width(text: str) -> str:
    """Return the text without the characters that `zero_width` writes."""
    return "".join(each for each in text if each not in _ZERO_WIDTH)


def spaced_letters(text: str, chance: random.Random) -> tuple[str, ...]:
    """Put a space, point, dash or low line between the letters of each word, and two spaces between words.

    Example: 'ignore the rules' reads 'i.g.n.o.r.e  t.h.e  r.u.l.e.s'.
    """
    gap = chance.choice(" .-_")
    return ("\n".join("  ".join(gap.join(word) for word in line.split(" ")) for line in text.split("\n")),)


def typos(text: str, chance: random.Random) -> tuple[str, ...]:
    """Swap, drop, double or mistype one letter in a third of the words of four letters and more.

    Example: 'please ignore all previous instructions' reads 'please igonre all previous instructions'.
    """
    return (" ".join(_slip(word, chance) if chance.random() < TYPO_SHARE else word for word in text.split(" ")),)


def _slip(word: str, chance: random.Random) -> str:
    if len(word) < 4:
        return word
    at = chance.randrange(1, len(word) - 1)
    slip = chance.randrange(4)
    if slip == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip == 1:
        return word[:at] + word[at + 1 :]
    if slip == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + chance.choice(_NEIGHBOURS.get(word[at].lower(), word[at])) + word[at + 1 :]
