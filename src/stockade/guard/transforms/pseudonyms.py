"""Stand-ins: what is sent to the vendor in place of a value, and how one is recognised when it comes back.

Owns the two forms of a stand-in. Never holds a value, and never decides which value gets one.
A token: label, `_`, 16 characters (`AWS_ACCESS_KEY_ID_k3va2xm4q7w5t7p2`). An e-mail address stays one, under a name
that nobody can own. Both hold only characters that JSON, URLs and shells leave as they are.
Source: RFC 4648 section 6 (base32), RFC 2606 section 3 (`.example`), RFC 2104 (HMAC); docs/decisions 0011 and 0012.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterator
from hmac import digest
from typing import NamedTuple

LABEL_CHARS_MAX = 41
"""Longest label; the shortest has 2 characters. `guard/detectors/placeholders.py` knows the same bound."""

TAIL_CHARS = 16
"""80 bits: the chance that any two of a million values of one tenant meet is below 1 in 10**12 (birthday bound)."""

STAND_IN_CHARS_MAX = LABEL_CHARS_MAX + 1 + TAIL_CHARS

EMAIL_LABELS = frozenset({"EMAIL", "EMAIL_ADDRESS"})

_EMAIL_START, _EMAIL_END = "email-", "@pseudonym.example"
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{1,40}")
_EMAIL = re.compile(_EMAIL_START + r"[a-z2-7]{16}" + re.escape(_EMAIL_END))
_TAIL = re.compile(r"_(?=[a-z2-7]{16})")
_LABEL_BEFORE = re.compile(r"[A-Z][A-Z0-9_]+\Z")
# What can still become a token: part of a label, or a label with the beginning of its tail.
_TOKEN_BEGUN = re.compile(r"[A-Z][A-Z0-9_]*(?:_[a-z2-7]{1,15})?\Z")
_EMAIL_BEGUN = re.compile(_EMAIL_START + r"(?:[a-z2-7]{0,15}|[a-z2-7]{16}(?P<end>[@a-z.]*))\Z")


class Found(NamedTuple):
    """Code points [start, end) of a text have the form of a stand-in."""

    start: int
    end: int
    stand_in: str


class Pseudonymiser:
    """Names values of one tenant. The key lives as long as the tenant's map and never leaves this object."""

    __slots__ = ("_key",)

    def __init__(self, tenant_key: bytes) -> None:
        """Keep the key, at least 16 bytes."""
        assert len(tenant_key) >= 16, "a tenant's key is too short to keep values apart from guesses"
        self._key = tenant_key

    def stand_in(self, label: str, value: str) -> str:
        """Return the one stand-in of this value under this label.

        Contract: `value` is the text exactly as it stood (not folded, not normalised), so that the way back is exact.
        """
        assert _LABEL.fullmatch(label), "a label is upper case letters, digits and underscores"
        mac = digest(self._key, label.encode() + b"\0" + value.encode("utf-8", "surrogatepass"), "sha256")
        tail = b32encode(mac[: TAIL_CHARS * 5 // 8]).decode().lower()
        if label in EMAIL_LABELS:
            return _EMAIL_START + tail + _EMAIL_END
        return f"{label}_{tail}"


def find(text: str) -> list[Found]:
    """Return everything that has the form of a stand-in, by its start, each token with the longest label it can have.

    Contract: two results may overlap where text runs straight into a stand-in; at most one of them is real.
    """
    if "_" not in text and _EMAIL_START not in text:
        return []  # nearly all text, and a stream asks this of each word
    found = [Found(*match.span(), match.group()) for match in _EMAIL.finditer(text)]
    for tail in _TAIL.finditer(text):
        end = tail.end() + TAIL_CHARS
        # The longest label may begin inside a run of capitals: step to the first letter within reach.
        reach = max(0, tail.start() - LABEL_CHARS_MAX)
        label = _label_before(text[reach : tail.start()])
        if label:
            start = tail.start() - len(label)
            found.append(Found(start, end, text[start:end]))
    found.sort()
    return found


def readings(found: Found) -> Iterator[Found]:
    """Yield `found` and then each shorter label it may have, longest first.

    Text that runs straight into a stand-in (`KEY_` before `AWS_...`) looks like a part of its label; whoever has the
    map tells them apart. This is also the list of what to ask a store for.
    """
    yield found
    if found.stand_in.endswith(_EMAIL_END):
        return
    label_chars = len(found.stand_in) - TAIL_CHARS - 1
    for skipped in range(1, label_chars - 1):
        if "A" <= found.stand_in[skipped] <= "Z":
            yield Found(found.start + skipped, found.end, found.stand_in[skipped:])


def held_from(text: str) -> int:
    """Return where the end of `text` begins that could still become a stand-in; its length when nothing could.

    Contract: everything before that point reads the same whatever follows, so a stream may let it go; no stand-in lies
    across it. Units: a few times `STAND_IN_CHARS_MAX` code points at most, one or two in ordinary prose.
    """
    reach = max(0, len(text) - STAND_IN_CHARS_MAX + 1)
    end = text[reach:]
    point = len(text)
    if token := _TOKEN_BEGUN.search(end):
        point = reach + token.start()
    for size in range(1, len(_EMAIL_START)):
        if end.endswith(_EMAIL_START[:size]):
            point = min(point, len(text) - size)
    email = _EMAIL_BEGUN.search(end)
    if email and (email["end"] is None or (_EMAIL_END.startswith(email["end"]) and email["end"] != _EMAIL_END)):
        point = min(point, reach + email.start())
    if point == len(text):
        return point
    # The last letter of one stand-in may begin another (both forms can end in `e`): then the first waits as well.
    reach = max(0, point - 4 * STAND_IN_CHARS_MAX)
    for found in reversed(find(text[reach:])):
        if reach + found.start < point < reach + found.end:
            point = reach + found.start
    return point


def _label_before(text: str) -> str:
    """Return the longest label that ends where `text` ends, or nothing."""
    match = _LABEL_BEFORE.search(text)
    return match.group() if match else ""
