"""Credentials that a standard or a file format shows: key blocks, tokens, headers, URLs, password files."""

from __future__ import annotations

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern
from stockade.guard.detectors.secrets_credentials.formats import near, spelled
from stockade.guard.detectors.secrets_credentials.values import is_basic, is_jwt, is_mixed, is_password

HIGH = Severity.HIGH
BLOCK = 16_384
"""Longest private key block with room, in characters (core/limits.py HOLD_CHARS_MAX)."""
BODY = r"[A-Za-z0-9+/=\s\\:,.;()\"'<>@_-]*?"
DATABASE = (
    r"postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql(?:\+\w+)?|sqlserver"
    r"|clickhouse|oracle(?:\+\w+)?|cockroachdb|snowflake|nats|kafka|ldaps?"
)
USERINFO = r"://[^\s:/@\"'<>`]{0,80}:([^\s/@\"'<>`]{6,200})@[A-Za-z0-9\[_{$.-]"


def block(rule: str, kind: str, source: str) -> Pattern:
    """Return the pattern of an armoured block, from its first dashes to its last."""
    return spelled(
        rule,
        rf"-----BEGIN {kind}-----",
        rf"(-----BEGIN {kind}-----{BODY}[A-Za-z0-9+/]{{20}}{BODY}-----END {kind}-----)",
        source=source,
        validator=None,
        after=BLOCK,
        score=0.99,
    )


STRUCTURES = (
    block("pkcs8_private_key", "PRIVATE KEY", "RFC 7468 section 10"),
    block("encrypted_private_key", "ENCRYPTED PRIVATE KEY", "RFC 7468 section 11"),
    block("rsa_private_key", "RSA PRIVATE KEY", "RFC 8017 appendix A.1.2 in PEM"),
    block("ec_private_key", "EC PRIVATE KEY", "RFC 5915"),
    block("dsa_private_key", "DSA PRIVATE KEY", "OpenSSL's PEM names"),
    block("openssh_private_key", "OPENSSH PRIVATE KEY", "OpenSSH PROTOCOL.key"),
    block("pgp_private_key", "PGP PRIVATE KEY BLOCK", "RFC 9580 section 6.2"),
    block("ssh2_private_key", "SSH2 ENCRYPTED PRIVATE KEY", "ssh.com key files"),
    spelled(
        "private_key_unended",
        r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----",
        r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])*([A-Za-z0-9+/]{40,900})",
        score=0.8,
        source="RFC 7468: a block that lost its end; the first line of the key is taken",
    ),
    spelled(
        "putty_private_key",
        r"Private-Lines: [0-9]",
        r"Private-Lines: [0-9]{1,3}\s{1,2}([A-Za-z0-9+/=]{20,80})",
        source="PuTTY: PPK files, first private line",
    ),
    spelled(
        "age_secret_key",
        r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
        r"(AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58})",
        source="age: file encryption, Bech32 identities",
    ),
    near(
        "wireguard_private_key",
        "private_?key|preshared_?key",
        "[A-Za-z0-9+/]{43}=",
        source="WireGuard: wg(8)",
        score=0.9,
    ),
    spelled(
        "jwt",
        r"eyJ[\w-]{8}",
        r"(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)",
        severity=HIGH,
        score=0.93,
        validator=is_jwt,
        source="RFC 7519",
        after=BLOCK,
    ),
    spelled(
        "database_url_password",
        rf"(?i:{DATABASE})://",
        rf"\b(?i:{DATABASE}){USERINFO}",
        score=0.92,
        validator=is_password,
        source="RFC 3986 section 3.2.1; the drivers' own connection URLs",
    ),
    spelled(
        "url_password",
        r"://[^\s:/@\"'<>`]*:[^\s/@\"'<>`]{5}",
        rf"\b[A-Za-z][A-Za-z0-9+.-]{{1,16}}{USERINFO}",
        severity=HIGH,
        score=0.88,
        validator=is_password,
        source="RFC 3986 section 3.2.1",
    ),
    spelled(
        "connection_string_password",
        r"(?i:;[ ]?(?:password|pwd)[ ]?=)",
        r"(?i:(?:server|data source|host|user id|uid|database)[ ]?=[^;\n]{1,120};(?:[^;\n]{1,80};){0,6}?[ ]?"
        r"(?:password|pwd)[ ]?=)[ ]?([^;\s\"']{6,128})",
        score=0.92,
        validator=is_password,
        source="ADO.NET and ODBC: connection strings",
    ),
    spelled(
        "authorization_basic",
        r"(?i:authorization)[\"']?\s{0,3}[:=,]\s{0,3}[\"'`]?(?i:basic) ",
        r"(?i:authorization)[\"']?\s{0,3}[:=,]\s{0,3}[\"'`]?(?i:basic) ([A-Za-z0-9+/]{8,300}={0,2})",
        severity=HIGH,
        validator=is_basic,
        score=0.9,
        source="RFC 7617",
    ),
    spelled(
        "authorization_bearer",
        r"(?i:authorization)[\"']?\s{0,3}[:=,]\s{0,3}[\"'`]?(?i:bearer|token|apikey) ",
        r"(?i:authorization)[\"']?\s{0,3}[:=,]\s{0,3}[\"'`]?(?i:bearer|token|apikey) ([A-Za-z0-9._~+/-]{16,900}=*)",
        severity=HIGH,
        validator=is_mixed,
        score=0.75,
        source="RFC 6750",
    ),
    spelled(
        "curl_user_password",
        r"(?i:curl).{0,120}?\s(?:-u|--user)[ =]",
        r"(?i:curl).{0,120}?\s(?:-u|--user)[ =][\"']?[\w.@+-]{1,64}:([^\s\"'@:]{6,128})",
        severity=HIGH,
        validator=is_password,
        score=0.85,
        source="curl(1)",
    ),
    spelled(
        "netrc_password",
        r"\bmachine[ \t]+\S{1,100}",
        r"\bmachine\s{1,4}\S{1,100}\s{1,8}login\s{1,4}\S{1,100}\s{1,8}password\s{1,4}(\S{6,128})",
        severity=HIGH,
        validator=is_password,
        score=0.92,
        source="GNU inetutils: .netrc",
    ),
    spelled(
        "pgpass_password",
        r"^[\w.*-]{1,100}:(?:\d{2,5}|\*):[\w*-]{1,63}:[\w*.@-]{1,63}:",
        r"^[\w.*-]{1,100}:(?:\d{2,5}|\*):[\w*-]{1,63}:[\w*.@-]{1,63}:([^\s:]{6,128})$",
        severity=HIGH,
        validator=is_password,
        score=0.85,
        source="PostgreSQL: the password file",
    ),
    spelled(
        "password_hash",
        r"\$(?:2[abxy]?|apr1|argon2(?:id?|d)|y|5|6|scrypt)\$",
        r"(\$(?:2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}|apr1\$[./A-Za-z0-9]{2,8}\$[./A-Za-z0-9]{22}"
        r"|argon2(?:id|i|d)\$v=[0-9]{2}\$[a-z0-9=,]{5,40}\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,128}"
        r"|y\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}"
        r"|5\$(?:rounds=[0-9]{1,9}\$)?[^$\s:]{1,16}\$[./A-Za-z0-9]{43}"
        r"|6\$(?:rounds=[0-9]{1,9}\$)?[^$\s:]{1,16}\$[./A-Za-z0-9]{86}))",
        severity=HIGH,
        score=0.9,
        source="crypt(5); htpasswd(1); RFC 9106",
    ),
    spelled(
        "aws_signed_url",
        r"[?&]X-(?:Amz|Goog)-Signature=[0-9a-f]{16}",
        r"[?&]X-(?:Amz|Goog)-Signature=([0-9a-f]{64,512})",
        severity=Severity.MEDIUM,
        score=0.9,
        source="AWS Signature version 4; Google Cloud Storage signed URLs",
    ),
)
