"""Assignments: a value given to a name that says it is secret. The net under the formats that nobody published.

Owns the names and the forms (env, code, JSON, YAML, XML, flags, statements); whether a value is one is decided in
values.py and words.py.
"""

from __future__ import annotations

from collections.abc import Callable

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.secrets_credentials.formats import spelled
from stockade.guard.detectors.secrets_credentials.values import is_assigned, is_password
from stockade.guard.detectors.secrets_credentials.words import is_chosen, is_given, is_told

PASSWORDS = "passw(?:or)?d|passphrase|pwd"
SECRETS = "secret(?:[_-]?key)?|private[._-]?key|credentials?|encryption[._-]?key|signing[._-]?key"
TOKENS = "token|bearer"
API_KEYS = "(?:api|access|auth|account|subscription|license)[._-]?key"
ANY = f"{PASSWORDS}|{SECRETS}|{TOKENS}|{API_KEYS}"

OPENING = r"[\"'`\]]{0,2}(?: value)?"
SIGN = rf"{OPENING}(?:[ \t]?:[ \t]?[A-Za-z]{{3,6}})?[ \t]{{0,4}}(?:=>|:=|[=:])[ \t]{{0,4}}"
VALUE = (
    r"(?:[brfBRF]?\"((?:[^\"\s\\]|\\\S){8,256})\"|[brfBRF]?'((?:[^'\s\\]|\\\S){8,256})'|`([^`\s\\]{8,256})`"
    r"|([^\s\"'`,;(){}\[\]<>&|\\]{8,256}))"
)
NAMED = rf"[\w.-]{{0,40}}(?i:{ANY})[\w.-]{{0,16}}"


def assignment(rule: str, names: str, validator: Callable[[Seen], bool]) -> Pattern:
    """Return the pattern of a value after one of `names` and a sign, or as the argument of a flag of that name."""
    return spelled(
        rule,
        # Loose on purpose: to say more of the name's rest here makes compiling slow.
        rf"(?i:{names})[\w-]*[^\w\n]{{0,6}}[=: ]",
        rf"(?:(?i:{names})[\w-]{{0,16}}{SIGN}|--[\w-]{{0,24}}(?i:{names})[ =]){VALUE}",
        severity=Severity.HIGH,
        score=0.6,
        validator=validator,
        source="names as they stand in env files, code, JSON, YAML and command lines",
    )


def given(rule: str, expression: str, confirm: str, validator: Callable[[Seen], bool], source: str) -> Pattern:
    """Return the pattern of a value whose place alone says that it is secret."""
    return spelled(rule, expression, confirm, severity=Severity.HIGH, score=0.7, validator=validator, source=source)


ASSIGNMENTS = (
    assignment("password_assignment", PASSWORDS, is_chosen),
    assignment("secret_assignment", SECRETS, is_chosen),
    assignment("token_assignment", TOKENS, is_assigned),
    assignment("api_key_assignment", API_KEYS, is_assigned),
    given(
        "password_statement",
        rf"(?i:identified (?:with \S+ )?by|{PASSWORDS}|securestring(?: -string)?)[ ](?:[a-z]+ )?[\"']",
        rf"(?i:identified (?:with \S{{1,40}} )?by|{PASSWORDS}|securestring(?: -string)?)[ ]{{1,3}}(?:(?:to|is|as)[ ])?"
        r"(?:\"([^\"\s]{6,128})\"|'([^'\s]{6,128})')",
        is_given,
        "SQL: CREATE USER, ALTER ROLE; redis-cli and shells: set password; PowerShell: ConvertTo-SecureString",
    ),
    given(
        "told_secret",
        rf"(?i:{ANY}|api key|passcode)[ ](?:is|was)",
        rf"(?i:{ANY}|api key|passcode)[ ](?:is|was):?[ ][\"'`]?([^\s\"'`,;]{{7,127}}[^\s\"'`,;.?)])",
        is_told,
        "people who pass a password on in a sentence",
    ),
    given(
        "command_password",
        r"(?:sshpass|mysql\w*|mariadb\w*|redis-cli|docker login|podman login|helm registry login)[^\n|;]*[ ]-[pa]",
        r"(?:sshpass|mysql\w{0,8}|mariadb\w{0,8}|redis-cli|docker login|podman login|helm registry login)"
        r"(?:[ ][^\n|;]{0,160}?)?[ ](?:-p ?|-a )[\"']?([^\s\"'|;-][^\s\"'|;]{5,127})",
        is_given,
        "sshpass(1), mysql(1), redis-cli, docker login",
    ),
    given(
        "xml_secret",
        rf"<[\w:.-]*(?i:{ANY})[\w.-]*>[^<\s]",
        rf"<[\w:.-]{{0,40}}(?i:{ANY})[\w.-]{{0,16}}>([^<>\s]{{6,256}})</",
        is_given,
        "elements of Maven, .NET and WebSphere configuration",
    ),
    given(
        "named_value",
        rf"(?i:{ANY})[\w.-]*[\"']?,?\s+[\"']?(?i:value)",
        rf"(?i:name|key)[\"']?[ ]?[:=][ ]?[\"']?{NAMED}[\"']?,?\s{{1,40}}[\"']?(?i:value)[\"']?[ ]?[:=][ ]?{VALUE}",
        is_given,
        "Kubernetes: env of a container; name and value in YAML, JSON and XML",
    ),
    given(
        "declared_default",
        rf"variable[ ]+\"[\w-]*(?i:{ANY})",
        rf"variable[ ]+\"{NAMED}\"[ ]*\{{[^}}]{{0,300}}?default[ ]*=[ ]*\"([^\"\s]{{6,128}})\"",
        is_given,
        "Terraform: default of a variable",
    ),
    given(
        "docker_env",
        rf"^[ \t]*(?:ENV|ARG)[ \t]+[A-Z0-9_]*(?i:{ANY})",
        rf"^[ \t]{{0,8}}(?:ENV|ARG)[ \t]{{1,4}}{NAMED}[ \t]{{1,4}}[\"']?([^\s\"'=]{{6,256}})",
        is_password,
        "Dockerfile reference: ENV with a space",
    ),
)
