"""Principals: who calls, and in which development context. There is no default principal (DESIGN invariant 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class PrincipalKind(StrEnum):
    """What proved the caller."""

    KEY = "key"  # an API key: a service, or a machine of somebody
    PERSON = "person"  # a token of an OpenID provider


class Role(StrEnum):
    """What a principal may do on the control side; `core/permissions.py` says what each holds."""

    ADMIN = "admin"
    APPROVER = "approver"
    AUDITOR = "auditor"
    DEVELOPER = "developer"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    `id` is public and stable: the id of the API key (never the key), or `p-` and a digest of a person's issuer and
    subject. `tenant` owns the pseudonyms. `teams` and `roles` are sorted. `workspace` is the one that the credential is
    bound to, "" for none.
    """

    id: str
    name: str
    tenant: str
    kind: PrincipalKind = PrincipalKind.KEY
    teams: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    workspace: str = ""


class Environment(StrEnum):
    """What runs on what is developed in a workspace."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    STAGING = "staging"
    TEST = "test"
    UNKNOWN = "unknown"


class DataClass(StrEnum):
    """The most confidential data that stands in a workspace."""

    CONFIDENTIAL = "confidential"
    INTERNAL = "internal"
    PUBLIC = "public"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"


class WorkspaceSource(StrEnum):
    """Who named the workspace. Only a key's was set by an operator; all others are the caller's word."""

    HEADER = "header"
    HOOK = "hook"
    KEY = "key"
    NONE = "none"
    REPOSITORY = "repository"  # the client told the address of a repository, which a pattern matched


class Workspace(NamedTuple):
    """A named development context as configuration describes it. `sensitivity`: 1 low to 4 critical, 0 not told."""

    id: str
    environment: Environment = Environment.UNKNOWN
    sensitivity: int = 0
    data_class: DataClass = DataClass.UNKNOWN


NO_WORKSPACE = Workspace("none")
"""Nobody said in which context the caller works."""
