"""Who sits at the terminal, and what configuration that asks for a sign-in lets them do: every command, every role."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import orjson
import pytest
from click.testing import CliRunner

from stockade.app import open_store
from stockade.cli.access import Open, check, commands, declared
from stockade.cli.credentials import Credentials, CredentialsFile
from stockade.cli.main import main
from stockade.cli.person import configured_target, fresh_token, named_target
from stockade.config.identity import Issuer
from stockade.config.reader import read_settings
from stockade.core.errors import ConfigError, ForbiddenError, StockadeError
from stockade.core.permissions import ROLE_PERMISSIONS, Permission
from stockade.core.principal import Role
from stockade.testing.issuer import FakeIssuer

FILE = """\
upstreams: {{openai: {{base_url: 'https://x.test', key_env: K}}}}
control: {{require_login: {login}}}
identity: {{issuers: [{{url: '{issuer}', audiences: [stockade], allow_private: true, client_id: gate,
  roles: [{{group: '*', role: auditor}}]}}]}}
"""


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer() as one:
        yield one


@pytest.fixture
def config(issuer: FakeIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "stockade.yaml"
    path.write_text(FILE.format(login="true", issuer=issuer.url), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("STOCKADE_CONFIG", raising=False)
    monkeypatch.delenv("STOCKADE_KEY", raising=False)
    return path


def key(config: Path, *roles: Role) -> str:
    store = open_store(read_settings(config))
    try:
        return store.keys.create("someone", roles=roles).text
    finally:
        store.close()


def token(issuer: FakeIssuer, lifetime_s: float = 600) -> str:
    now = time.time()
    claims = {"sub": "anna", "aud": "stockade", "iat": now, "exp": now + lifetime_s, "groups": ["auditors"]}
    return issuer.sign(claims)


def signed_in(issuer: FakeIssuer, lifetime_s: float, refresh: str = "refresh") -> CredentialsFile:
    file = CredentialsFile(os.environ)
    file.write(Credentials(issuer.url, "gate", ("openid",), "", "old", refresh, time.time() + lifetime_s))
    return file


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_a_permission_is_given_exactly_where_a_role_holds_it(
    config: Path, role: Role | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKADE_KEY", key(config, *([role] if role else [])))
    wanted = {what for _, found in commands(main) if isinstance(what := declared(found), Permission)}
    for permission in wanted:
        if role and permission in ROLE_PERMISSIONS[role]:
            check(permission, config)
        else:
            with pytest.raises(ForbiddenError):
                check(permission, config)


@pytest.mark.parametrize("broken", ["", "sk-stockade-nonsense", "eyJ.a.b", "x" * 600, "ü"])
def test_nobody_gets_further_by_no_proof_on_any_command(
    config: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKADE_KEY", broken)
    for _, found in commands(main):
        what = declared(found)
        if isinstance(what, Permission):
            with pytest.raises(StockadeError):
                check(what, None)
            assert found.callback is not None
            with pytest.raises(StockadeError), click.Context(found):
                found.callback(**{parameter.name: None for parameter in found.params if parameter.name})
        else:
            assert what is Open.ANYBODY


def test_a_store_that_cannot_be_asked_lets_nobody_in(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKADE_KEY", key(config, Role.ADMIN))
    (config.parent / ".stockade" / "control.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(StockadeError):
        check(Permission.ACCESS_KEYS_LIST, config)


def test_without_the_setting_the_operating_system_says_who_may(config: Path, issuer: FakeIssuer) -> None:
    config.write_text(FILE.format(login="false", issuer=issuer.url), encoding="utf-8")
    assert CliRunner().invoke(main, ["keys", "list"]).exit_code == 0


def test_a_signed_in_person_has_her_roles(config: Path, issuer: FakeIssuer) -> None:
    file = signed_in(issuer, 0)
    issuer.answers["/token"] = (
        200,
        orjson.dumps({"access_token": token(issuer), "token_type": "Bearer", "expires_in": 600}),
    )
    check(Permission.ACCESS_KEYS_LIST, config)
    with pytest.raises(ForbiddenError):
        check(Permission.ACCESS_KEYS_CREATE, config)
    told = CliRunner().invoke(main, ["whoami"])
    assert "auditor" in told.stdout
    assert file.read().refresh_token == "refresh"


def test_a_fresh_token_is_not_refreshed_and_many_refresh_once(config: Path, issuer: FakeIssuer) -> None:
    file = signed_in(issuer, 600)
    assert fresh_token(file) == "old"
    signed_in(issuer, 5)
    issuer.answers["/token"] = (
        200,
        orjson.dumps({"access_token": "new", "token_type": "bearer", "expires_in": 600, "refresh_token": "next"}),
    )
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: fresh_token(file), range(8))) == {"new"}
    assert issuer.asked.count("/token") == 1
    assert b"refresh_token=refresh&client_id=gate" in issuer.forms[0]
    assert file.read().refresh_token == "next"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, b'{"error":"invalid_grant"}', "refused to give a token"),
        (500, b"", "status 500"),
        (200, b"{}", "no bearer token"),
        (200, b'{"access_token":"a","token_type":"mac"}', "no bearer token"),
        (302, b"", "redirect"),
    ],
)
def test_a_refresh_that_fails_says_why_and_keeps_what_there_was(
    config: Path, issuer: FakeIssuer, status: int, body: bytes, words: str
) -> None:
    file = signed_in(issuer, 5)
    issuer.answers["/token"] = (status, body)
    result = CliRunner().invoke(main, ["token"])
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""
    assert file.read().access_token == "old"


def test_signing_out_forgets_and_tells_the_issuer(config: Path, issuer: FakeIssuer) -> None:
    file = signed_in(issuer, 600)
    assert CliRunner().invoke(main, ["logout"]).exit_code == 0
    assert not file.path.exists()
    assert CliRunner().invoke(main, ["logout"]).exit_code == 0


def test_where_to_sign_in_must_be_clear() -> None:
    first = Issuer(url="https://a.test", audiences=("x",), client_id="gate")
    second = Issuer(url="https://b.test", audiences=("x",), client_id="gate")
    nobody = Issuer(url="https://c.test", audiences=("x",))
    assert configured_target((first, nobody), None).address.url == "https://a.test"
    assert configured_target((first, second), "https://b.test").address.url == "https://b.test"
    for issuers, url in (((first, second), None), ((), None), ((nobody,), None), ((first,), "https://z.test")):
        with pytest.raises(ConfigError, match="not clear"):
            configured_target(issuers, url)


async def test_a_named_issuer_is_reached_over_plain_http_on_this_machine_alone(issuer: FakeIssuer) -> None:
    here = named_target(issuer.url, "gate", (), "").address
    assert (await here.fetch(issuer.url + "/jwks")).status == 200
    for url in ("http://login.example.com", "http://10.0.0.1"):
        with pytest.raises(Exception, match="address"):
            await named_target(url, "gate", (), "").address.fetch(url)
