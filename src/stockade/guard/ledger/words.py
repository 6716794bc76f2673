"""Words and times as a record may hold them: bounded, plain, and by digest where a word could be somebody's secret."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from stockade.core.digests import evidence_digest

WORD_CHARS_MAX = 96
"""Longest id of ours (detector, rule, tenant) that is written out; a longer one is cut."""


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}(?:(?:[-._:/]{1,2}|@(?=[0-9]))[A-Za-z0-9]{1,16}){0,12}")
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;()/=+-]{1,160}")
_LONG_RUN = re.compile(r"[A-Za-z0-9_+/=-]{33}")
_NAME_CHARS_MAX = 80
_NAME_DIGITS_MAX = 14


def word(text: str, key: bytes = b"", *, known: bool = True) -> str:
    """Return a client's or vendor's word if it is known and can be nothing but a name, else `digest:<hex>`.

    A model id is short runs of letters and digits between separators. Credentials have long runs, card and account
    numbers more digits, addresses an at sign before letters: all of these are named by their digest.
    """
    if known and len(text) <= _NAME_CHARS_MAX and _is_name(text):
        return text
    return "digest:" + evidence_digest(key, "word", text)


@lru_cache(maxsize=256)
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and sum(map(str.isdigit, text)) <= _NAME_DIGITS_MAX


@lru_cache(maxsize=1024)
def own(text: str) -> str:
    """Bound a word of ours."""
    if not (text.isascii() and text.isprintable()):
        text = text.encode("ascii", "backslashreplace").decode()
    return text if len(text) <= WORD_CHARS_MAX else text[:WORD_CHARS_MAX]


def reason(text: str, key: bytes) -> str:
    """Keep a plain short sentence; anything else might be somebody's text."""
    plain = _PLAIN.fullmatch(text) and not _LONG_RUN.search(text)
    return text if plain else "digest:" + evidence_digest(key, "word", text)


def timestamp(at_ms: int) -> str:
    """Return RFC 3339 in UTC with milliseconds."""
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
