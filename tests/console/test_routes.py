"""Every route with every role, with none, with broken authenticators, with hosts that lie: allowed where declared."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, combinations
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from stockade.console.control import control_application
from stockade.console.routes import ControlRoute, Open, open_route
from stockade.core.errors import StoppedError, StorageError, UnauthenticatedError
from stockade.core.permissions import ROLE_PERMISSIONS
from stockade.core.principal import Principal, Role
from tests.console.desk import BEARER, URL, Desk, caller

Make = Callable[..., Desk]
ROLES = [tuple(some) for some in chain.from_iterable(combinations(Role, count) for count in range(3))]
BODY = {"name": "laptop"}
HOSTS = [b"127.0.0.1:8701", b"evil.test", b"", b"a/api/me?@:9"]


def routes(desk: Desk) -> list[tuple[str, str, ControlRoute]]:
    found = []
    for each in desk.routes:
        path = each.path.replace("{id:str}", "nobody").replace("{kind}", "person").replace("{subject}", "nobody")
        found += [(method, path, each) for method in sorted(each.methods or ())]
    return found


def test_every_route_declares_what_it_needs(open_desk: Make) -> None:
    assert len(routes(open_desk(caller()))) > 10
    for _, path, each in routes(open_desk(caller())):
        assert isinstance(each, ControlRoute), path
        assert each.needs is not None, path
    anybody = {path for _, path, each in routes(open_desk(caller())) if each.needs is Open.ANYBODY}
    assert anybody == {"/healthz", "/login", "/callback"}


@pytest.mark.parametrize("roles", ROLES, ids=lambda roles: "+".join(roles) or "none")
@pytest.mark.parametrize("by", ["token", "session"])
async def test_a_caller_gets_exactly_where_its_roles_hold_the_permission(
    open_desk: Make, roles: tuple[Role, ...], by: str
) -> None:
    desk = open_desk(caller(*roles))
    held = frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles)) if roles else frozenset()
    headers = BEARER if by == "token" else desk.session(caller(*roles))
    for method, path, each in routes(desk):
        for host in HOSTS:
            answered = await desk.ask(method, path, BODY, headers=headers, host=host)
            allowed = each.needs is Open.ANYBODY or each.needs in held
            assert (answered.status != 403) is allowed or path == "/callback", (method, path, host)
            if not allowed:
                assert answered.status == 403
                assert answered.json["error"]["code"] == "forbidden" if method != "HEAD" else True
    assert desk.faults == []


@pytest.mark.parametrize(
    "error",
    [UnauthenticatedError("x"), RuntimeError("x"), StorageError("x"), KeyError("x"), MemoryError(), RecursionError()],
    ids=repr,
)
@pytest.mark.parametrize("by", ["token", "session"])
async def test_a_broken_authenticator_lets_nobody_in(open_desk: Make, error: Exception, by: str) -> None:
    desk = open_desk(error)
    headers = BEARER if by == "token" else desk.session(caller(Role.ADMIN))
    for method, path, each in routes(desk):
        if each.needs is not Open.ANYBODY:
            answered = await desk.ask(method, path, BODY, headers=headers)
            assert answered.status == 401, (method, path)
            assert answered.header("www-authenticate") == "Bearer"
    assert desk.store.keys.list() == ()
    assert desk.noted == []


async def test_one_who_is_stopped_is_told_so(open_desk: Make) -> None:
    desk = open_desk(StoppedError("This key has been suspended."))
    answered = await desk.ask("GET", "/api/me", headers=BEARER)
    assert answered.status == StoppedError.status


async def test_without_a_credential_nobody_is_anybody(open_desk: Make) -> None:
    desk = open_desk(caller(Role.ADMIN))
    for method, path, each in routes(desk):
        if each.needs is not Open.ANYBODY:
            assert (await desk.ask(method, path, BODY)).status == 401
            assert (await desk.ask(method, path, BODY, headers=((b"cookie", b"stockade=00"),))).status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/keys/",
        "//api/keys",
        "/api/../api/keys",
        "/API/KEYS",
        "/api/keys/x",
        "/v1/messages",
        "/api/keys%2f",
        "/readyz",
    ],
)
@pytest.mark.parametrize("host", HOSTS)
async def test_what_is_no_route_is_nothing_and_leads_nowhere(open_desk: Make, path: str, host: bytes) -> None:
    answered = await open_desk(caller(Role.ADMIN)).ask("GET", path, headers=BEARER, host=host)
    assert answered.status in (404, 405)
    assert answered.header("location") == ""


@pytest.mark.parametrize(
    ("left_out", "origin", "status"),
    [(False, None, 201), (True, None, 403), (False, URL, 201), (False, "https://evil.test", 403), (False, "null", 403)],
)
async def test_another_site_cannot_have_a_browser_make_a_change(
    open_desk: Make, left_out: bool, origin: str | None, status: int
) -> None:
    desk = open_desk(caller(Role.ADMIN))
    headers = desk.session(caller(Role.ADMIN))[: 1 if left_out else 2]
    headers += ((b"origin", origin.encode()),) if origin else ()
    assert (await desk.ask("POST", "/api/keys", BODY, headers=headers)).status == status
    assert len(desk.store.keys.list()) == (status == 201)


async def test_a_fault_is_told_without_a_word_of_what_it_was(open_desk: Make) -> None:
    desk = open_desk(caller(Role.ADMIN))

    async def broken(_request: Request) -> Response:
        raise RuntimeError("secret")

    desk.application = control_application([open_route("GET", "/broken", broken)], desk.faults.append)
    answered = await desk.ask("GET", "/broken")
    assert answered.status == 500
    assert b"secret" not in answered.body
    assert desk.faults == ["RuntimeError"]


async def test_every_answer_keeps_a_browser_from_being_misled(open_desk: Make) -> None:
    for path in ("/healthz", "/nothing", "/api/me"):
        answered = await open_desk(caller()).ask("GET", path)
        assert answered.header("x-content-type-options") == "nosniff"
        assert answered.header("x-frame-options") == "DENY"
        assert "default-src 'none'" in answered.header("content-security-policy")


def test_no_route_is_made_but_by_its_function() -> None:
    for path in Path("src/stockade/console").glob("*.py"):
        if path.name != "routes.py":
            text = path.read_text(encoding="utf-8")
            assert "Route(" not in text
            assert "add_route" not in text


async def test_the_principal_of_a_session_is_the_one_that_signed_in(open_desk: Make) -> None:
    desk = open_desk(caller())
    other = Principal("p-" + "b" * 32, "ben", "acme", roles=(Role.AUDITOR,))
    answered = await desk.ask("GET", "/api/me", headers=desk.session(other))
    assert (answered.json["id"], answered.json["tenant"], answered.json["roles"]) == (other.id, "acme", ["auditor"])
