"""Names of what is held: the same for the same call on every retry, another for anything else.

Owns what makes two calls the same: their tool, their arguments to the last character, who asks in which session, and
the rules that hold them. Spaces between JSON tokens and the order of keys do not count; numbers count as they are
written, and of a key that stands twice both values do. Names are keyed digests: none tells what it names.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Sequence
from typing import Any


class Name:
    """Names things of one caller in one session under the tenant's key."""

    __slots__ = ("_key", "_place")

    def __init__(self, key: bytes, tenant: str, principal: str, session: str) -> None:
        """Take the tenant's evidence key and whose things are named."""
        self._key = key
        self._place = (tenant, principal, session)

    def held(self, kind: str, rules: Sequence[str], parts: Iterable[str]) -> str:
        """Return the id under which exactly this waits for a yes."""
        return "hold-" + self._digest("held", kind, rules, parts)[:16]

    def value(self, kind: str, rules: Sequence[str], parts: Iterable[str]) -> str:
        """Return the name of decisive values."""
        return self._digest("value", kind, rules, parts)[:32]

    def _digest(self, what: str, kind: str, rules: Sequence[str], parts: Iterable[str]) -> str:
        # JSON tells where each part ends, whatever stands in it.
        text = json.dumps([what, *self._place, kind, list(rules), list(parts)])
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def canonical(raw: str) -> str:
    """Return the JSON text of arguments in its one form; what is no JSON as it is."""
    try:
        node = json.loads(raw, object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
        return "json:" + _written(node)
    except (ValueError, RecursionError):
        return "text:" + raw


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """An object with every one of its keys."""

    __slots__ = ()


def _written(node: Any) -> str:
    if isinstance(node, _Number):
        return str(node)
    if isinstance(node, _Pairs):
        pairs = sorted(node, key=lambda pair: pair[0])  # stable: of a key that stands twice the order counts
        return "{" + ",".join(f"{json.dumps(key)}:{_written(value)}" for key, value in pairs) + "}"
    if isinstance(node, list):
        return "[" + ",".join(_written(value) for value in node) + "]"
    return json.dumps(node)
