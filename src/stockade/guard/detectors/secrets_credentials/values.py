"""Values: what tells a credential from a dummy, a name, a digest or a piece of code. Pure checks for the patterns.

Never looks beyond the value and the 128 characters around it. The bounds were set on the sources and documents of some
3,000 files of installed packages (November 2026); docs of this detector's card say what they cost.
"""

from __future__ import annotations

import json
import math
from binascii import Error, a2b_base64
from collections import Counter

import re2

from stockade.guard.detectors.patterns import Seen

MADE_UP = re2.compile(
    r"(?i)x{5}|\*{3}|\.{3}|0{8}|example|sample|dummy|change[-_]?me|replace[-_]?(?:me|with)|your[-_]|placeholder"
    r"|redacted|removed|secret[-_]?here|<[a-z]|\$\{|\$\(|\{\{|%\(|insert[-_]|not[-_]?a[-_]?real|abcdefghij|123456789"
    r"|my[-_](?:secret|password|token|key|api)|foo[-_]?bar|lorem|undefined|\bnull\b|\bnone\b"
)
"""Marks of an example in a value that a machine made: of a million random keys none holds such a word by chance."""
DUMMY = re2.compile(
    r"(?i)^(?:[^a-z0-9]*(?:example|sample|dummy|change|replace|me|this|with|your|yours|my|our|the|a|an|some|any|placeholder"
    r"|redacted|removed|secret|secrets|here|in|password|passwd|passphrase|pass|pwd|word|token|api|key|access|client|db|database"
    r"|auth|user|username|root|host|hostname|postgres|mysql|mongo|redis|name|value|string|text|insert|enter|put|not|real"
    r"|foo|bar|baz|qux|lorem|ipsum|undefined|null|none|nil|todo|fake|test|testing|demo|default|strong|very|super|long|random"
    r"|private|public|app|service|server|local|dev|prod|x+|y+|z+|\*+|\.+|abc\w{0,23}|0*1?2?3?4?5?6?7?8?9?0?)[^a-z0-9]*)+$"
)
"""A whole password that is made of the words and patterns of examples. A password that only holds one is real."""
PUBLISHED = re2.compile(r"^[A-Za-z0-9+/]{9,}EXAMPLE(?:KEY)?$")
"""Keys that AWS prints in its documentation."""
VARIABLE = re2.compile(
    r"^[$%<{*\[]|\$\{|\$\(|\{\{|\*{3}|\.{3}|<[a-z]|%[({sd]|^\W+$|^(?:[A-Z]+_)*[A-Z]+_?[0-9]*$|REDACTED:|^x{4}|^#"
)
CODE = re2.compile(
    r"^(?:[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+|[$@&%][A-Za-z_{(].*|[A-Za-z_$][\w$.]*[\(\[].*|[a-z]+(?:_[a-z]+)+"
    r"|[A-Z]+(?:_[A-Z0-9]+)*|[a-z]+(?:-[a-z]+)+|(?:self|this|process|os|env|config|settings|request|ctx|args|opts?)[.\[].*"
    r"|https?://.*|[a-z]+(?:/[a-z0-9.-]{1,20})+|\.{0,2}/[\w./-]*|[\w.-]+\.(?:py|js|ts|json|md|ya?ml|txt|html|css|go|rs|java|xml|toml|cfg|com|org|io))$"
)
RUNS = re2.compile(r"(?i)x{4,}|0{4,}|abcdefgh[a-z]*|[0-9]*12345678[0-9]*|qwertyuiop|(?:[-_]?changeme[-_]?)+")
UUID = re2.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
WORDS = re2.compile(r"^[A-Za-z]?[a-z]+(?:[A-Z][a-z]+)*[0-9]{0,2}$|^[A-Za-z][a-z]*(?:[ _./:-][A-Za-z]?[a-z]*)+$|OAuth2")
NO_SECRET_NEAR = re2.compile(
    r"(?i)(?:sha-?\d{1,3}|md5|integrity|checksum|digest|hash|etag|commit|revision|nonce"
    r"|(?:next|page|continuation|pagination|cursor|sync|starting)[_-]?token|::\w{1,64})[\"']?\W{0,4}$"
)
BASE64URL = str.maketrans("-_", "+/")


def entropy(value: str) -> float:
    """Return Shannon's entropy of the characters, in bits a character."""
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values()) if size else 0.0


def not_dummy(seen: Seen) -> bool:
    """Say whether a value of a distinctive format may be real: no word of examples in it, and some variety."""
    return len(set(seen.value)) >= min(7, len(seen.value) // 2) and MADE_UP.search(seen.value) is None


def is_mixed(seen: Seen) -> bool:
    """Say whether a value without a distinctive prefix looks made by a machine: digits and letters, high entropy."""
    value = seen.value
    return (
        not_dummy(seen)
        and any(character.isdigit() for character in value)
        and any(character.isalpha() for character in value)
        and entropy(value) >= min(3.0, 0.75 * math.log2(len(value)))
    )


def is_assigned(seen: Seen) -> bool:
    """Say whether the value of an assignment to a telling name is a credential and not code, a name or a dummy."""
    value = seen.value
    if is_dummy(value) or VARIABLE.search(value) is not None:
        return False
    if CODE.search(value) is not None or UUID.search(value) is not None:
        return False
    if WORDS.search(value) is not None or NO_SECRET_NEAR.search(seen.before) is not None or value.isdigit():
        return False
    quoted = seen.before[-1:] in "\"'`" and seen.before[-1:] != ""
    if seen.after[:1] in ("(", "[") or (not quoted and seen.after[:1] in ("'", '"', "`", ".")):
        return False
    digits = sum(character.isdigit() for character in value)
    letters = sum(character.isalpha() for character in value)
    if not digits or letters < 2 or len(value) - digits - letters > len(value) // 2:
        return False
    return entropy(value) >= min(2.8, 0.65 * math.log2(len(value)))


def is_dummy(value: str) -> bool:
    """Say whether a password is an example as a whole, or mostly one: `xxxxx`, zeros, rows of the alphabet."""
    if DUMMY.search(value) is not None or PUBLISHED.search(value) is not None:
        return True
    made_up = RUNS.search(value)
    return made_up is not None and 2 * len(made_up.group()) >= len(value)


def is_password(seen: Seen) -> bool:
    """Say whether the password of a URL or a connection string is one: anything but a dummy or a variable."""
    value = seen.value
    if "REDACTED:" in seen.before[-12:] or VARIABLE.search(value) is not None or is_dummy(value):
        return False
    return len(set(value)) >= 4


def is_jwt(seen: Seen) -> bool:
    """Say whether the first part decodes to a JSON object that names an algorithm or a type (RFC 7519 section 5)."""
    header = seen.value.split(".", 1)[0].translate(BASE64URL)
    try:
        decoded = json.loads(a2b_base64(header + "=" * (-len(header) % 4)))
    except (Error, ValueError):
        return False
    return isinstance(decoded, dict) and ("alg" in decoded or "typ" in decoded)


def is_basic(seen: Seen) -> bool:
    """Say whether the value decodes to `user:password` (RFC 7617 section 2)."""
    try:
        decoded = a2b_base64(seen.value + "=" * (-len(seen.value) % 4)).decode("utf-8")
    except (Error, ValueError):
        return False
    return ":" in decoded and decoded.isprintable() and not_dummy(seen)
