"""Arguments: the strings of a tool call as a person would name them, whatever wire format they came in.

Owns the nearest name of each string, the joining of a command that is written as a list (`["bash", "-lc", ...]`), and
the files that a patch names. Never decides which of them matter.
Source: the tools `shell` and `apply_patch` of Codex CLI 0.169, read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from stockade.core.segments import Kind, Path, Segment
from stockade.guard.flow.values import COMMANDS, Argument

_DEPTH_MAX = 32
_SHELLS = frozenset({"bash", "sh", "zsh", "/bin/bash", "/bin/sh", "powershell", "cmd"})
_PATCHED = re.compile(
    r"(?m)^(?:\*\*\* (?:Add|Delete|Update) File: |\*\*\* Move to: |\+\+\+ (?:b/)?|--- (?:a/)?)(\S.*?)\s*$"
)
_INNER = frozenset({"arguments", "input", "params", "parameters", "partial_json", "action", "operation", "delta"})


def arguments(segments: Iterable[Segment]) -> list[Argument]:
    """Return the strings of one call's arguments in order."""
    found: list[Argument] = []
    lists: dict[Path, list[str]] = {}
    for segment in segments:
        if segment.kind is not Kind.ARGUMENT:
            continue
        key, path = _name(segment.path)
        if isinstance(segment.path[-1], int) and key.lower() in COMMANDS:
            lists.setdefault(path, []).append(segment.text)
        else:
            found.append(Argument(key, segment.text))
            if "*** " in segment.text or "+++ " in segment.text:
                found.extend(Argument("path", name) for name in _PATCHED.findall(segment.text))
    found.extend(Argument(str(path[-1]), _command(words)) for path, words in lists.items())
    return found


def numbers(raw: str) -> list[Argument]:
    """Return the numbers in the JSON text of a call's arguments, which are no segments; none for what is no JSON."""
    try:
        return list(_numbers(orjson.loads(raw), "", 0))
    except orjson.JSONDecodeError:
        return []


def _numbers(node: Any, key: str, depth: int) -> Iterator[Argument]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _numbers(child, name, depth + 1)
    elif isinstance(node, list):
        for child in node:
            yield from _numbers(child, key, depth + 1)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield Argument(key, repr(node))


def _name(path: Path) -> tuple[str, Path]:
    """Return the name nearest to a string, and the path that ends with it; "" for what only a wire format names."""
    for length in range(len(path), 0, -1):
        part = path[length - 1]
        if isinstance(part, str):
            return ("" if part in _INNER else part), path[:length]
    return "", ()


def _command(words: list[str]) -> str:
    """Return a command as one line: what a shell is given to run, else its words."""
    if len(words) >= 3 and words[0].rpartition("/")[2] in _SHELLS and words[1].startswith(("-", "/")):
        return " ".join(words[2:])
    return " ".join(words)
