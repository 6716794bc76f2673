"""Network addresses: IPv4, IPv6, MAC. Owns what is no one's address: private, loopback, documentation, versions.

Source: RFC 6890 (special-purpose addresses, as Python's `ipaddress` carries them), IEEE 802. Read November 2026.
"""

from __future__ import annotations

import ipaddress
import re

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen

_VERSION_BEFORE = re.compile(
    r"(?:\bv|\bver\.?|version|release|build|revision|upgrade to|since"
    r"|[a-z0-9)\]]\s*[=<>~!]=|[A-Za-z]/|@|[~^])[\s\"':=v]*$",
    re.IGNORECASE,
)
_ADDRESS_BEFORE = re.compile(r"\b(?:ip|ipv4|address|host|client|from|remote|src|addr)\b", re.IGNORECASE)

_GAP = " \t\n\r\x0b\x0c\x85\xa0\u2028\u2029\u202f\u3000\"':"
_VERSION_ENDS = frozenset("vr.nedo=/@~^VRNEDO")
"""What the last character of `_VERSION_BEFORE` can be, gaps aside: most addresses stand behind something else."""

_CLOSED = frozenset({0, 10, 127})
_PARTLY_CLOSED = {
    # First number: (from, to) of the second and third, both included.
    100: ((0x4000, 0x7FFF),),
    169: ((0xFE00, 0xFEFF),),
    172: ((0x1000, 0x1FFF),),
    192: ((0x0000, 0x0000), (0x0002, 0x0002), (0xA800, 0xA8FF)),
    198: ((0x1200, 0x13FF), (0x3364, 0x3364)),
    203: ((0x0071, 0x0071),),
}
"""Addresses that are no one's: shared, link-local, private, protocol, documentation, benchmarks (RFC 6890)."""

_OBJECT_IDENTIFIERS = ("2.5.4.", "2.5.29.", "1.2.840.", "1.3.6.", "1.3.14.")
"""X.500 attribute types, certificate extensions and companies' arcs: read as addresses they were nearly all errors."""


def is_public_ipv4(seen: Seen) -> bool:
    """Say whether a public host's address stands here, not a version number or an outline number."""
    if seen.before[-1:] in {".", "-", "_"} or seen.after[:1].isalnum() or seen.after[:1] in {"_", "-"}:
        return False
    if seen.after[:1] == "." and seen.after[1:2].isalnum():
        return False
    if not _is_global(seen.value) or seen.value.startswith(_OBJECT_IDENTIFIERS) or _is_version(seen.before):
        return False
    small = all(int(part) < 32 for part in seen.value.split("."))
    return not small or _ADDRESS_BEFORE.search(seen.before[-40:]) is not None


def _is_global(value: str) -> bool:
    """Say whether four numbers with dots are an address that any host may have (RFC 6890), in canonical writing."""
    if value.startswith("0") or ".0" in value:
        parts = value.split(".")
        if any(part[0] == "0" and len(part) > 1 for part in parts):
            return False
    first, second, third, fourth = map(int, value.split("."))
    if first in _CLOSED or first >= 224 or max(first, second, third, fourth) > 255:
        return False
    if first not in _PARTLY_CLOSED:
        return True
    second_and_third = second << 8 | third
    return not any(low <= second_and_third <= high for low, high in _PARTLY_CLOSED[first])


def _is_version(before: str) -> bool:
    """Say whether what ends before a number calls it a version. Only the last few characters are looked at."""
    tail = before.rstrip(_GAP)[-24:]
    return tail[-1:] in _VERSION_ENDS and _VERSION_BEFORE.search(tail) is not None


def is_public_ipv6(seen: Seen) -> bool:
    """Say whether a routable IPv6 address stands here, not a time, a fingerprint or a MAC address."""
    if seen.before[-1:] in {":", "."} or seen.after[:1] == ":" or seen.after[:1].isalnum():
        return False
    groups = [group for group in seen.value.split(":") if group]
    if len(groups) < 3 or all(len(group) <= 2 for group in groups):
        return False
    try:
        address = ipaddress.IPv6Address(seen.value)
    except ValueError:
        return False
    special = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    return not special and not address.is_unspecified


def is_mac(seen: Seen) -> bool:
    """Say whether a device's address stands here, not a broadcast, a filler or a part of a longer fingerprint."""
    if seen.before[-1:] in {":", "-"} or seen.after[:1] in {":", "-"}:
        return False
    return len(set(re.split("[:-]", seen.value.lower()))) > 2


PATTERNS = (
    Pattern(
        rule="ipv4_address",
        expression=r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        confirm=r"\b([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})\b",
        label="IP_ADDRESS",
        severity=Severity.LOW,
        score=0.6,
        source="RFC 791, RFC 6890",
        validator=is_public_ipv4,
    ),
    Pattern(
        rule="ipv6_address",
        expression=r"\b[0-9a-f]{1,4}:(?:[0-9a-f]{0,4}:){2}[0-9a-f]",
        confirm=r"\b([0-9a-f]{1,4}:[0-9a-f:]{4,38}[0-9a-f])\b",
        caseless=True,
        label="IP_ADDRESS",
        severity=Severity.LOW,
        score=0.65,
        source="RFC 4291, RFC 6890",
        validator=is_public_ipv6,
    ),
    Pattern(
        rule="mac_address",
        expression=r"\b[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})\b",
        confirm=r"\b([0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5}))\b",
        caseless=True,
        label="MAC_ADDRESS",
        severity=Severity.LOW,
        score=0.6,
        source="IEEE 802-2014 section 8",
        validator=is_mac,
    ),
)
