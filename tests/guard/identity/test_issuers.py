from __future__ import annotations

import dataclasses

import pytest

from stockade.core.errors import UnauthenticatedError
from stockade.core.principal import PrincipalKind, Role
from stockade.guard.identity.issuers import Issuer, person, person_id
from tests.guard.identity.forging import CLAIMS, ISSUER, URL


def test_groups_become_teams_and_roles() -> None:
    found = person(ISSUER, {**CLAIMS, "groups": ["eng-core", "eng-web", "gate-admins", "payments", "unknown"]})
    assert found.kind is PrincipalKind.PERSON
    assert found.teams == ("engineering", "payments")
    assert found.roles == (Role.ADMIN, Role.DEVELOPER)


@pytest.mark.parametrize("groups", [None, [], "unknown"])
def test_who_is_in_no_group_has_no_team_and_no_role(groups: object) -> None:
    found = person(ISSUER, {**CLAIMS, "groups": groups})
    assert (found.teams, found.roles) == ((), ())


def test_one_group_may_stand_alone_and_deep() -> None:
    issuer = dataclasses.replace(ISSUER, groups_claim="realm_access.roles")
    assert person(issuer, {**CLAIMS, "realm_access": {"roles": "payments"}}).teams == ("payments",)
    assert person(issuer, {**CLAIMS, "realm_access": 7}).teams == ()
    named = dataclasses.replace(ISSUER, groups_claim="https://acme.example/groups")
    assert person(named, {**CLAIMS, "https://acme.example/groups": ["payments"]}).teams == ("payments",)


def test_only_members_are_let_in_where_members_are_named() -> None:
    issuer = dataclasses.replace(ISSUER, members=("eng-*",))
    assert person(issuer, CLAIMS).teams
    for groups in (None, ["payments"], ["x-eng-core"], "ENG-CORE"):
        with pytest.raises(UnauthenticatedError, match="None of the groups"):
            person(issuer, {**CLAIMS, "groups": groups})


def test_a_person_is_the_same_in_every_token_and_never_the_same_as_another() -> None:
    first = person_id(URL, "anna")
    assert first == person_id(URL, "anna")
    assert len(first) == 34
    assert len({first, person_id(URL, "Anna"), person_id(URL + "a", "nna"), person_id("https://x.test", "anna")}) == 4


@pytest.mark.parametrize("name", [None, 7, "a\nb", "x" * 200])
def test_a_name_that_cannot_be_shown_is_none(name: object) -> None:
    assert person(ISSUER, {**CLAIMS, "email": name}).name == ""


def test_an_issuer_without_an_audience_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        Issuer(URL, frozenset())
    with pytest.raises(AssertionError):
        Issuer(URL, frozenset({"a"}), algorithms=frozenset({"HS256"}))
