"""Judging: what is wrong with one address where it stands. Owns the rules of addresses and their thresholds.

The thresholds were set on some 30,000 addresses of documentation, code and web pages (docs/detection.md says which and
what they cost); they are in characters that somebody else would get.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from stockade.guard.detectors.exfiltration_links.carriers import Carrier, carrier
from stockade.guard.detectors.exfiltration_links.loads import Load, load_of
from stockade.guard.detectors.exfiltration_links.urls import Url, is_listed, read_url, unquoted
from stockade.guard.detectors.patterns import Seen

IMAGE_DATA = "image_data"
LINK_DATA = "link_data"
LINK_TEXT = "link_text"
PLAIN_DATA = "plain_data"
HOST_DATA = "host_data"
RENDERED_STAND_IN = "rendered_stand_in"
PLAIN_STAND_IN = "plain_stand_in"
SCRIPT_LINK = "script_link"
ACTIVE_DATA_URL = "active_data_url"
HOST_NOT_LISTED = "host_not_listed"

ENCODED_MIN = {Carrier.IMAGE: 12, Carrier.FETCHED: 16, Carrier.LINK: 20, Carrier.PLAIN: 20}
TEXT_MIN = {Carrier.IMAGE: 32, Carrier.FETCHED: 200, Carrier.LINK: 200}
OPAQUE_MIN = {Carrier.IMAGE: 96, Carrier.FETCHED: 160, Carrier.LINK: 160, Carrier.PLAIN: 240}
HOST_MIN = 10

Judge = Callable[[str, str, str], str]
"""From what stands before an address, the address, and what stands after it, to the rule it falls under."""

KEPT, KEPT_CHARS_MAX = 2048, 2048
"""Judgements kept, and the longest address of one; together they hold less than 10 MB."""

_STAND_IN = re.compile(
    r"(?<![A-Z0-9])[A-Z][A-Z0-9_]{1,40}_[a-z2-7]{16}(?![a-z2-7])|email-[a-z2-7]{16}@pseudonym\.example"
)
_SCRIPT = re.compile(r"(?i)(?:java|vb|live)script:")
_HARMLESS_SCRIPT = re.compile(
    r"(?i)\s*(?:void\s*\(?\s*0?\s*\)?|//.*|#|;|undefined|(?:window\.)?(?:history\.\w+|print|close)\([^()]{0,4}\)|return\b.{0,6})?;?\s*"
)
_REACHING_SCRIPT = re.compile(
    r"(?i)cookie|fetch|XMLHttp|location|Storage|sendBeacon|import|eval|atob|Image|\.src|open\(|WebSocket"
)
_DATA = re.compile(r"(?i)data:(?P<type>[\w.+/-]*)")
_ACTIVE = frozenset(
    {"text/html", "application/xhtml+xml", "text/javascript", "application/javascript", "text/xml", "application/xml"}
)
_ACTIVE_LINK = _ACTIVE | {"image/svg+xml"}


def judge_of(hosts: tuple[str, ...]) -> Judge:
    """Return the function that gives the rule which (before, address, after) falls under, or "" for none.

    `hosts` are the listed names; empty: addresses are judged by what they carry alone. The last judgements are kept,
    because each rule's pattern asks anew.
    """

    def judge(before: str, value: str, after: str) -> str:
        return _judged(carrier(before, after), value, hosts)

    kept = lru_cache(maxsize=KEPT)(judge)
    return lambda before, value, after: (kept if len(value) <= KEPT_CHARS_MAX else judge)(before, value, after)


def rule_is(rule: str, judge: Judge) -> Callable[[Seen], bool]:
    """Return the validator of one rule."""
    return lambda seen: judge(*seen) == rule


def _judged(where: Carrier, value: str, hosts: tuple[str, ...]) -> str:
    plain = unquoted(value.lstrip())
    if _SCRIPT.match(plain):
        return SCRIPT_LINK if _runs(where, plain) else ""
    if match := _DATA.match(plain):
        active = _ACTIVE_LINK if where is Carrier.LINK else _ACTIVE
        return ACTIVE_DATA_URL if where is not Carrier.PLAIN and match["type"].lower() in active else ""
    url = read_url(value)
    if not url.host:
        return ""
    rendered = where in (Carrier.IMAGE, Carrier.LINK)
    # A tool that is given an address with a stand-in in its path or password often does what it was asked to.
    if _STAND_IN.search(plain if rendered else unquoted(url.query + " " + url.fragment)):
        return RENDERED_STAND_IN if rendered else PLAIN_STAND_IN
    return _of_address(where, url, hosts)


def _of_address(where: Carrier, url: Url, hosts: tuple[str, ...]) -> str:
    """Return the rule that a web address falls under."""
    if is_listed(url.host, hosts):
        return ""
    if hosts and where is not Carrier.PLAIN:
        return HOST_NOT_LISTED
    return _of_load(where, load_of(url))


def _of_load(where: Carrier, load: Load) -> str:
    if load.host >= HOST_MIN:
        return HOST_DATA
    heavy = load.encoded >= ENCODED_MIN[where] or load.opaque >= OPAQUE_MIN[where]
    wordy = where in TEXT_MIN and load.text >= TEXT_MIN[where]
    if where is Carrier.IMAGE and (heavy or wordy):
        return IMAGE_DATA
    if where is Carrier.LINK and (heavy or wordy):
        return LINK_DATA if heavy else LINK_TEXT
    return PLAIN_DATA if heavy or wordy else ""


def _runs(where: Carrier, plain: str) -> bool:
    """Say whether a script in a link does more than the handlers of ordinary pages do."""
    body = plain.partition(":")[2]
    if where is Carrier.PLAIN or _HARMLESS_SCRIPT.fullmatch(body):
        return False
    return where is Carrier.FETCHED or _REACHING_SCRIPT.search(body) is not None
