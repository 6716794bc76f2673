"""Facts: what policy is told of one finding or one call. Closed, hashable values, so that answers can be memoised."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from stockade.core.principal import NO_WORKSPACE, PrincipalKind, Workspace, WorkspaceSource


class Action(StrEnum):
    """What a principal is about to do; the action of a policy rule."""

    APPROVE = "approve"  # say yes to what waits for a person
    CALL_TOOL = "call_tool"  # let a tool call of an answer reach the client, who runs it
    COMPLETE = "complete"  # let this finding in an answer reach the client
    FORWARD = "forward"  # call this model at all
    PROMPT = "prompt"  # let this finding in a request reach the vendor
    WRITE_CODE = "write_code"  # change a file of a workspace


class Origin(StrEnum):
    """Where a found value is known from."""

    CONVERSATION = "conversation"  # an answer's value that the request already held
    NEW = "new"
    VENDOR = "vendor"  # a request's value that the vendor itself wrote in an earlier answer


class CallFacts(NamedTuple):
    """Who calls which model over which dialect, from where.

    `principal` is the caller's id. `listed` says whether configuration lists the model at all, `approved` whether for
    everybody or only for evaluation. `asserted_by` says who named the workspace: nothing verifies it.
    """

    tenant: str
    principal: str
    model: str
    dialect: str
    listed: bool
    approved: bool = True
    kind: PrincipalKind = PrincipalKind.KEY
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    workspace: Workspace = NO_WORKSPACE
    asserted_by: WorkspaceSource = WorkspaceSource.NONE


class FindingFacts(NamedTuple):
    """What policy may know of a finding.

    `score` is in thousandths; `encoded` is true when a view had to be opened; `latest` is false where the model has
    answered since, so that the client sends the text as history.
    """

    detector: str
    rule: str
    category: str
    severity: int
    score: int
    channel: str
    kind: str
    editable: bool
    encoded: bool
    origin: str
    latest: bool = True


class Ground(StrEnum):
    """Where the value that decides what a tool call does comes from; of several the worst counts, strongest last."""

    COMPOSED = "composed"  # the model's own making, and ordinary
    INVENTED = "invented"  # nobody wrote it, or not so
    NONE = "none"  # nothing in the call decides whom it reaches or what it changes
    PERSON = "person"
    RECORD = "record"  # a whole field of a first-party record
    SYSTEM = "system"
    UNTRUSTED = "untrusted"  # free text that a tool brought


class ToolFacts(NamedTuple):
    """A tool that the model wants to be run. `server` is the MCP server in names like `mcp__server__tool`, else "".

    What the tool can do: `changes_state`, `sends_out`. What the session did before: `read_untrusted`, `read_private`.
    What the person wants: `asked` for something of this kind; `ground` of the value that decides.
    """

    name: str
    server: str = ""
    changes_state: bool = False
    sends_out: bool = False
    read_untrusted: bool = False
    read_private: bool = False
    asked: bool = True
    ground: Ground = Ground.NONE


class CodeFacts(NamedTuple):
    """A file that is about to be written in the call's workspace. `path` is relative to the repository."""

    path: str
    language: str = ""


Subject = FindingFacts | ToolFacts | CodeFacts | None
"""What a question is about beside the call: None for the call itself."""
