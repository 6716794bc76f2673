"""Letters that look like ASCII ones, and characters that are not seen.

Owns the two tables of the canonical view. NFKC folds fullwidth, mathematical, circled and superscript letters by
itself, so only letters of other scripts stand here. Source: Unicode confusables.txt (UTS #39, version 16) for single
letters whose prototype is one ASCII letter, in both cases; Default_Ignorable_Code_Point of DerivedCoreProperties.txt.
Read November 2026. Never a list of all confusables: letters that merely resemble each other would fold real words.
"""

from __future__ import annotations

import unicodedata

_CYRILLIC = ("АВЕЅІЈКМНОРСТУХҮҺԌԚԜӀаеѕіјорсухһԁԛԝӏүԍкмтвн", "ABESIJKMHOPCTYXYhGQWIaesijopcyxhdqwlygkmtbh")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαιονρυκχγϲϳ", "ABEZHIKMNOPTYXaiovpukxycj")
_ARMENIAN = ("ՍՕԼոսցհօզ", "UOLnughoq")
_CHEROKEE = ("ᎠᎡᎢᎪᎫᎬᎳᎷᎻᎽᏀᏃᏆᏒᏔᏕᏙᏚᏞᏟᏢᏦᏴ", "DRTAJEWMHYGZISWSVSLCPKB")
_LATIN = ("ıɑɡɩʏƖǃⲞⲟߊ", "iagiYl!Oo!")
_PUNCTUATION = (
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u2018\u2019\u201a\u201b\u2032\u201c\u201d\u201e\u201f\u2033\u2044\u2215\u29f8\u0589\u05c3\ua789\u2236\u2024\u2027",
    "--------'''''\"\"\"\"\"///::::..",
)

CONFUSABLES: dict[str, str] = {
    look: ascii_letter
    for looks, letters in (_CYRILLIC, _GREEK, _ARMENIAN, _CHEROKEE, _LATIN, _PUNCTUATION)
    for look, ascii_letter in zip(looks, letters, strict=True)
}

_VISIBLE_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_IGNORED = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
_LAID_OVER = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
"""Blocks of marks that belong to no script of their own: strokes, lines and dots over and under any letter."""


def is_invisible(character: str) -> bool:
    """Say whether a character takes no place of its own: controls, selectors, tags, fillers, marks on letters."""
    if character in _IGNORED:
        return True
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF:
        return True
    if 0x80 <= code <= 0x9F:
        return code != 0x85  # a line end
    if any(low <= code <= high for low, high in _LAID_OVER):
        return True
    return unicodedata.category(character) == "Cf" and character not in _VISIBLE_FORMATS
