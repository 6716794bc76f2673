"""The control plane of a running gate, over sockets: apart from the data plane, and of one mind with it about keys."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from stockade.app import open_store
from stockade.core.principal import Role
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for


def ask(url: str, key: str = "", body: object = None, method: str = "", host: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"content-type": "application/json"}
    headers |= {"authorization": f"Bearer {key}"} if key else {}
    headers |= {"host": host} if host else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method or None)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def key_of(gate: RunningGate, *roles: Role) -> str:
    store = open_store(gate.settings)
    try:
        return store.keys.create("someone", roles=roles).text
    finally:
        store.close()


def test_a_key_that_an_administrator_makes_opens_the_gate_and_what_he_did_is_recorded(tmp_path: Path) -> None:
    with FakeVendor.start() as vendor, RunningGate.start(settings_for(vendor.base_url, tmp_path / "state")) as gate:
        control, admin = gate.app.control_url, key_of(gate, Role.ADMIN)
        assert ask(f"{control}/healthz") == (200, {"status": "ok"})
        gate.wait_for(lambda: ask(f"{control}/api/me", admin)[0] == 200)
        status, made = ask(f"{control}/api/keys", admin, {"name": "service"})
        assert status == 201
        models = f"{gate.base_url}/v1/models"
        gate.wait_for(lambda: ask(models, made["key"])[0] == 200)
        assert ask(f"{control}/api/keys/{made['id']}/revoke", admin, {})[0] == 200
        gate.wait_for(lambda: ask(models, made["key"])[0] == 401)
        told = [event for event in gate.records("event") if event["event"] == "controlled"]
        assert len(told) == 2
        assert made["key"] not in gate.log + str(gate.records())


def test_neither_plane_answers_for_the_other(tmp_path: Path) -> None:
    with FakeVendor.start() as vendor, RunningGate.start(settings_for(vendor.base_url, tmp_path / "state")) as gate:
        control, admin = gate.app.control_url, key_of(gate, Role.ADMIN)
        gate.wait_for(lambda: ask(f"{control}/api/me", admin)[0] == 200)
        data_host, control_host = (url.removeprefix("http://") for url in (gate.base_url, control))
        for host in ("", data_host, control_host):
            assert ask(f"{control}/v1/models", admin, host=host)[0] == 404
            for path in ("/api/keys", "/api/me", "/login"):
                assert ask(gate.base_url + path, admin, host=host)[0] == 404
        assert ask(f"{control}/api/keys", gate.key)[0] == 403, "a key without a role opens models, not controls"
