"""Command lines that carry data out: what stands beside curl, wget, nslookup, dig and the like.

Owns the patterns and their checks. A value is one word of the line: the address, the host, the file. What the line says
before it is part of the match.
"""

from __future__ import annotations

from stockade.core.findings import Severity
from stockade.guard.detectors.exfiltration_links.loads import decode
from stockade.guard.detectors.exfiltration_links.urls import unquoted
from stockade.guard.detectors.patterns import Pattern, Seen

DNS_DATA, COMMAND_DATA, COMMAND_SUBSTITUTION, COMMAND_UPLOAD = (
    "dns_data",
    "command_data",
    "command_substitution",
    "command_upload",
)
LABEL = "EXFILTRATION"
SOURCE = "MITRE ATT&CK T1048, T1071.004 and T1567, read November 2026"
LINE_BYTES = 1000
"""How far back on its line a command's name is looked for."""

_DNS = r"(?:nslookup|dig|host|ping6?|resolvectl|getent|drill|kdig|Resolve-DnsName|Test-Connection)"
_SENDERS = r"(?:curl|wget|nc|ncat|netcat|socat|httpie|Invoke-WebRequest|Invoke-RestMethod|iwr|irm)"
_READERS = r"(?:base64|base32|xxd|od|hexdump|env|printenv|openssl|gzip|tar|cat|head|tail|whoami|hostname|id)\b"
_KEY_FILES = (
    r"(?:\.ssh/id_\w+|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\.aws/credentials|\.netrc|\.pgpass|\.pypirc|\.npmrc"
    r"|\.git-credentials|\.kube/config|\.docker/config\.json|\.config/gcloud/\w+|\.gnupg/|/etc/shadow|/etc/passwd"
    r"|/\.env\b(?:\.\w+)?|[@\s<]\.env\b(?:\.\w+)?|\.codex/auth\.json|\.claude/\.credentials)"
)
_UPLOADS = (
    r"(?:-d|--data(?:-[a-z]+)?|-F|--form|-T|--upload-file|--post-(?:file|data)|--body-(?:file|data)|-Body|-InFile"
    r"|--json)"
)


def carries_text(seen: Seen) -> bool:
    """Say whether a word or any label of it encodes a text."""
    plain = unquoted(seen.value)
    labels = plain.split(".")
    return any(decode(each) is not None for each in (plain, *labels, "".join(labels[:-2])))


def reads_here(seen: Seen) -> bool:
    """Say whether the command line that the value ends is one that asks for a name made of what it read."""
    return "$(" in seen.before or "`" in seen.before


def patterns() -> tuple[Pattern, ...]:
    """Return the patterns of command lines."""
    return (
        Pattern(
            rule=DNS_DATA,
            expression=rf"\b{_DNS}\b[^\n|;&]*[A-Za-z0-9_=-]{{16}}",
            confirm=rf"\b{_DNS}\b[^\n|;&]*?[ \t@]([A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_=-]+)+)",
            caseless=True,
            before=400,
            validator=carries_text,
            label=LABEL,
            severity=Severity.HIGH,
            score=0.9,
            source=SOURCE,
        ),
        Pattern(
            rule=COMMAND_DATA,
            expression=rf"\b{_SENDERS}\b[^\n]*[A-Za-z0-9+/_-]{{24}}",
            confirm=rf"\b{_SENDERS}\b[^\n]*?{_UPLOADS}[ =][^\n]*?([A-Za-z0-9+/_-]{{24,}}={{0,2}})",
            before=LINE_BYTES,
            validator=carries_text,
            label=LABEL,
            severity=Severity.MEDIUM,
            score=0.6,
            source=SOURCE,
        ),
        Pattern(
            rule=COMMAND_SUBSTITUTION,
            expression=rf"\b(?:{_SENDERS}|{_DNS})\b[^\n]*(?:\$\(|`)[^\n`)]*[`)]\.[a-z0-9-]",
            confirm=(
                rf"\b(?:{_SENDERS}|{_DNS})\b[^\n]*?(?:\$\(|`)[^\n`)]*?{_READERS}[^\n`)]*?"
                r"([^\s`)]*[`)]\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
            ),
            caseless=True,
            before=LINE_BYTES,
            label=LABEL,
            severity=Severity.HIGH,
            score=0.9,
            source=SOURCE,
        ),
        Pattern(
            rule=COMMAND_UPLOAD,
            expression=_KEY_FILES,
            confirm=(
                rf"\b{_SENDERS}\b[^\n]*?{_UPLOADS}[^\n]*?([^\s'\"=@(<]*{_KEY_FILES})"
                rf"|([^\s'\"=@(<]*{_KEY_FILES})[^\n]*?\|[^\n]*?\b{_SENDERS}[ \t]"
            ),
            before=LINE_BYTES,
            label=LABEL,
            severity=Severity.HIGH,
            score=0.85,
            source=SOURCE,
        ),
    )
