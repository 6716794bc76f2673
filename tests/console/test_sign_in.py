"""Sign-ins of browsers: only the browser that began one can end it, with the answer to it, in time, once."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from stockade.core.errors import UnauthenticatedError
from stockade.core.principal import Role
from tests.console.desk import ISSUER, Answered, Desk, Headers, caller

Make = Callable[..., Desk]


def cookies(answered: Answered) -> Headers:
    told = "; ".join(f"{name}={value}" for name, value in answered.cookies.items())
    return ((b"cookie", told.encode()),)


def state(answered: Answered) -> str:
    return parse_qs(urlsplit(answered.header("location")).query)["state"][0]


async def test_a_browser_signs_in_and_out(open_desk: Make) -> None:
    desk = open_desk(caller(Role.DEVELOPER))
    begun = await desk.ask("GET", "/login")
    assert begun.status == 303
    assert begun.header("location").startswith(ISSUER)
    back = await desk.ask("GET", f"/callback?code=abc&state={state(begun)}", headers=cookies(begun))
    assert (back.status, back.header("location")) == (303, "/api/me")
    assert desk.callers.codes[0][0] == "abc"
    assert desk.callers.codes[0][1].redirect_uri == "http://127.0.0.1:8701/callback"
    me = await desk.ask("GET", "/api/me", headers=cookies(back))
    assert me.json["permissions"]
    out = await desk.ask("POST", "/logout", headers=(*cookies(back), (b"x-stockade-console", b"1")))
    assert out.cookies["stockade"] in ("", '""')


async def test_cookies_are_kept_from_scripts_and_other_sites(open_desk: Make) -> None:
    desk = open_desk(caller(), url="https://gate.example.com")
    begun = await desk.ask("GET", "/login")
    attributes = begun.header("set-cookie").lower()
    assert attributes.startswith("__host-stockade-sign-in=")
    for wanted in ("httponly", "samesite=lax", "secure", "path=/", "max-age=600"):
        assert wanted in attributes
    assert state(begun) not in begun.header("set-cookie"), "a cookie is sealed"


@pytest.mark.parametrize(
    "query",
    ["code=abc", "code=abc&state=other", "state={state}", "code=&state={state}", "error=access_denied&state={state}",
     "code=abc&state={state}&iss=https://evil.test", "code=" + "x" * 5000 + "&state={state}"],
)  # fmt: skip
async def test_an_answer_of_another_sign_in_is_refused(open_desk: Make, query: str) -> None:
    desk = open_desk(caller(Role.ADMIN))
    begun = await desk.ask("GET", "/login")
    answered = await desk.ask("GET", "/callback?" + query.format(state=state(begun)), headers=cookies(begun))
    assert answered.status == 401
    assert "stockade" not in answered.cookies
    assert desk.callers.codes == []


async def test_the_cookie_of_another_browser_does_not_help(open_desk: Make) -> None:
    desk = open_desk(caller(Role.ADMIN))
    mine, other = await desk.ask("GET", "/login"), await desk.ask("GET", "/login")
    path = f"/callback?code=abc&state={state(mine)}"
    assert (await desk.ask("GET", path)).status == 401
    assert (await desk.ask("GET", path, headers=cookies(other))).status == 401
    session = desk.session(caller(Role.ADMIN))
    swapped = ((b"cookie", session[0][1].replace(b"stockade=", b"stockade-sign-in=")),)
    assert (await desk.ask("GET", path, headers=swapped)).status == 401, "a session is no sign-in"


async def test_a_sign_in_that_takes_too_long_is_refused(open_desk: Make) -> None:
    desk = open_desk(caller(Role.ADMIN))
    begun = await desk.ask("GET", "/login")
    for passed_s in (601, -1):
        desk.now_s += passed_s
        answered = await desk.ask("GET", f"/callback?code=a&state={state(begun)}", headers=cookies(begun))
        assert answered.status == 401 or passed_s == -1
        desk.now_s -= passed_s


async def test_a_session_ends(open_desk: Make) -> None:
    desk = open_desk(caller(Role.ADMIN))
    session = desk.session(caller(Role.ADMIN))
    assert (await desk.ask("GET", "/api/me", headers=session)).status == 200
    desk.now_s += 3600
    assert (await desk.ask("GET", "/api/me", headers=session)).status == 401


async def test_a_revoked_person_is_out_at_once(open_desk: Make) -> None:
    desk = open_desk(caller(Role.ADMIN))
    session = desk.session(caller(Role.ADMIN))
    desk.callers.revoked.add(caller().id)
    assert (await desk.ask("GET", "/api/me", headers=session)).status == 401


@pytest.mark.parametrize("at", [0, 20, -5])
async def test_a_changed_cookie_is_none(open_desk: Make, at: int) -> None:
    desk = open_desk(caller(Role.ADMIN))
    ((name, value), _) = desk.session(caller(Role.ADMIN))
    start = len(b"stockade=")
    place = start + at if at >= 0 else len(value) + at
    changed = value[:place] + (b"A" if value[place : place + 1] != b"A" else b"B") + value[place + 1 :]
    assert (await desk.ask("GET", "/api/me", headers=((name, changed),))).status == 401


@pytest.mark.parametrize("issuer", ["https://evil.test", "", "https://login.example.com/"])
async def test_nobody_signs_in_at_an_issuer_that_is_not_configured(open_desk: Make, issuer: str) -> None:
    answered = await open_desk(caller()).ask("GET", f"/login?issuer={issuer}")
    assert answered.status == 400
    assert answered.header("location") == ""


async def test_an_issuer_that_refuses_signs_nobody_in(open_desk: Make) -> None:
    desk = open_desk(UnauthenticatedError("x"))
    begun = await desk.ask("GET", "/login")
    answered = await desk.ask("GET", f"/callback?code=a&state={state(begun)}", headers=cookies(begun))
    assert answered.status == 401
    assert "stockade" not in answered.cookies
