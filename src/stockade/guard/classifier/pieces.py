"""Cuts text into the word pieces that the encoder was trained on (BERT, uncased). Owns the vocabulary and the rules.

Our own because the library that does it brings a client of a model hub and its HTTP stack into the gate
(docs/decisions/0028). The encoder was trained on the pieces that are cut here.

Source: J. Devlin et al., BERT, 2019; Y. Wu et al., Google's Neural Machine Translation System, 2016, section 4.1.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

WORD_CHARS_MAX = 100
PAD, UNKNOWN, FIRST, LAST = "[PAD]", "[UNK]", "[CLS]", "[SEP]"

_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class Pieces:
    """A vocabulary, one piece a line, the line being its id. Safe over threads."""

    def __init__(self, vocabulary: bytes) -> None:
        names = vocabulary.decode("utf-8").splitlines()
        self._ids: Mapping[str, int] = {name: place for place, name in enumerate(names)}
        self.first, self.last, self._unknown = (self._ids[name] for name in (FIRST, LAST, UNKNOWN))

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text's pieces, without a mark of its start or end. Any text has ids, or none."""
        found: list[int] = []
        for word in words(text):
            found += self._word(word)
        return found

    def _word(self, word: str) -> list[int]:
        """Take the longest known piece again and again; a word with an unknown rest is unknown whole."""
        whole = self._ids.get(word)
        if whole is not None:
            return [whole]
        if len(word) > WORD_CHARS_MAX:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            end = len(word)
            while end > start and mark + word[start:end] not in self._ids:
                end -= 1
            if end == start:
                return [self._unknown]
            found.append(self._ids[mark + word[start:end]])
            start = end
        return found


def words(text: str) -> Iterator[str]:
    """Give the words of a text in lower case without accents; each mark and each ideograph is a word of its own."""
    if not text.isascii():
        clean = "".join(map(_clean, text))
        text = "".join(c for c in unicodedata.normalize("NFD", clean) if unicodedata.category(c) != "Mn").lower()
        return iter("".join(map(_apart, text)).split())
    return iter(text.lower().translate(_ASCII).split())


@lru_cache(maxsize=4096)
def _clean(char: str) -> str:
    """Drop controls, turn any white space to a space and set ideographs apart."""
    if char in "\t\n\r":
        return " "
    category = unicodedata.category(char)
    if category[0] == "C" or char == "\ufffd":
        return ""
    if category == "Zs":
        return " "
    code = ord(char)
    return f" {char} " if any(low <= code <= high for low, high in _IDEOGRAPHS) else char


@lru_cache(maxsize=4096)
def _apart(char: str) -> str:
    """Set a mark apart: what Unicode calls punctuation, and in ASCII all that is no letter, digit or space."""
    ascii_mark = char.isascii() and char.isprintable() and not char.isalnum() and char != " "
    return f" {char} " if ascii_mark or unicodedata.category(char)[0] == "P" else char


_ASCII = {code: "".join(map(_apart, _clean(chr(code)))) for code in range(128)}
"""What becomes of each ASCII character, as a table: most text has no others."""
