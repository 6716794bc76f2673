"""Approvals over HTTP: shown and decided by approvers alone; a link is for one use, a time and a round."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stockade.console.links import Link, opened, signed
from stockade.core.errors import NotFoundError
from stockade.core.permissions import Permission
from stockade.core.principal import Principal, Role
from stockade.guard.approvals.approval import Held, State, Subject
from tests.console.desk import BEARER, Answered, Desk, caller

Make = Callable[..., Desk]
HELD = Held("hold-1", "v1", "default", "key_a", Subject.CALL, ("hold-it",), 1, False, b'{"tool": "send_email"}')


def person(letter: str, *roles: Role) -> Principal:
    return Principal("p-" + letter * 32, letter, "default", roles=tuple(roles) or (Role.APPROVER,))


@pytest.fixture
def desk(open_desk: Make) -> Desk:
    made = open_desk(caller(Role.APPROVER))
    made.store.approvals.ask(HELD)
    return made


async def ask(desk: Desk, method: str, path: str, body: object = None) -> Answered:
    return await desk.ask(method, path, body, headers=BEARER)


async def link(desk: Desk, body: object = None) -> str:
    made = await ask(desk, "POST", "/api/approvals/hold-1/link", body or {})
    assert made.status == 201
    assert made.header("cache-control") == "no-store"
    return str(made.json["url"]).removeprefix("http://127.0.0.1:8701")


def state(desk: Desk) -> State:
    return desk.store.approvals.ask(HELD).state


async def test_what_waits_is_shown_and_approved(desk: Desk) -> None:
    [row] = (await ask(desk, "GET", "/api/approvals")).json["approvals"]
    assert (row["id"], row["state"], row["principal"]) == ("hold-1", "pending", "key_a")
    assert "shown" not in row
    assert (await ask(desk, "GET", "/api/approvals/hold-1")).json["shown"] == {"tool": "send_email"}
    done = await ask(desk, "POST", "/api/approvals/hold-1/approve", {"scope": "until", "for_s": 60})
    assert (done.status, done.json["state"], done.json["said"][0]["by"]) == (200, "approved", "p-" + "a" * 32)
    assert [state(desk), state(desk)] == [State.APPROVED] * 2
    assert (await ask(desk, "POST", "/api/approvals/hold-1/deny")).json["state"] == "denied"
    assert (await ask(desk, "GET", "/api/approvals")).json["approvals"] == []
    assert len((await ask(desk, "GET", "/api/approvals?all=1")).json["approvals"]) == 1
    assert [subject for _, _, subject in desk.noted] == ["hold-1 yes", "hold-1 no"]
    assert {permission for _, permission, _ in desk.noted} == {Permission.APPROVAL_CALLS_DECIDE}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR, Role.DEVELOPER])
async def test_only_approvers_decide_or_use_links(desk: Desk, role: Role) -> None:
    path = await link(desk)
    desk.callers.principal = person("b", role)
    for target in ("/api/approvals/hold-1", path):
        for verb in ("approve", "deny"):
            assert (await ask(desk, "POST", f"{target}/{verb}", {})).status == 403
    assert (await ask(desk, "GET", path)).status == 403
    assert (await ask(desk, "POST", "/api/approvals/hold-1/link", {})).status == 403
    assert state(desk) is State.PENDING


async def test_who_asked_neither_approves_nor_opens_a_link(desk: Desk) -> None:
    path = await link(desk)
    desk.callers.principal = Principal("key_a", "agent", "default", roles=(Role.APPROVER,))
    assert (await ask(desk, "POST", "/api/approvals/hold-1/approve", {})).status == 403
    assert (await ask(desk, "GET", path)).status == 403
    assert (await ask(desk, "POST", f"{path}/approve", {})).status == 403
    assert state(desk) is State.PENDING


async def test_a_link_is_used_once_even_where_two_must_approve(desk: Desk) -> None:
    desk.store.approvals.ask(HELD._replace(id="hold-2", value="v2", needed=2))
    path = (await link(desk)).replace("hold-1", "hold-2")
    made = await ask(desk, "POST", "/api/approvals/hold-2/link", {})
    path = str(made.json["url"]).removeprefix("http://127.0.0.1:8701")
    assert (await ask(desk, "GET", path)).json["id"] == "hold-2"
    assert (await ask(desk, "POST", f"{path}/approve", {})).json["state"] == "pending"
    desk.callers.principal = person("b")
    assert (await ask(desk, "POST", f"{path}/approve", {})).status == 409
    assert (await ask(desk, "GET", path)).status == 409
    assert (await ask(desk, "POST", "/api/approvals/hold-2/approve", {})).json["state"] == "approved"


async def test_a_link_ends_with_its_time_and_with_its_round(desk: Desk) -> None:
    short = await link(desk, {"for_s": 10})
    path = await link(desk)
    desk.now_s += 10
    assert (await ask(desk, "POST", f"{short}/approve", {})).status == 409
    assert (await ask(desk, "POST", f"{path}/approve", {})).status == 200
    assert [state(desk), state(desk)] == [State.APPROVED, State.PENDING]
    assert (await ask(desk, "POST", f"{path}/approve", {})).status == 409
    assert state(desk) is State.PENDING


async def test_a_link_that_was_changed_is_none(desk: Desk) -> None:
    path = await link(desk)
    token = path.rpartition("/")[2]
    for other in (token[:-1], token + "A", "A" + token[1:], token.swapcase(), "x", "é", token * 9):
        assert (await ask(desk, "GET", f"/api/approval-links/{other}")).status == 404
    stranger = signed(b"other key", Link("hold-1", 1, 2**40, "n"))
    with pytest.raises(NotFoundError):
        opened(b"key", stranger, 0)


@pytest.mark.parametrize("body", [{"scope": "ever"}, {"scope": 1}, {"for_s": 0}, {"for_s": True}, {"for": 1}, b"no"])
async def test_what_cannot_be_read_decides_nothing(desk: Desk, body: object) -> None:
    assert (await ask(desk, "POST", "/api/approvals/hold-1/approve", body)).status == 400
    assert state(desk) is State.PENDING


async def test_a_session_of_a_browser_needs_the_header_of_our_pages(desk: Desk) -> None:
    headers = desk.session(person("b"))
    assert (await desk.ask("POST", "/api/approvals/hold-1/approve", {}, headers=headers[:1])).status == 403
    assert (await desk.ask("POST", "/api/approvals/hold-1/approve", {}, headers=headers)).status == 200


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for method, path in (
        ("GET", "hold-9"),
        ("POST", "hold-9/approve"),
        ("POST", "hold-9/deny"),
        ("POST", "hold-9/link"),
    ):
        assert (await ask(desk, method, f"/api/approvals/{path}", {})).status == 404
