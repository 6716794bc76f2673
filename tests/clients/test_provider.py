"""People through a certified OpenID provider: sign-in, key rotation, change of groups and revocation, as documented."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stockade.config.reader import read_settings
from stockade.gateway import issuers
from stockade.guard.identity import person_id
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate
from tests.clients.provider import SECRET, SECRET_VARIABLE, Browser, Provider, provider
from tests.clients.test_control import ask

pytestmark = pytest.mark.slow

CONFIG = """\
listen: 127.0.0.1:0
data_dir: state
models: ["gpt-*"]
upstreams: {{openai: {{base_url: "{vendor}", allow_private: true}}}}
control: {{listen: "{control}", require_login: true}}
identity:
  issuers:
    - url: {issuer}
      audiences: [stockade]
      client_id: stockade-web
      client_secret_env: {secret}
      resource: https://gate.example/
      teams: [{{group: "eng-*", team: engineering}}]
      roles: [{{group: "eng-*", role: developer}}, {{group: admins, role: admin}}]
      allow_private: true
"""


class There(NamedTuple):
    """A gate, the provider that it believes, and a person's machine."""

    gate: RunningGate
    provider: Provider
    config: Path
    environ: Mapping[str, str]

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `stockade` as the person at this machine."""
        command = [sys.executable, "-m", "stockade", *words]
        environ = {**self.environ, **more}
        return subprocess.run(
            command, cwd=self.config.parent, env=environ, capture_output=True, text=True, check=False, timeout=60
        )

    def sign_in(self, login: str, *words: str) -> None:
        """Run `stockade login`, with a browser that opens the address it prints."""
        client = ("--issuer", self.provider.url, "--client-id", "stockade-cli", "--resource", "https://gate.example/")
        command = [sys.executable, "-m", "stockade", "login", "--no-browser", *client, *words]
        with subprocess.Popen(
            command, cwd=self.config.parent, env=self.environ, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            told = ""
            while (found := re.search(r"(?:^|or open )(http://\S+)$", told, re.M | re.I)) is None:
                line = process.stderr.readline()
                assert line, told
                told += line
            try:
                place, page = Browser(login).open(found[1])
                assert re.search("Signed in|success", page, re.I), (place, page[:500])
                assert "Signed in" in process.stderr.read()
            except BaseException:
                process.kill()  # it would wait for its browser
                raise

    def status(self, token: str) -> int:
        """Return how the gate answers a call with this token."""
        body = {"model": "gpt-test", "messages": [{"role": "user", "content": "hello"}]}
        return ask(f"{self.gate.openai_url}/chat/completions", token, body)[0]


@contextmanager
def there(folder: Path) -> Iterator[There]:
    """Run a gate before a certified provider."""
    with provider(folder) as issuer, FakeVendor.start() as vendor:
        config = folder / "stockade.yaml"
        control = issuer.control_url.removeprefix("http://")
        config.write_text(
            CONFIG.format(vendor=vendor.base_url, control=control, issuer=issuer.url, secret=SECRET_VARIABLE)
        )
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder), SECRET_VARIABLE: SECRET}
        with RunningGate.start(read_settings(config), environ) as gate:
            yield There(gate, issuer, config, environ)


def told_to_session(url: str, jar: http.cookiejar.CookieJar) -> tuple[int, dict[str, Any]]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    try:
        with opener.open(url) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_person_signs_in_at_the_terminal_and_every_change_takes_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "LOOK_AGAIN_S", 0.0)
    with there(tmp_path) as here:
        refused = here.run("token")
        assert (refused.returncode, "stockade login" in refused.stderr) == (2, True)
        here.sign_in("anna")
        kept = tmp_path / ".config" / "stockade" / "credentials.json"
        assert kept.stat().st_mode & 0o777 == 0o600
        token = here.run("token").stdout.strip()
        assert here.status(token) == 200
        intent = here.gate.records("intent")[-1]
        assert (intent["principal"], intent["teams"]) == (person_id(here.provider.url, "anna"), ["engineering"])

        # A change of groups: in force with the next token. Until then the old one says what it said.
        here.provider.groups(anna=["admins"])
        assert json.loads(here.run("whoami", "--json").stdout)["roles"] == ["developer"]
        assert "None of your roles" in here.run("keys", "list").stderr
        here.sign_in("anna")
        assert json.loads(here.run("whoami", "--json").stdout)["roles"] == ["admin"]
        assert here.run("keys", "list").returncode == 0

        # A rotated key: the new one is found by the first token that it signed; the old one opens nothing more.
        here.provider.rotate()
        assert here.status(token) == 200, "the gate has not looked since, at most refresh_s"
        here.sign_in("anna")
        fresh = here.run("token").stdout.strip()
        assert here.status(fresh) == 200
        assert here.status(token) == 401

        # A revocation: within a second; a token of before stays refused when the person is let in again from now on.
        assert here.run("people", "revoke", "anna").returncode == 0
        here.gate.wait_for(lambda: here.status(fresh) == 401)
        assert here.run("people", "revoked").returncode == 2, "she is refused at the terminal too"
        made = here.gate.create_key("admin")
        assert "None of your roles" in here.run("people", "restore", "anna", STOCKADE_KEY=made).stderr
        assert here.run("logout").returncode == 0
        assert not kept.exists()


def test_a_machine_without_a_browser_signs_in_by_a_code(tmp_path: Path) -> None:
    with there(tmp_path) as here:
        here.sign_in("ben", "--device")
        assert here.status(here.run("token").stdout.strip()) == 200
        assert "None of your roles" in here.run("keys", "list").stderr


def test_a_browser_signs_in_at_the_control_plane_until_it_is_revoked(tmp_path: Path) -> None:
    with there(tmp_path) as here:
        here.provider.groups(anna=["admins"])
        browser, control = Browser("anna"), here.provider.control_url
        place, page = browser.open(f"{control}/login")
        assert place == f"{control}/api/me"
        assert json.loads(page)["roles"] == ["admin"]
        assert json.loads(page)["id"] == person_id(here.provider.url, "anna")
        here.provider.groups(anna=[])
        assert json.loads(browser.open(f"{control}/api/me")[1])["roles"] == ["admin"], "until the next sign-in"
        assert json.loads(browser.open(f"{control}/login")[1])["error"]["code"] == "forbidden"
