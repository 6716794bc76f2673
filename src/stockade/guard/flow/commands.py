"""Commands: what a command line does, as far as its words tell: looks, tests and builds, or something else.

Owns the short list of programs that only look. A name that nobody knows, a substitution, a redirection and code on the
command line are something else. Never runs and never expands anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from stockade.guard.flow.labels import vocabulary

_QUIET = vocabulary(
    """
    awk basename cat cd cut date df diff dirname du echo env false file find git grep head jq less ls make more
    nl node npm pnpm printf ps pwd pytest python python3 rg ruff sed sort stat tail test tox tr tree true tsc
    type uname uniq wc which whoami yarn cargo go mypy eslint black gofmt
    """
)
_QUIET_GIT = vocabulary("blame branch diff log ls-files remote rev-parse show stash status")
_RUNNERS = {
    "cargo": vocabulary("bench build check clippy fmt test"),
    "go": frozenset(["build", "fmt", "test", "vet"]),
    "make": vocabulary("all build check clean format lint test"),
    "npm": vocabulary("build ci lint run start test"),
    "pnpm": vocabulary("build lint run start test"),
    "yarn": vocabulary("build lint run start test"),
}
_ASKS_DATABASE = re.compile(r"(?is)\s*(?:select|show|explain|describe)\b(?:(?!\binto\b)[^;])*;?\s*")
_HARMLESS = re.compile(r"2>&1|[12&]?>\s*/dev/null")
_SUBSTITUTES = re.compile(r"[`<>]|\$\(|\bsudo\b")
_CODE_FLAGS = frozenset({"-c", "-e", "--eval", "-exec", "-execdir", "-delete", "-i", "--in-place", "-D", "-d"})
_INSTALLS = re.compile(r"\b(?:install|add|i|get|require)\b")
_INSTALLERS = vocabulary("apt apt-get brew cargo gem go npm npx pip pip3 pipx pnpm poetry uv yarn")
_OPERATORS = re.compile(r"\s*(?:&&|\|\||;|\||\n|&)\s*")


def quiet(command: str) -> bool:
    """Say whether a command line only looks or runs what a project's own tests and builds are.

    A name that nobody knows, a substitution, a redirection and code on the command line are not quiet.
    """
    if _ASKS_DATABASE.fullmatch(command):
        return True
    command = _HARMLESS.sub(" ", command)
    if _SUBSTITUTES.search(command):
        return False
    return all(_is_quiet(part) for part in _OPERATORS.split(command.strip()))


def _is_quiet(part: str) -> bool:
    """Say whether one program of a command line only looks."""
    try:
        tokens = shlex.split(part)
    except ValueError:
        return False
    while tokens and re.fullmatch(r"[A-Za-z_]\w*=\S*", tokens[0]):
        tokens.pop(0)
    if not tokens:
        return True
    name, rest = tokens[0].rpartition("/")[2], tokens[1:]
    return name in _QUIET and not _CODE_FLAGS & set(rest) and _harmless(name, rest)


def _harmless(name: str, rest: list[str]) -> bool:
    """Say whether a program that often only looks does so with these arguments."""
    first = rest[0] if rest else ""
    if name == "git":
        return first in _QUIET_GIT and (first != "remote" or rest[1:2] in ([], ["-v"]))
    if name in _RUNNERS:
        return not rest or first in _RUNNERS[name]
    if name in ("python", "python3"):
        return first != "-m" or rest[1:2] in (["pytest"], ["unittest"], ["mypy"], ["ruff"])
    return True


def installed(command: str) -> Iterator[str]:
    """Yield the packages that a command line would install by name."""
    for part in _OPERATORS.split(command):
        tokens = part.split()
        if tokens and tokens[0].rpartition("/")[2] in {*_INSTALLERS, "python", "python3"} and _INSTALLS.search(part):
            at = next((n for n, token in enumerate(tokens) if _INSTALLS.fullmatch(token)), len(tokens))
            for token in tokens[at + 1 :]:
                if not token.startswith("-") and token not in (".", "..") and not token.endswith((".txt", ".toml")):
                    yield token.strip("\"'")
