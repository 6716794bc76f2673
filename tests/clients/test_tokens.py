"""People at a running gate: tokens of an issuer on loopback, over real sockets, from sign-in to revocation."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import pytest

from stockade.app import open_store
from stockade.config.identity import Identity, Issuer, RoleOf, TeamOf
from stockade.gateway import issuers
from stockade.guard.identity import RevocationKind, person_id
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for
from stockade.testing.issuer import FakeIssuer
from tests.clients.gates import Between


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer() as one:
        yield one


def identity(issuer: FakeIssuer, **changes: Any) -> Identity:
    section = Issuer(
        url=issuer.url,
        audiences=("stockade",),
        teams=(TeamOf("eng-*", "engineering"),),
        roles=(RoleOf("eng-*", "developer"),),
        allow_private=True,
        **{"timeout_s": 5.0, **changes},
    )
    return Identity((section,))


@contextmanager
def believing(folder: Path, section: Identity) -> Iterator[Between]:
    """Run a gate that believes an issuer, before a vendor that answers."""
    with (
        FakeVendor.start() as vendor,
        RunningGate.start(settings_for(vendor.base_url, folder / "state", identity=section)) as gate,
    ):
        yield Between(gate, vendor)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": "anna", "aud": "stockade", "iat": now, "exp": now + 600, "groups": ["eng-core"]} | changes


def status_of(gate: RunningGate, credential: str) -> int:
    client = anthropic.Anthropic(base_url=gate.base_url, auth_token=credential, max_retries=0)
    try:
        with client:
            client.messages.create(model="claude-test", max_tokens=8, messages=[{"role": "user", "content": "hello"}])
    except anthropic.APIStatusError as error:
        return error.status_code
    return 200


def test_a_person_calls_and_stands_in_the_record(issuer: FakeIssuer, tmp_path: Path) -> None:
    with believing(tmp_path, identity(issuer)) as there:
        assert status_of(there.gate, issuer.sign(claims())) == 200
        intent = there.gate.records("intent")[-1]
        assert intent["principal"] == person_id(issuer.url, "anna")
        assert intent["teams"] == ["engineering"]
        assert "anna" not in str(there.gate.records())


def test_a_rotated_key_is_found_at_once_and_the_old_one_opens_nothing(
    issuer: FakeIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "LOOK_AGAIN_S", 0.0)
    with believing(tmp_path, identity(issuer)) as there:
        old = issuer.sign(claims())
        assert status_of(there.gate, old) == 200
        issuer.rotate("second")
        assert status_of(there.gate, issuer.sign(claims())) == 200
        assert status_of(there.gate, old) == 401


def test_a_revoked_person_is_refused_within_a_second_and_let_in_again(issuer: FakeIssuer, tmp_path: Path) -> None:
    with believing(tmp_path, identity(issuer)) as there:
        token, other = issuer.sign(claims()), issuer.sign(claims(sub="ben"))
        assert status_of(there.gate, token) == 200
        store = open_store(there.gate.settings)
        try:
            store.revocations.revoke(RevocationKind.PERSON, person_id(issuer.url, "anna"))
            there.gate.wait_for(lambda: status_of(there.gate, token) == 401)
            assert status_of(there.gate, other) == 200
            store.revocations.restore(RevocationKind.PERSON, person_id(issuer.url, "anna"))
            there.gate.wait_for(lambda: status_of(there.gate, token) == 200)
        finally:
            store.close()


def test_an_issuer_that_hangs_holds_up_nobody_with_a_key(issuer: FakeIssuer, tmp_path: Path) -> None:
    issuer.waits_for = threading.Event()
    with believing(tmp_path, identity(issuer, timeout_s=30.0)) as there:
        answered: list[int] = []
        person = threading.Thread(target=lambda: answered.append(status_of(there.gate, issuer.sign(claims()))))
        person.start()
        there.gate.wait_for(lambda: issuer.asked)
        assert status_of(there.gate, there.gate.key) == 200
        assert answered == []
        issuer.waits_for.set()
        person.join()
        assert answered == [200]


def test_an_issuer_that_is_down_is_a_401_and_an_event(issuer: FakeIssuer, tmp_path: Path) -> None:
    token = issuer.sign(claims())
    issuer.stop()
    with believing(tmp_path, identity(issuer)) as there:
        assert status_of(there.gate, token) == 401
        assert "issuer_unreachable" in there.gate.log
        assert status_of(there.gate, there.gate.key) == 200


@pytest.mark.parametrize("changed", [{"aud": "other"}, {"exp": 1}, {"iat": 1}, {"groups": ["g"] * 501}])
def test_a_bad_token_is_a_401(issuer: FakeIssuer, tmp_path: Path, changed: dict[str, Any]) -> None:
    with believing(tmp_path, identity(issuer)) as there:
        assert status_of(there.gate, issuer.sign(claims(**changed))) == 401
        assert there.asked == []
