"""Comparing: whether a text names a value, however it is cased and spaced, and never as a part of a longer one.

Owns what counts as the same. A value that is spelled otherwise (encoded, split, "at" for "@") is not the same: whoever
asks takes that for no ground.
"""

from __future__ import annotations

import re
import unicodedata

from stockade.guard.flow.labels import vocabulary
from stockade.guard.flow.values import HOST, Sort

_PART = r"[\w.@+%/-]"
_WITH_NAME = re.compile(r"[^<>@]{0,80}<[^<>\s]+>")
NUMBER = re.compile(r"[$€£]?[0-9][0-9.,]*(?<![.,])")
WORD = re.compile(r"[^\W\d_]{3,}")
COMMON = vocabulary(
    """
    about after again all and any are because been before best but can could did does done each email for from
    get give had has have her here him his how into its just last latest let list mail make message more most
    new not note now off one only our out please read reply same see send she should some subject tell than that
    the their them then there these they this those through today tomorrow two was were what when where which
    who will with would write you your
    """
)


def fold(text: str) -> str:
    """Return a text for comparison: compatible forms and cases are one, white space is one space."""
    return " ".join(alike(text).split())


def alike(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def named(sort: Sort, text: str, said: str) -> bool:
    """Say whether `said` names the value: whole, of a path its last part, or of an address without query its host."""
    bare = text.strip("#@\"'` ").rstrip("/")
    if not bare:
        return False
    if sort is Sort.AMOUNT:
        return any(number(found[0]) == number(bare) for found in NUMBER.finditer(said))
    if contains(said, bare):
        return True
    if HOST.fullmatch(bare):  # "example.com" where "www.example.com" was named
        return any(found[0].endswith("." + bare) for found in HOST.finditer(said))
    if sort is Sort.PATH:
        name = bare.rpartition("/")[2]
        stem = name.rpartition(".")[0] or name
        return contains(said, name) or f"/{name}" in said or (len(stem) > 3 and contains(said, stem))
    if sort is Sort.URL:
        address, _, query = bare.partition("?")
        host = address.partition("://")[2].partition("/")[0].removeprefix("www.")
        return not query and bool(host) and (contains(said, host) or contains(said, address.partition("://")[2]))
    if sort is Sort.ADDRESS and re.search(r"[0-9]{6}", bare):
        return re.sub(r"[ -]", "", bare) in re.sub(r"[ -]", "", said)
    return False


def number(text: str) -> float:
    """Return the number that is written, whichever sign stands before its decimals; thousands apart.

    >>> number("1.234,50") == number("1,234.5") == 1234.5
    True
    """
    digits = re.sub(r"[^0-9.,]", "", text)
    whole, sign, rest = digits.rpartition(max(".", ",", key=digits.rfind))
    if sign and len(rest) != 3:
        return float(f"{re.sub('[.,]', '', whole) or 0}.{re.sub('[.,]', '', rest) or 0}")
    return float(re.sub("[.,]", "", digits) or 0)


def named_in_part(text: str, said: str) -> bool:
    """Say whether a name without an address in it shares a word with what was said: "bob" for "Bob Smith"."""
    if "@" in text or re.search(r"[0-9]{4}|://", text):
        return False
    return any(contains(said, word) for word in WORD.findall(text))


def contains(said: str, text: str) -> bool:
    """Say whether `text` stands in `said` as a whole token."""
    start = said.find(text)
    while start >= 0:
        before, after = said[start - 1 : start], said[start + len(text) : start + len(text) + 2]
        if not re.fullmatch(_PART, before or " ") and not re.match(rf"[\w@]|{_PART}\w", after):
            return True
        start = said.find(text, start + 1)
    return False


def same(value: str, text: str, sort: Sort) -> bool:
    folded = fold(value)
    if sort is Sort.AMOUNT:
        written = NUMBER.findall(folded)
        return len(written) == 1 and len(folded) < 32 and number(written[0]) == number(text)
    if folded == text or folded.strip("#@") == text.strip("#@"):
        return True
    if sort is Sort.ADDRESS:
        listed = [part.strip() for part in re.split(r"[,;]", folded)]
        return text in listed or any(_WITH_NAME.fullmatch(part) and part.endswith(f"<{text}>") for part in listed)
    return sort is Sort.PATH and (folded.endswith("/" + text) or text.endswith("/" + folded))


def is_id(key: str) -> bool:
    return key.lower().rstrip("_").endswith(("id", "uuid", "sha", "number", "ref"))
