"""Words: passwords that people chose, which no measure of disorder tells from names and labels.

Owns what is a credential for where it stands: in capitals before `=`, in quotes, behind a flag. Never used for values
that a machine made. The bounds were set on the files that docs/detection.md names.
"""

from __future__ import annotations

import re

from stockade.guard.detectors.patterns import Seen
from stockade.guard.detectors.secrets_credentials.values import (
    CODE,
    NO_SECRET_NEAR,
    UUID,
    VARIABLE,
    entropy,
    is_assigned,
    is_dummy,
)

PLACE = re.compile(
    r"(?P<flag>--)?(?P<name>[\w.-]*)[\"'`\]]{0,2}[ \t]*(?P<sign>=>|:=|=|:| )(?P<gap>[ \t]*)[brf]?[\"'`]?$"
)
METADATA = re.compile(
    r"(?i)[_.-]?(?:name|names|file|path|dir|url|uri|type|kind|field|header|id|ids|length|len|min|max|size|policy|prefix|suffix"
    r"|regex|pattern|label|hint|prompt|text|message|error|param|mode|algorithm|alg|endpoint|expir\w*|age|ttl|timeout|count"
    r"|var|env|ref|arn|store|manager|class|provider|generator|encoder|hash(?:er|es)?|input|form|strength|rules?|scope"
    r"|validator|reset|source|lifetime|style|format|version|status|state)$"
)
LABEL = re.compile(
    r"(?i)pass|secret|token|credential|key|auth|login|user|field|input|hidden|required|optional|string|true|false|default"
    r"|none|test|valid|prompt|enable|disable|inherit|encrypt|certificate|plain|bearer|invalid|missing|config|sensitive"
)
LINE_ENDS = frozenset({"", "\n", "\r"})
OBJECTS = ("self.", "this.", "cls.", "args.", "options.", "opts.", "os.", "process.")
SPECIAL = frozenset("!@#$%^&*?+~")
PHRASE = re.compile(r"[a-z]{16,64}|[a-z]{3,12}(?:[-_.][a-z]{3,12}){3,8}")
NUMBERED = re.compile(r"[A-Za-z]{4,}[0-9]{1,4}[!.?]?")
CAMEL = re.compile(r"[a-z]?[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*")
PLAIN = re.compile(r"[A-Za-z0-9_.-]+")


def is_chosen(seen: Seen) -> bool:
    """Say whether a value assigned to a name of passwords or secrets is one, words included."""
    if is_assigned(seen):
        return True
    place = PLACE.search(seen.before)
    if place is None or METADATA.search(place["name"]) or not _may_be(seen) or NO_SECRET_NEAR.search(seen.before):
        return False
    quoted = seen.before[-1:] in {'"', "'", "`"}
    shell = _is_shell(place)
    if not quoted and (seen.after[:1] in {"(", "[", "."} or (not shell and seen.after[:1] in {",", ")", ";"})):
        return False
    return _is_word(seen, place, literal=quoted or place["flag"] is not None, shell=shell)


def _is_word(seen: Seen, place: re.Match[str], *, literal: bool, shell: bool) -> bool:
    value = seen.value
    if not SPECIAL.isdisjoint(value):
        return literal or shell
    if shell and PLAIN.fullmatch(value):
        return True
    if NUMBERED.fullmatch(value):
        return literal or place["sign"] == ":"
    if PHRASE.fullmatch(value):
        return entropy(value) >= 3
    tight = place["sign"] == "=" and not place["gap"]
    alone = literal or seen.after[:1] in LINE_ENDS or (tight and seen.after[:1] == " ")
    mixed = not value.islower() and not value.isupper() and not CAMEL.fullmatch(value)
    return alone and mixed and len(value) >= 12 and entropy(value) >= 3.3


def _is_shell(place: re.Match[str]) -> bool:
    """Say whether this is NAME=value of a shell or .env file, or a.b=value of properties: a literal, never code."""
    tight = place["sign"] == "=" and not place["gap"]
    return tight and (place["name"].isupper() or ("." in place["name"] and not place["name"].startswith(OBJECTS)))


def is_given(seen: Seen) -> bool:
    """Say whether a value in a place for secrets is one: anything but a dummy, a variable, a label or code."""
    return _may_be(seen) and seen.after[:1] not in {"(", "["}


def is_told(seen: Seen) -> bool:
    """Say whether a value behind "the password is" is one: digits or signs in it, for prose goes on in words."""
    sentence = seen._replace(after="") if seen.after[:1] in {".", "?"} else seen
    return is_assigned(sentence) or (_may_be(seen) and not SPECIAL.isdisjoint(seen.value[:-1]))


def _may_be(seen: Seen) -> bool:
    value = seen.value
    if is_dummy(value) or VARIABLE.search(value) or UUID.search(value) or len(set(value)) < 4 or value.isdigit():
        return False
    words = SPECIAL.isdisjoint(value)
    if words and (LABEL.search(value) or value.isupper()):
        return False
    return not CODE.search(value) or PHRASE.fullmatch(value) is not None
