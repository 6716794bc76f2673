from __future__ import annotations

from collections.abc import Callable

import pytest

from stockade.core.permissions import Permission
from stockade.core.principal import Role
from tests.console.desk import BEARER, Answered, Desk, caller

Make = Callable[..., Desk]
PERSON = "p-" + "c" * 32


@pytest.fixture
def desk(open_desk: Make) -> Desk:
    return open_desk(caller(Role.ADMIN))


async def ask(desk: Desk, method: str, path: str, body: object = None) -> Answered:
    return await desk.ask(method, path, body, headers=BEARER)


async def test_a_key_lives_from_its_making_to_its_end(desk: Desk) -> None:
    made = await ask(
        desk,
        "POST",
        "/api/keys",
        {"name": "laptop", "team": "core", "roles": ["developer"], "workspace": "payments"},
    )
    assert made.status == 201
    assert made.header("cache-control") == "no-store"
    key_id, text = made.json["id"], made.json["key"].encode()
    assert desk.store.keys.keyring().principal(text).roles == (Role.DEVELOPER,)
    for verb in ("suspend", "resume", "revoke"):
        assert (await ask(desk, "POST", f"/api/keys/{key_id}/{verb}")).status == 200
    (shown,) = (await ask(desk, "GET", "/api/keys")).json["keys"]
    assert (shown["team"], shown["suspended_at"], shown["revoked_at"] is None) == ("core", None, False)
    assert "key" not in shown
    assert [(permission, subject) for _, permission, subject in desk.noted] == [
        (Permission.ACCESS_KEYS_CREATE, key_id),
        (Permission.ACCESS_KEYS_SUSPEND, key_id),
        (Permission.ACCESS_KEYS_SUSPEND, key_id),
        (Permission.ACCESS_KEYS_REVOKE, key_id),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        {},
        {"name": ""},
        {"name": 7},
        {"name": "a", "roles": "admin"},
        {"name": "a", "roles": ["king"]},
        {"name": "a", "roles": [["admin"]]},
        {"name": "a", "workspace": "gone"},
        {"name": "a", "tenant": "A B"},
        {"name": "a", "digest": "00"},
    ],
)
async def test_what_is_no_key_is_not_made(desk: Desk, body: object) -> None:
    answered = await ask(desk, "POST", "/api/keys", body)
    assert answered.status == 400
    assert answered.json["error"]["code"] == "invalid_request"
    assert desk.store.keys.list() == ()
    assert desk.noted == []


async def test_a_body_has_a_bound_and_a_type(desk: Desk) -> None:
    assert (await ask(desk, "POST", "/api/keys", b" " * 70_000)).status == 413
    headers = (*BEARER, (b"content-type", b"text/plain"))
    answered = await desk.ask("POST", "/api/keys", {"name": "a"}, headers=headers)
    assert answered.status in (201, 400)


@pytest.mark.parametrize("verb", ["revoke", "suspend", "resume"])
async def test_an_unknown_key_is_not_found(desk: Desk, verb: str) -> None:
    assert (await ask(desk, "POST", f"/api/keys/nobody/{verb}")).status == 404


async def test_a_person_is_revoked_and_let_in_again(desk: Desk) -> None:
    body = {"kind": "person", "subject": PERSON}
    assert (await ask(desk, "POST", "/api/revocations", body)).status == 201
    assert (await ask(desk, "POST", "/api/revocations", {"kind": "everybody", "before": 5})).status == 201
    found = (await ask(desk, "GET", "/api/revocations")).json["revocations"]
    assert {record["kind"] for record in found} == {"person", "everybody"}
    assert (await ask(desk, "DELETE", f"/api/revocations/person/{PERSON}")).status == 200
    assert (await ask(desk, "DELETE", f"/api/revocations/person/{PERSON}")).status == 404
    assert (await ask(desk, "DELETE", "/api/revocations/everybody/-")).status == 200
    assert desk.store.revocations.list() == ()


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "person"},
        {"kind": "person", "subject": "anna"},
        {"kind": "all"},
        {"kind": "everybody"},
        {"kind": "everybody", "before": True},
        {"kind": "everybody", "before": "now"},
        {"kind": "everybody", "before": -1},
    ],
)
async def test_nobody_in_particular_is_not_revoked(desk: Desk, body: object) -> None:
    assert (await ask(desk, "POST", "/api/revocations", body)).status == 400
    assert desk.store.revocations.list() == ()
