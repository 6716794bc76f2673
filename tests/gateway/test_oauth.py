from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from stockade.core.errors import UnauthenticatedError
from stockade.gateway.fetch import FetchError, IssuerFetch
from stockade.gateway.issuers import Address
from stockade.gateway.metadata import Metadata
from stockade.gateway.oauth import NotYet, Tokens, ask_device, begin_device, request_tokens
from stockade.guard.identity.signin import Client
from stockade.testing.issuer import FakeIssuer

CLIENT = Client("gate", ("openid",))
DEVICE = {"device_code": "d", "user_code": "ABCD", "verification_uri": "https://x.test/device"}


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer() as one:
        yield one


def address(issuer: FakeIssuer, secret: str = "") -> Address:
    fetch = IssuerFetch(allow_private=True, timeout_s=5)
    return Address(issuer.url, fetch, client_id="gate", client_secret=secret)


def metadata(issuer: FakeIssuer) -> Metadata:
    return Metadata(issuer.url, "", "", issuer.url + "/token", issuer.url + "/device")


async def test_a_public_client_names_itself_and_a_confidential_one_proves_itself(issuer: FakeIssuer) -> None:
    issuer.answers["/token"] = (200, b'{"access_token":"a","token_type":"Bearer","expires_in":60,"id_token":"i"}')
    tokens = await request_tokens(address(issuer), metadata(issuer), {"grant_type": "x"})
    assert tokens == Tokens("a", "i", "", 60.0)
    await request_tokens(address(issuer, "s:1"), metadata(issuer), {"grant_type": "x"})
    assert issuer.forms == [b"grant_type=x&client_id=gate", b"grant_type=x"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error":"invalid_grant"}', UnauthenticatedError),
        (401, b"{}", UnauthenticatedError),
        (400, b"nonsense", FetchError),
        (200, b'{"access_token":"","token_type":"Bearer"}', FetchError),
        (200, b'{"access_token":"a\\nb","token_type":"Bearer"}', FetchError),
        (200, b'{"access_token":["a"],"token_type":"Bearer"}', FetchError),
        (200, b'{"access_token":"a"}', FetchError),
        (503, b"", FetchError),
    ],
)
async def test_an_answer_without_a_token_is_an_error(
    issuer: FakeIssuer, status: int, body: bytes, error: type[Exception]
) -> None:
    issuer.answers["/token"] = (status, body)
    with pytest.raises(error):
        await request_tokens(address(issuer), metadata(issuer), {})


async def test_a_lifetime_that_is_none_is_not_believed(issuer: FakeIssuer) -> None:
    for told in (True, "60", -1, 10**12, None):
        body = {"access_token": "a", "token_type": "bearer", "expires_in": told}
        issuer.answers["/token"] = (200, orjson.dumps(body))
        assert (await request_tokens(address(issuer), metadata(issuer), {})).lifetime_s == 0


async def test_a_code_is_asked_for_until_the_person_has_answered(issuer: FakeIssuer) -> None:
    issuer.answers["/device"] = (200, orjson.dumps(DEVICE | {"interval": 0, "expires_in": 60}))
    device = await begin_device(address(issuer), metadata(issuer), CLIENT)
    assert (device.user_code, device.interval_s, device.lifetime_s) == ("ABCD", 5.0, 60.0)
    for error, answer in (("authorization_pending", NotYet(0.0)), ("slow_down", NotYet(5.0))):
        issuer.answers["/token"] = (400, orjson.dumps({"error": error}))
        assert await ask_device(address(issuer), metadata(issuer), CLIENT, "d") == answer
    for error in ("access_denied", "expired_token", "", 7):
        issuer.answers["/token"] = (400, orjson.dumps({"error": error}))
        with pytest.raises(UnauthenticatedError):
            await ask_device(address(issuer), metadata(issuer), CLIENT, "d")


@pytest.mark.parametrize(
    "told",
    [{}, {**DEVICE, "device_code": ""}, {**DEVICE, "verification_uri": "javascript:x"}, {**DEVICE, "user_code": 7}],
)
async def test_a_code_that_cannot_be_shown_is_an_error(issuer: FakeIssuer, told: dict[str, object]) -> None:
    issuer.answers["/device"] = (200, orjson.dumps(told))
    with pytest.raises(FetchError):
        await begin_device(address(issuer), metadata(issuer), CLIENT)


async def test_an_issuer_without_the_endpoint_offers_no_such_sign_in(issuer: FakeIssuer) -> None:
    nothing = Metadata(issuer.url, "")
    with pytest.raises(FetchError, match="no such sign-in"):
        await begin_device(address(issuer), nothing, CLIENT)
