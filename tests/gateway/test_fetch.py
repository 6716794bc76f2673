from __future__ import annotations

import pytest

from stockade.gateway.fetch import FetchError, IssuerFetch
from stockade.testing.issuer import FakeIssuer


@pytest.mark.parametrize(
    ("url", "allow_private"),
    [
        ("http://127.0.0.1:1/x", False),
        ("https://127.0.0.1:1/x", False),
        ("https://10.0.0.1/x", False),
        ("https://[::1]/x", False),
        ("http://login.example.com/x", False),
        ("ftp://login.example.com/x", True),
        ("file:///etc/passwd", True),
        ("//login.example.com/x", True),
        ("https://user@login.example.com/x", True),
        ("https://login.example.com/x#y", True),
        ("https://[::1/x", True),
        ("", True),
    ],
)
async def test_where_a_gate_does_not_go(url: str, allow_private: bool) -> None:
    with pytest.raises(FetchError):
        await IssuerFetch(allow_private=allow_private, timeout_s=1)(url)


async def test_a_line_cannot_be_broken_into_a_request() -> None:
    with FakeIssuer() as issuer, pytest.raises(FetchError):
        await IssuerFetch(allow_private=True, timeout_s=1)(issuer.url + "/jwks HTTP/1.1\r\nx: y")


async def test_a_form_is_posted_with_its_proof() -> None:
    with FakeIssuer() as issuer:
        issuer.answers["/token"] = (400, b'{"error":"invalid_grant"}')
        fetched = await IssuerFetch(allow_private=True, timeout_s=5)(issuer.url + "/token", {"a": "b c&d"})
        assert fetched == (400, b'{"error":"invalid_grant"}')
        assert issuer.forms == [b"a=b+c%26d"]
