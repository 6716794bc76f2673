"""Contact data: e-mail addresses and telephone numbers. Owns which addresses belong to nobody.

Source: RFC 5321 (addresses), RFC 2606 and RFC 6761 (reserved names); telephone.py for what countries give out. Read
November 2026.
"""

from __future__ import annotations

import re

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.pii_personal.check_digits import digits_of
from stockade.guard.detectors.pii_personal.telephone import is_given_out, is_given_out_in, is_long_enough

FORMATTED_IN = (44, 33, 49)
"""Calling codes whose plans a number in a national way of writing is looked up in, unless it has NANP's ten digits."""

_RESERVED_DOMAINS = re.compile(
    r"(?:^|\.)(?:example\.(?:com|net|org|edu)|example|invalid|test|localhost|local|localdomain|internal|lan)$"
)
_FILE_ENDINGS = frozenset(
    {
        "bmp",
        "c",
        "cc",
        "conf",
        "cpp",
        "css",
        "csv",
        "gif",
        "go",
        "h",
        "html",
        "ini",
        "ipynb",
        "jpeg",
        "jpg",
        "js",
        "json",
        "jsx",
        "lock",
        "mjs",
        "mount",
        "pdf",
        "php",
        "png",
        "rb",
        "rst",
        "service",
        "slice",
        "socket",
        "sql",
        "svg",
        "target",
        "tgz",
        "timer",
        "toml",
        "ts",
        "tsx",
        "txt",
        "vue",
        "webp",
        "whl",
        "xml",
        "yaml",
        "yml",
        "zip",
    }
)
_NO_PERSON = re.compile(
    # Machines that nobody reads (commit trailers of agents, bots of hosts), and logins that are no mailbox.
    r"^(?:no-?reply|do-?not-?reply|mailer-daemon)(?:[+.\-].*)?@|@users\.noreply\.github\.com$|@noreply\.|^git@|\[bot\]@"
)
_VERSION = re.compile(r"@v?[0-9]+(?:\.[0-9]+)+[.\-]|@[0-9]x\.")
_SCP = re.compile(r"^:[^\s:,;'\"<>)\]]*[/~\w]")
_URL_LOGIN = re.compile(r"://[^\s/]*$")

_PHONE_WORDS = (
    r"phone|phones|tel|telephone|mobile|mob|cell|cellphone|fax|call|whatsapp|sms|text me at|dial|reach me at|reached at"
    r"|telefon|telefonnummer|handy|handynummer|rufnummer|mobil|tél|téléphone|portable"
    r"|teléfono|telefono|móvil|movil|celular|cellulare|cell|telefone|telefoon|puhelin|answering at"
)
_DIGITS = r"\(?[0-9](?:[ .\-/()]{0,3}[0-9]){6,14}"
_BARE = re.compile("[^xXeE#]*")
_EXTENSION = r"(?:[ ,;]{0,2}(?:x|ext\.?|#)[ ]?[0-9]{1,6})?"
_DATE = re.compile(r"^(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4})\b")
_DECIMAL = re.compile(r"^[0-9]+\.[0-9]+$")


def is_mailbox(seen: Seen) -> bool:
    """Say whether an address can be somebody's: not reserved, not a login, a package version or a file name."""
    address = seen.value.lower()
    local, _, domain = address.rpartition("@")
    if _RESERVED_DOMAINS.search(domain) or domain.rpartition(".")[2] in _FILE_ENDINGS:
        return False
    if _NO_PERSON.search(address) or _VERSION.search(address) or ".." in local or local.endswith("."):
        return False
    if seen.before[-1:] in {"@", "/"} and seen.before[-2:-1] != "/":
        return False
    return not _SCP.match(seen.after) and not _URL_LOGIN.search(seen.before)


def is_international(seen: Seen) -> bool:
    """Say whether a number with + or 00 is one that its country gives out."""
    if seen.after[:1].isdigit():
        return False
    return is_given_out(_dialled(seen.value).removeprefix("00"))


def is_formatted(seen: Seen) -> bool:
    """Say whether a number in a national way of writing is possible in a country that writes so."""
    if seen.after[:1].isalnum() or seen.after[:1] in {"-", "_"} or seen.before[-1:] in {".", "-", "/", "#", "$"}:
        return False
    if len(set(digits_of(seen.value))) < 3 or _DATE.match(seen.value):
        return False
    digits = _dialled(seen.value)
    if len(digits) == 10:
        return True
    return (
        is_given_out(digits[2:]) if digits.startswith("00") else any(is_given_out_in(c, digits) for c in FORMATTED_IN)
    )


def is_called_phone(seen: Seen) -> bool:
    """Say whether a number behind a word such as "phone" can be one: seven digits or more, no date, no decimal."""
    if seen.after[:1].isalnum() or seen.after[:1] == "_" or _DATE.match(seen.value) or _DECIMAL.match(seen.value):
        return False
    if len(set(digits_of(seen.value))) < 3 or (seen.value[0] == "(" and seen.before[-1:].isalnum()):
        return False
    digits = _dialled(seen.value)
    if seen.value[0] == "+" or digits.startswith("00"):
        return is_long_enough(digits.removeprefix("00"))
    return 7 <= len(digits) <= 15  # Germany alone has numbers of every such length


def _dialled(value: str) -> str:
    """Return the digits of a number without its extension."""
    bare = _BARE.match(value)
    return digits_of(bare[0] if bare is not None else value)


PATTERNS = (
    Pattern(
        rule="email_address",
        expression=r"[^\s@]@[a-z0-9][a-z0-9.\-]{0,252}\.[a-z]{2}",
        confirm=r"([\pL\pN_%+][\pL\pN._%+'\-]*@(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,24})\b",
        caseless=True,
        label="EMAIL_ADDRESS",
        severity=Severity.MEDIUM,
        score=0.95,
        source="RFC 5321 section 4.1.2",
        validator=is_mailbox,
    ),
    Pattern(
        rule="phone_international",
        expression=r"(?:\+[ ]?\(?|\b00)[1-9][0-9 .\-/()]{6}",  # looser than the number: counting digits compiles slowly
        confirm=rf"(?:^|[^\w.+])((?:\+[ ]?\(?|00)[1-9](?:[ .\-/()]{{0,3}}[0-9]){{6,14}}{_EXTENSION})",
        label="PHONE_NUMBER",
        severity=Severity.MEDIUM,
        score=0.85,
        source="ITU-T E.164; phonenumbers",
        validator=is_international,
    ),
    Pattern(
        rule="phone_national",
        expression=rf"\b(?:{_PHONE_WORDS})\b[^\n0-9+]*[0-9][0-9 .\-/()]{{6}}",
        confirm=rf"\b(?:{_PHONE_WORDS})\b[^\n0-9+(]{{0,24}}((?:\+[ ]?)?{_DIGITS}{_EXTENSION})",
        caseless=True,
        label="PHONE_NUMBER",
        severity=Severity.MEDIUM,
        score=0.7,
        source="phonenumbers, with a word that names a telephone before it",
        validator=is_called_phone,
    ),
    Pattern(
        rule="phone_formatted",
        expression=r"\(?[0-9]{2,5}\)?[ .\-/]{1,3}[0-9]{2,4}[ .\-][0-9]{2,4}",
        confirm=(
            rf"(?:^|[^\w.\-/])(\(?[0-9]{{3}}\)?[ .\-]?[0-9]{{3}}[.\-][0-9]{{4}}{_EXTENSION}"
            r"|\([0-9]{3}\) [0-9]{3}[ \-][0-9]{4}"
            r"|0[1-9](?:[ .\-][0-9]{2}){4}|\(?0[0-9]{2,4}\)? [0-9]{3,4} [0-9]{3,4})\b"
        ),
        label="PHONE_NUMBER",
        severity=Severity.MEDIUM,
        score=0.5,
        source="phonenumbers; ways of writing of NANP, United Kingdom, France",
        validator=is_formatted,
    ),
)
