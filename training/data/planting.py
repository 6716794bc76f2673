"""Owns planting: an attack, or an innocent twin, put into a carrier, with the place where it stands.

A carrier is a grammar rule with the mark `plant`; its first word says how a text is written there, so that the whole
stays well formed: JSON strings are escaped, CSV quotes doubled, lines kept single, HTML escaped.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable
from typing import NamedTuple

from training.data.grammar import Grammar

MARK = "\ue000"  # of the private use area; no grammar and no attack holds it

SEAMS = re.compile(r"\n\n|\n|(?<=[.!?]) (?=[A-Z\"(`])")


class Planted(NamedTuple):
    """A text and the place of what was planted in it. Units: code points."""

    text: str
    start: int
    end: int


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _html(text: str) -> str:
    """Write text for HTML; markup that an attack brings along stays markup half of the time, chosen by its length."""
    return html.escape(text, quote=True) if len(text) % 2 else text.replace('"', "&quot;").replace("--", "- -")


ESCAPES: dict[str, Callable[[str], str]] = {
    "html": _html,
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "tool": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "csv": lambda text: _one_line(text).replace('"', '""'),
    "line": _one_line,
    "text": str,
}
CHANNELS = {"tool": ("tool_definition",), "text": ("tool_result", "document")}


def plant(carrier: str, what: str, grammar: Grammar, rng: random.Random) -> Planted:
    """Put a text into a new text of the rule `CARRIER_carrier`."""
    host = grammar.text(f"{carrier}_carrier", rng, plant=MARK)
    assert host.count(MARK) == 1, carrier
    before, _, after = host.partition(MARK)
    written = ESCAPES[carrier](what)
    return Planted(before + written + after, len(before), len(before) + len(written))


def insert(host: str, what: str, rng: random.Random) -> Planted:
    """Put a text between two lines, paragraphs or sentences of another, or at one of its ends."""
    seams = [match.span() for match in SEAMS.finditer(host)]
    start, end = rng.choice([(0, 0), (len(host), len(host)), *seams, *seams])
    joint = host[start:end] or rng.choice(("\n\n", "\n", " "))
    before = host[:start] + (joint if start else "")
    after = (joint if end < len(host) else "") + host[end:]
    return Planted(before + what + after, len(before), len(before) + len(what))
