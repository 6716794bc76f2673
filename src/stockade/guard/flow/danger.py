"""Danger: files that decide how code is built, run or guarded, and commands that reach out or destroy.

Owns the lists, and the words by which a person speaks of each: "bump the version" means pyproject.toml, "deploy" means
kubectl. What is not on the lists is ordinary, not safe: it is only traced less strictly.
Source: settings of Claude Code 2.1, Codex 0.169, Cursor, git and build tools; MITRE ATT&CK T1059, T1485, T1567. Read
November 2026.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Danger(NamedTuple):
    """A kind of file or command, and how people speak of it; None where only naming it will do."""

    seen: re.Pattern[str]
    spoken: re.Pattern[str] | None


def _danger(seen: str, spoken: str = "") -> Danger:
    said = re.compile(rf"(?ix)(?<!\w)(?:{spoken})") if spoken else None
    return Danger(re.compile(f"(?ix){seen}"), said)


FILES = (
    _danger(r"(?:^|/)\.git(?:/|$) | (?:^|/)\.gitmodules"),
    _danger(r"(?:^|/)(?:\.claude|\.codex|\.cursor|claude\.md|agents\.md|gemini\.md|memory\.md)"),
    _danger(r"(?:^|/)(?:\.ssh|\.aws|\.gnupg|\.kube|\.npmrc|\.pypirc|\.netrc|id_rsa|authorized_keys)"),
    _danger(r"(?:^|/)(?:\.bash|\.zsh|\.profile|cron|systemd) | ^(?:/etc|/usr|/bin|/root|/var|/boot|~|[a-z]:\\)"),
    _danger(r"(?:^|/)\.\.(?:/|$)"),
    _danger(r"\.(?:pem|key)$ | (?:^|/)(?:credentials|secrets?)", r"secret|credential|certificate|key"),
    _danger(
        r"(?:^|/)(?:\.github|\.gitlab-ci|\.circleci|\.husky|jenkinsfile|codeowners)",
        r"ci\b|pipeline|workflow|github\ action|hook|codeowner|pre-commit|release",
    ),
    _danger(r"(?:^|/)(?:dockerfile|docker-compose|\.docker)", r"docker|container|image|compose"),
    _danger(r"(?:^|/)makefile", r"make(?:file)?\b|build|target"),
    _danger(r"(?:^|/)\.vscode", r"vs\ ?code|editor|debugger|launch"),
    _danger(r"(?:^|/)\.env", r"\.?env|environment|config|setting|variable"),
    _danger(
        r"(?:^|/)(?:package\.json|pyproject\.toml|setup\.py|requirements[^/]*\.txt)",
        r"depend|librar|package|version|upgrad|bump|install|pin\b|require",
    ),
    _danger(r"(?:^|/)conftest\.py", r"test|fixture"),
    _danger(r"\.(?:tf|tfvars)$", r"terraform|infra|bucket|provision|instance|module|deploy|cloud|resource"),
)
"""A path that any of these is seen in is traced like an address."""

COMMANDS = (
    _danger(r"\b(?:dd\s+if|mkfs|shred|useradd|passwd|iptables|mount|crontab|at\s+now|history|nc|ncat|socat|telnet)\b"),
    _danger(r"\bbase64\b|\beval\b|\$\(|`|>\s*/|~/\.|/etc/|\bsudo\b|\|\s*(?:ba|z)?sh\b|--no-verify|printenv|\benv\s*\|"),
    _danger(r"\b(?:curl|wget|ftp)\b", r"fetch|download|request|curl|api|ping|call|url|endpoint|http|webhook|reach"),
    _danger(r"\brm\s+-\w*[rf]", r"remov|delet|clean|clear|wipe|rebuild|purge|reset|get\ rid"),
    _danger(r"\b(?:chmod|chown)\b", r"executab|permission|chmod|chown|owner"),
    _danger(r"\b(?:ssh|scp|rsync)\b", r"server|host|remote|ssh|copy|upload|deploy|sync|machine"),
    _danger(r"\b(?:systemctl|service\s)", r"service|restart|start|stop|daemon|systemd"),
    _danger(r"\bkill(?:all)?\b", r"kill|stop|free|terminat|port"),
    _danger(
        r"\b(?:kubectl|helm|terraform\s+(?:apply|destroy)|aws\s|gcloud\s|az\s|heroku)",
        r"deploy|apply|roll|scale|restart|cluster|kubernetes|k8s|pod|infra|provision|s3|bucket|namespace|release|cloud",
    ),
    _danger(r"\bdocker\s+(?:run|exec|push)", r"docker|container|image|run|start"),
    _danger(r"\b(?:npm\s+publish|twine)\b", r"publish|release"),
    _danger(r"\bgh\s", r"pr\b|pull\ request|issue|github|release|merge"),
    _danger(
        r"\bgit\s+(?:push|remote)|--force\b",
        r"push|publish|pr\b|pull\ request|upload|ship|deploy|releas|remote|branch",
    ),
    _danger(r"\bgit\s+(?:config|reset|clean|rebase|filter)", r"reset|undo|revert|rebase|clean|squash|discard|config"),
    _danger(r"\b(?:drop\s+table|truncate|delete\s+from)\b", r"drop|truncat|delet|remov|clear|table"),
    _danger(r"\bstockade\s+(?:approvals|keys|stop|policy)\b"),
)
"""A command that any of these is seen in must be one that the person spoke of."""


def spoken_of(dangers: tuple[Danger, ...], text: str, said: str) -> bool | None:
    """Say whether the person spoke of every danger that is seen in `text`; None where none is seen."""
    seen = [danger for danger in dangers if danger.seen.search(text)]
    if not seen:
        return None
    return all(danger.spoken is not None and danger.spoken.search(said) is not None for danger in seen)
