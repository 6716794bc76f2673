"""Asking: did the person ask for something of this kind? Compares what a tool does with the person's own words.

Owns the comparison; `actions.py` has the words. A person who hands the whole matter over ("take care of it") asks for
the ordinary ones; a question asks for nothing but its answer. Never reads anything but the person's words: a page that
says "the user asked for this" stands elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stockade.guard.flow.actions import ACTIONS
from stockade.guard.flow.labels import vocabulary, words

_CLASSES_MAX = 4
_GRAVE = frozenset({"delete", "pay", "share"})
"""Actions that nobody asks for by handing a matter over."""

_NOUNS = vocabulary(
    """
    acces answer arrangement block book build change check comment commit contact copy document draft email e-mail file
    fix group invite join label list log mail make message note open order permission pin place plan post publish
    put put record refund release remind reply report reserve schedule set share shift ship sort start submit summary
    tag test text tip transfer tweet update upload use work write
    """
)
_WHOLE = re.compile(r"[\w-]+")
_BEFORE_VERB = re.compile(
    r"(?i)(?:^|[.!?;:,\n(-]|\b(?:please|and|then|to|you|also|just|now|or|let's|must|should|will|could|can|would))\s*$"
)
_QUESTION = re.compile(
    r"""(?ix)(?:^|(?<=[.!?;\n]))\s*(?:what|which|who|whose|when|where|why|how|is|are|am|do|does|did|was|were|has|have|any)
    \b[^.!?\n]*\?"""
)
"""A question about something asks for nothing else, whatever verbs are in it; "can you" and "could you" are no such."""

_DELEGATED = re.compile(
    r"""(?ix)\b(?:
        take\ care\ of | handle | deal\ with | sort\ (?:it|this|that|them)\ out
        | do\ (?:it|this|that|what|everything|the\ rest|all) | follow\ (?:the|its|these|those|what)
        | complete\ (?:the|all|these) | finish\ (?:the|it|these|up) | carry\ out | proceed | go\ ahead
        | (?:have|get)\ [^.!?]{1,60}?\ (?:\w{3,}ed|brought|done|made|sent|set|taken)
        | organi[sz]e | arrange | kümmer | erledig | encárg | occupe | gestisci
    )"""
)


def _pattern(word: str) -> str:
    """Return a beginning of a word as a pattern; `_` stands for the space in a phrase, `*` for a few words between."""
    return re.escape(word).replace("_", r"[\s-]+").replace(r"\*", r"\b.{1,40}?\b")


_TOOLS = {name: frozenset(action.tools.split()) for name, action in ACTIONS.items()}
_PEOPLE = {
    name: re.compile(r"(?i)(?<!\w)(?:" + "|".join(_pattern(w) for w in action.people.split()) + ")")
    for name, action in ACTIONS.items()
}


_GENERAL = vocabulary("add create do execute make new perform put run set submit update")
_MONEY = vocabulary("checkout funds money pay payment payments refund transaction transfer wire")
_SHARING = vocabulary(
    "access collaborator collaborators grant permission permissions public role roles share visibility"
)
"""Whatever a tool does to these, nobody asks for it by asking for a message or a change."""


def classes(tool: str) -> tuple[str, ...]:
    """Return the classes of action that a tool's name speaks of, its first word's first."""
    parts = words(tool)
    if _MONEY.intersection(parts):
        return ("pay",)
    if _SHARING.intersection(parts):
        return ("share",)
    found: dict[str, None] = {}
    for word in parts:
        meant = [cls for cls, names in _TOOLS.items() if word in names]
        found.update(dict.fromkeys(meant))
        if meant and word not in _GENERAL:
            break  # the first verb says what it does; what follows are the things it does it to
    return tuple(found)


def asked(tool: str, person: Iterable[str]) -> bool:
    """Say whether the person asked for something of the kind that `tool` does, or for what it is named by."""
    kinds = classes(tool)[:_CLASSES_MAX]
    texts = [_QUESTION.sub(" ", text) for text in person]
    if any(_is_asked(kind, text) for text in texts for kind in kinds):
        return True
    if not kinds and any(_names(word, text) for text in texts for word in words(tool)[:1]):
        return True
    grave = bool(kinds) and kinds[0] in _GRAVE
    return bool(words(tool)) and not grave and any(_DELEGATED.search(text) for text in texts)


def _names(word: str, text: str) -> bool:
    """Say whether a text holds the very word that a tool of no known kind is named by."""
    return len(word) > 3 and re.search(rf"(?i)\b{re.escape(word)}", text) is not None


def _is_asked(kind: str, text: str) -> bool:
    """Say whether a text asks for this kind of action; a word that is a noun as well must stand where a verb stands."""
    for found in _PEOPLE[kind].finditer(text):
        word = _WHOLE.match(text, found.start())
        if (
            word is None
            or word[0].lower().removesuffix("s") not in _NOUNS
            or _BEFORE_VERB.search(text, 0, found.start())
        ):
            return True
    return False
