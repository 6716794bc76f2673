import re

import pytest

from stockade.core.permissions import ROLE_PERMISSIONS, Permission, permitted
from stockade.core.principal import Role


def test_names_are_alphabetical_and_say_scope_resource_and_action() -> None:
    assert list(Permission) == sorted(Permission)
    for permission in Permission:
        assert re.fullmatch(r"[a-z]+:[a-z]+:[a-z]+", permission)
        assert permission.name == permission.value.replace(":", "_").upper()


def test_every_role_has_its_line_and_every_permission_a_role() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == frozenset(Permission)


def test_no_role_permits_nothing() -> None:
    assert not any(permitted((), permission) for permission in Permission)


@pytest.mark.parametrize(
    ("role", "permission", "answer"),
    [
        (Role.ADMIN, Permission.ACCESS_KEYS_CREATE, True),
        (Role.ADMIN, Permission.APPROVAL_CALLS_DECIDE, False),
        (Role.ADMIN, Permission.EVIDENCE_RECORDINGS_READ, False),
        (Role.APPROVER, Permission.APPROVAL_CALLS_DECIDE, True),
        (Role.APPROVER, Permission.GUARD_POLICY_PROMOTE, False),
        (Role.AUDITOR, Permission.EVIDENCE_RECORDINGS_READ, True),
        (Role.AUDITOR, Permission.ACCESS_KEYS_REVOKE, False),
        (Role.DEVELOPER, Permission.OWN_IDENTITY_READ, True),
        (Role.DEVELOPER, Permission.EVIDENCE_LEDGER_READ, False),
    ],
)
def test_what_the_roles_are_for(role: Role, permission: Permission, answer: bool) -> None:
    assert permitted((role,), permission) is answer


def test_only_those_who_may_change_nothing_else_decide_or_read_content() -> None:
    changing = {p for p in Permission if p.rpartition(":")[2] in {"create", "revoke", "suspend", "write", "promote"}}
    apart = {Permission.APPROVAL_CALLS_DECIDE, Permission.APPROVAL_MODELS_DECIDE, Permission.EVIDENCE_RECORDINGS_READ}
    for held in ROLE_PERMISSIONS.values():
        assert not (held & changing and held & apart)


def test_roles_add_up() -> None:
    both = (Role.AUDITOR, Role.DEVELOPER)
    assert {p for p in Permission if permitted(both, p)} == ROLE_PERMISSIONS[both[0]] | ROLE_PERMISSIONS[both[1]]
