"""Permissions: what may be done with the gate beside calling models, and which role may do it.

Owns the names and the one table of roles. Every command and every route of the control plane declares one; a request
to a model is policy's to allow (`guard/policy`), never this table's.
Form `<scope>:<resource>:<action>` after pypi/warehouse, warehouse/authnz/_permissions.py (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from stockade.core.principal import Role


class Permission(StrEnum):
    """One thing that a role may do. A name is stable for ever; the list is alphabetical.

    Scopes: `access` who gets in, `approval` what waits for a yes, `evidence` what was written down, `guard` how
    requests are judged, `own` the caller's own affairs.
    """

    ACCESS_KEYS_CREATE = "access:keys:create"
    ACCESS_KEYS_LIST = "access:keys:list"
    ACCESS_KEYS_REVOKE = "access:keys:revoke"
    ACCESS_KEYS_SUSPEND = "access:keys:suspend"
    ACCESS_PEOPLE_LIST = "access:people:list"
    ACCESS_PEOPLE_REVOKE = "access:people:revoke"
    ACCESS_STOPS_LIST = "access:stops:list"
    ACCESS_STOPS_WRITE = "access:stops:write"
    APPROVAL_CALLS_DECIDE = "approval:calls:decide"
    APPROVAL_CALLS_LIST = "approval:calls:list"
    APPROVAL_MODELS_DECIDE = "approval:models:decide"
    EVIDENCE_LEDGER_READ = "evidence:ledger:read"
    EVIDENCE_LEDGER_VERIFY = "evidence:ledger:verify"
    EVIDENCE_RECORDINGS_ERASE = "evidence:recordings:erase"
    EVIDENCE_RECORDINGS_LIST = "evidence:recordings:list"
    EVIDENCE_RECORDINGS_READ = "evidence:recordings:read"
    EVIDENCE_USAGE_READ = "evidence:usage:read"
    GUARD_BACKTEST_RUN = "guard:backtest:run"
    GUARD_BENCH_RUN = "guard:bench:run"
    GUARD_CONFIG_CHECK = "guard:config:check"
    GUARD_CONFIG_READ = "guard:config:read"
    GUARD_EVALS_LIST = "guard:evals:list"
    GUARD_EVALS_RUN = "guard:evals:run"
    GUARD_MODELS_LIST = "guard:models:list"
    GUARD_MODELS_WRITE = "guard:models:write"
    GUARD_POLICY_CHECK = "guard:policy:check"
    GUARD_POLICY_EXPLAIN = "guard:policy:explain"
    GUARD_POLICY_PROMOTE = "guard:policy:promote"
    GUARD_POLICY_READ = "guard:policy:read"
    OWN_IDENTITY_READ = "own:identity:read"
    OWN_USAGE_READ = "own:usage:read"


_OWN = frozenset({Permission.OWN_IDENTITY_READ, Permission.OWN_USAGE_READ})

_DEVELOPER = _OWN | {
    Permission.GUARD_BENCH_RUN,
    Permission.GUARD_CONFIG_CHECK,
    Permission.GUARD_EVALS_LIST,
    Permission.GUARD_MODELS_LIST,
    Permission.GUARD_POLICY_CHECK,
    Permission.GUARD_POLICY_READ,
}

_READER = _DEVELOPER | {
    Permission.ACCESS_KEYS_LIST,
    Permission.ACCESS_PEOPLE_LIST,
    Permission.ACCESS_STOPS_LIST,
    Permission.APPROVAL_CALLS_LIST,
    Permission.EVIDENCE_LEDGER_READ,
    Permission.EVIDENCE_LEDGER_VERIFY,
    Permission.EVIDENCE_RECORDINGS_LIST,
    Permission.EVIDENCE_USAGE_READ,
    Permission.GUARD_CONFIG_READ,
    Permission.GUARD_POLICY_EXPLAIN,
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMIN: frozenset(Permission)
        - {
            Permission.APPROVAL_CALLS_DECIDE,
            Permission.APPROVAL_MODELS_DECIDE,
            Permission.EVIDENCE_RECORDINGS_READ,
        },
        Role.APPROVER: _READER | {Permission.APPROVAL_CALLS_DECIDE, Permission.APPROVAL_MODELS_DECIDE},
        Role.AUDITOR: _READER | {Permission.EVIDENCE_RECORDINGS_READ, Permission.GUARD_BACKTEST_RUN},
        Role.DEVELOPER: _DEVELOPER,
    }
)
"""What each role may do. Nobody changes the gate and approves what passes it, or reads what people wrote, by one role
alone: who makes the rules does not decide the case, and each further role of a person is a fact that stands in records.
"""


def permitted(roles: Iterable[Role], permission: Permission) -> bool:
    """Say whether one of `roles` holds `permission`; without a role nothing is permitted."""
    return any(permission in ROLE_PERMISSIONS[role] for role in roles)
