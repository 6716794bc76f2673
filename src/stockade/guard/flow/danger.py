"""Danger: files that decide how code is built, run or guarded, and commands that reach out or destroy.

Owns the two lists. What is not on them is ordinary, not safe: it is only traced less strictly.
Source: settings of Claude Code 2.1, Codex 0.169, Cursor, git and build tools; MITRE ATT&CK T1059, T1485, T1567. Read
November 2026.
"""

from __future__ import annotations

import re

SENSITIVE = re.compile(
    r"""(?ix)
    (?:^|/)(?:
        \.github | \.gitlab-ci | \.circleci | \.husky | \.git(?:/|$) | \.gitmodules | \.claude | \.codex | \.cursor
        | \.vscode | \.ssh | \.aws | \.gnupg | \.kube | \.docker | \.npmrc | \.pypirc | \.netrc | \.env | \.bash | \.zsh
        | \.profile | claude\.md | agents\.md | gemini\.md | memory\.md | jenkinsfile | dockerfile | docker-compose
        | makefile | codeowners | setup\.py | conftest\.py | package\.json | pyproject\.toml | requirements[^/]*\.txt
        | cron | systemd | id_rsa | authorized_keys | credentials | secrets?
    )
    | \.(?:tf|tfvars|pem|key)$
    | ^(?:/etc|/usr|/bin|/root|/var|/boot|~|[a-z]:\\)
    | (?:^|/)\.\.(?:/|$)
    """
)
"""Files that decide how code is built, run, deployed or guarded, and what an agent is told to do."""

RISKY = re.compile(
    r"(?i)\b(?:rm\s+-\w*[rf]|dd\s+if|mkfs|shred|chmod|chown|crontab|at\s+now|systemctl|service\s|nc\b|ncat|socat|telnet|ssh\b|"
    r"scp\b|rsync|ftp|curl|wget|base64|eval|exec\b|source\s|kill(?:all)?\b|history|printenv|useradd|passwd|iptables|mount|"
    r"docker\s+(?:run|exec|push)|kubectl|terraform\s+(?:apply|destroy)|aws\s|gcloud\s|az\s|heroku|gh\s|npm\s+publish|twine|"
    r"git\s+(?:push|remote|config|reset|clean|rebase|filter)|--force|--no-verify|drop\s+table|truncate|delete\s+from)\b|"
    r"\$\(|`|>\s*/|~/\.|/etc/|\bsudo\b|\|\s*(?:ba|z)?sh\b"
)
