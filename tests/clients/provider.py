"""A certified OpenID provider (node-oidc-provider) on loopback, and a person with a browser who signs in there.

It stands in tests/provider with its pins and their hashes; `./dev test --slow` installs it where npm is found.
"""

from __future__ import annotations

import http.cookiejar
import json
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stockade.config.identity import Issuer, RoleOf, TeamOf

FOLDER = Path(__file__).parents[1] / "provider"
SECRET_VARIABLE = "STOCKADE_TEST_CLIENT_SECRET"
SECRET = "a secret: with + signs"
_FIELD = re.compile(r"<input[^>]*>")


class Browser:
    """A browser of one person: it keeps cookies, follows redirects and fills in the provider's forms."""

    def __init__(self, login: str) -> None:
        self._login = login
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )

    def open(self, url: str) -> tuple[str, str]:
        """Sign in and agree wherever `url` leads; return the last address and its page."""
        place, page = self._get(url)
        for _ in range(8):
            form = re.search(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', page, re.S)
            if form is None or "/callback" in place:
                return place, page
            target = urllib.parse.urljoin(place, form[1].replace("&amp;", "&"))
            place, page = self._get(target, self._fields(form[0], place))
        raise AssertionError(f"the provider asks and asks: {place}")

    def _fields(self, form: str, place: str) -> dict[str, str]:
        fields = {}
        for field in _FIELD.findall(form):
            told = dict(re.findall(r'(\w+)="([^"]*)"', field))
            if "name" in told:
                fields[told["name"]] = told.get("value", "")
        if "login" in fields:
            fields |= {"login": self._login, "password": "x"}
        if "user_code" in fields and not fields["user_code"]:
            fields["user_code"] = urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)["user_code"][0]
        if "xsrf" in fields and "confirm" not in fields and "user_code" in fields:
            fields["confirm"] = "yes"
        return fields

    def _get(self, url: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        data = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with self._opener.open(urllib.request.Request(url, data), timeout=20) as answer:
                return answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.url, error.read().decode()


class Provider:
    """A running provider."""

    def __init__(self, folder: Path, control_port: int) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.control_url = f"http://127.0.0.1:{control_port}"
        self._accounts = folder / "accounts.json"
        self.groups(anna=["eng-core"], ben=[])
        command = ["node", "provider.mjs", str(self.port), str(self._accounts), self.control_url]
        self._errors = (folder / "provider.log").open("w+")
        self._process = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "listening":
            self.stop()
            raise AssertionError((folder / "provider.log").read_text())

    def groups(self, **by_login: list[str]) -> None:
        """Say who is in which groups from now on."""
        self._accounts.write_text(json.dumps(by_login))

    def rotate(self) -> None:
        """Sign with a new key; the old one is no longer published."""
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/__rotate", b"", method="POST")):
            return

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)
        self._errors.close()

    def issuer(self, **changes: object) -> Issuer:
        """Return the section of configuration that believes this provider."""
        fields: dict[str, object] = {
            "url": self.url,
            "audiences": ("stockade",),
            "teams": (TeamOf("eng-*", "engineering"),),
            "roles": (RoleOf("eng-*", "developer"), RoleOf("admins", "admin")),
            "client_id": "stockade-web",
            "client_secret_env": SECRET_VARIABLE,
            "resource": "https://gate.example/",
            "allow_private": True,
        }
        return Issuer(**(fields | changes))  # type: ignore[arg-type]


@contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    """Run a provider, or skip the test where it is not installed."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed: the OpenID provider of the tests cannot run")
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("the OpenID provider is not installed: npm ci --prefix tests/provider")
    running = Provider(folder, free_port())
    try:
        yield running
    finally:
        running.stop()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
