"""Workspaces: in which development context a caller works. Chosen by its key, a header, or a repository it tells of.

Owns the choice and who made it. Verifies nothing and never pretends to: only what an operator bound to a key is more
than the caller's word, and every record says which it was (`WorkspaceSource`).
Source of the header that names a repository: Codex CLI 0.169, `x-codex-turn-metadata`, read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from stockade.core.errors import InvalidRequestError
from stockade.core.principal import NO_WORKSPACE, Principal, Workspace, WorkspaceSource

WORKSPACE_HEADER = b"x-stockade-workspace"
TURN_HEADER = b"x-codex-turn-metadata"
TURN_BYTES_MAX = 16_384
_REMOTES_MAX = 16
_NESTED_MAX = 6
_SCP = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!//)([^\s]+)")


class Chosen(NamedTuple):
    """A workspace and who named it."""

    workspace: Workspace
    asserted_by: WorkspaceSource


NOT_SAID = Chosen(NO_WORKSPACE, WorkspaceSource.NONE)


class Workspaces:
    """All workspaces that configuration names."""

    __slots__ = ("_known", "_repositories")

    def __init__(self, known: Iterable[tuple[Workspace, Iterable[str]]] = ()) -> None:
        """Take workspaces, each with its patterns of repository addresses (`github.com/acme/*`)."""
        self._known: dict[str, Workspace] = {}
        self._repositories: list[tuple[re.Pattern[str], Workspace]] = []
        for workspace, patterns in known:
            self._known[workspace.id] = workspace
            globs = [translate(pattern.lower()) for pattern in patterns]
            if globs:
                self._repositories.append((re.compile("|".join(globs)), workspace))

    def choose(self, principal: Principal, headers: Iterable[tuple[bytes, bytes]]) -> Chosen:
        """Return where this caller works: what its key is bound to, else its header, else its repository.

        Fails: InvalidRequestError when a workspace is named that nobody configured, or another than the key's.
        """
        named, turn = _named(headers)
        if principal.workspace:
            if named and named != principal.workspace:
                raise InvalidRequestError(
                    "The header x-stockade-workspace names another workspace than this key is bound to.",
                    hint="Leave the header out, or use a key of that workspace.",
                )
            return Chosen(self._workspace(principal.workspace), WorkspaceSource.KEY)
        if named:
            return Chosen(self._workspace(named), WorkspaceSource.HEADER)
        if turn and self._repositories:
            for remote in _remotes(turn):
                for pattern, workspace in self._repositories:
                    if pattern.fullmatch(remote):
                        return Chosen(workspace, WorkspaceSource.REPOSITORY)
        return NOT_SAID

    def _workspace(self, name: str) -> Workspace:
        known = self._known.get(name)
        if known is None:
            raise InvalidRequestError(
                "This gate knows no workspace of that name.",
                hint="`workspaces:` in stockade.yaml names those that it knows.",
            )
        return known


def repository(address: str) -> str:
    """Return a repository's address as patterns write it: `host/path` in small letters, without `.git`; or "".

    >>> repository("git@github.com:Acme/Payments.git")
    'github.com/acme/payments'
    """
    scp = _SCP.fullmatch(address)
    if scp is not None:
        host, path = scp[1], scp[2]
    else:
        try:
            parts = urlsplit(address)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return ""
    path = path.strip("/").removesuffix(".git")
    return f"{host}/{path}".lower() if host and path else ""


def _named(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, bytes]:
    names = {value.strip() for name, value in headers if name == WORKSPACE_HEADER}
    if len(names) > 1:
        raise InvalidRequestError("The header x-stockade-workspace names two workspaces.", hint="Name one.")
    named = names.pop().decode("latin-1") if names else ""
    turn = next((value for name, value in headers if name == TURN_HEADER), b"")
    return named, turn if len(turn) <= TURN_BYTES_MAX else b""


def _remotes(turn: bytes) -> list[str]:
    """Return the addresses of repositories that Codex tells of, wherever in its JSON they stand."""
    try:
        told = orjson.loads(turn)
    except orjson.JSONDecodeError:
        return []
    found = [repository(text) for text in _texts(told, 0)]
    return [remote for remote in found if remote][:_REMOTES_MAX]


def _texts(node: Any, depth: int) -> Iterator[str]:
    if isinstance(node, str):
        if "/" in node and (":" in node or "@" in node):
            yield node
    elif depth < _NESTED_MAX and isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _texts(child, depth + 1)
