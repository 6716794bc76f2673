"""Marks: what a text must bear for its encodings to be worth opening, as expressions that a scanner can look for.

Owns the expressions, in the syntax that Hyperscan and Python share. A text without a mark has no views, with these
exceptions: escapes of line ends and tabs that only separate what is separate anyway, and hex of less than ten ASCII
characters in a row. Identifiers, digests and model names bear none, so that ordinary requests are not read twice.
"""

from __future__ import annotations

from stockade.core.views.canonical import CONTROL
from stockade.core.views.encodings import BASE64_TEXT, UNTRIED_CHARS_MAX, UTF_16_TEXT

_HEX_ASCII = r"(?:[2-7][0-9A-Fa-f]|0[9aAdD])"

MARKS = (
    BASE64_TEXT,
    UTF_16_TEXT,
    CONTROL,
    rf"[A-Za-z0-9+/_-]{{{UNTRIED_CHARS_MAX + 1}}}",  # long base64 and hex, whatever they hold
    rf"{_HEX_ASCII}{{10}}",
    rf"(?:{_HEX_ASCII}00){{6}}",
    rf"(?:{_HEX_ASCII}[ :-]){{7}}",
    r"0[xX][0-9A-Fa-f]{2}[,; \t\r\n]{1,8}0[xX][0-9A-Fa-f]{2}",
    r"%[0-9A-Fa-f]{2}",
    r"\\(?:u[0-9A-Fa-f{]|x[0-9A-Fa-f]|U[0-9A-Fa-f])",
    r"\\[\"'\\/`]",
    r"\\[bfnrt][A-Za-z0-9_+/-]",
    r"&(?:#[0-9xX]|[A-Za-z][A-Za-z0-9]{1,31};)",
)
