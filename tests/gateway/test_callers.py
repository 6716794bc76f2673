"""The proof of who calls, for doors that are not the data plane: an issuer is asked where it must be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from stockade.core.errors import UnauthenticatedError
from stockade.gateway.callers import Callers
from stockade.gateway.clock import SystemClock
from stockade.gateway.events import EventLog
from stockade.gateway.fetch import IssuerFetch
from stockade.gateway.issuers import Address, Issuers
from stockade.guard.identity import (
    ENTROPY_BYTES,
    Issuer,
    IssuerKeys,
    Keyring,
    People,
    Revocation,
    RevocationKind,
    Revocations,
    generate_key,
)
from stockade.guard.identity.signin import Client, begin
from stockade.testing.issuer import FakeIssuer

KEY = generate_key(b"a" * ENTROPY_BYTES, name="anna", tenant="acme", created_at_s=0)


class Desk:
    """Callers over one fake issuer."""

    def __init__(self, issuer: FakeIssuer, **changed: Any) -> None:
        believed = Issuer(issuer.url, frozenset({"stockade"}), **changed)
        self.people = People([believed])
        self.issuer = issuer
        address = Address(issuer.url, IssuerFetch(allow_private=True, timeout_s=5), client_id="gate")
        issuers = Issuers([address], SystemClock(), EventLog(), self._take)
        clients = {issuer.url: Client("gate", ("openid",))}
        self.callers = Callers(issuers, clients, SystemClock(), lambda: Keyring([KEY.record]), lambda: self.people)
        self.begun = begin(bytes(96), issuer.url, "http://127.0.0.1:1/callback", int(time.time()))

    def _take(self, issuer: str, keys: IssuerKeys) -> None:
        self.people = self.people.with_keys(issuer, keys)

    def token(self, **changed: Any) -> str:
        now = time.time()
        return self.issuer.sign({"sub": "anna", "aud": "stockade", "iat": now, "exp": now + 60} | changed)

    def give(self, **changed: Any) -> None:
        """Have the issuer give an ID token for any code."""
        now = time.time()
        claims = {"sub": "anna", "aud": "gate", "iat": now, "exp": now + 60, "nonce": self.begun.nonce} | changed
        told = {
            "access_token": "a",
            "token_type": "Bearer",
            "id_token": self.issuer.sign(claims, header={"typ": "JWT"}),
        }
        self.issuer.answers["/token"] = (200, orjson.dumps(told))


@pytest.fixture
def issuer(capsys: pytest.CaptureFixture[str]) -> Iterator[FakeIssuer]:
    with FakeIssuer() as one:
        yield one


def bearer(credential: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"authorization", b"Bearer " + credential.encode()),)


async def test_a_key_is_proven_without_an_issuer_and_a_token_with_it(issuer: FakeIssuer) -> None:
    desk = Desk(issuer)
    assert (await desk.callers.prove(bearer(KEY.text))).name == "anna"
    assert issuer.asked == []
    assert (await desk.callers.prove(bearer(desk.token()))).kind == "person"
    with pytest.raises(UnauthenticatedError):
        await desk.callers.prove(bearer(desk.token(aud="other")))


async def test_the_issuer_is_asked_whether_it_stands_by_a_token(issuer: FakeIssuer) -> None:
    desk = Desk(issuer, introspect_s=60.0)
    issuer.answers["/introspect"] = (200, b'{"active":true}')
    token = desk.token()
    for _ in range(3):
        await desk.callers.prove(bearer(token))
    assert issuer.asked.count("/introspect") == 1
    issuer.answers["/introspect"] = (200, b'{"active":false}')
    with pytest.raises(UnauthenticatedError, match="no longer stands"):
        await desk.callers.prove(bearer(desk.token(jti="two")))


async def test_a_sign_in_ends_with_the_id_token_that_was_made_for_it(issuer: FakeIssuer) -> None:
    desk = Desk(issuer)
    assert (await desk.callers.sign_in_url(desk.begun)).startswith(issuer.url + "/authorize?")
    desk.give()
    proof = await desk.callers.signed_in("abc", desk.begun)
    assert proof.principal.id.startswith("p-")
    desk.callers.standing(proof)
    revoked = Revocation(RevocationKind.PERSON, proof.principal.id, None, 0)
    desk.people = desk.people.with_revocations(Revocations([revoked]))
    with pytest.raises(UnauthenticatedError, match="revoked"):
        desk.callers.standing(proof)
    desk.people = People()
    with pytest.raises(UnauthenticatedError, match="does not know the issuer"):
        desk.callers.standing(proof)


@pytest.mark.parametrize("changed", [{"nonce": "other"}, {"aud": "other"}, {"exp": 1}, {"sub": ""}])
async def test_another_id_token_signs_nobody_in(issuer: FakeIssuer, changed: dict[str, Any]) -> None:
    desk = Desk(issuer)
    desk.give(**changed)
    with pytest.raises(UnauthenticatedError):
        await desk.callers.signed_in("abc", desk.begun)


async def test_an_issuer_that_gives_nothing_signs_nobody_in(issuer: FakeIssuer) -> None:
    desk = Desk(issuer)
    for answer in ((200, b'{"access_token":"a","token_type":"Bearer"}'), (400, b'{"error":"x"}'), (500, b"")):
        issuer.answers["/token"] = answer
        with pytest.raises(UnauthenticatedError):
            await desk.callers.signed_in("abc", desk.begun)
    issuer.answers["/.well-known/openid-configuration"] = (500, b"")
    with pytest.raises(UnauthenticatedError):
        await Desk(issuer).callers.sign_in_url(desk.begun)
