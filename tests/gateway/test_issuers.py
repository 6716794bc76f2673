"""Issuers over real sockets: when they are asked, and what a bad answer changes (nothing)."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator

import orjson
import pytest

from stockade.core.errors import UnauthenticatedError
from stockade.core.limits import ISSUER_BYTES_MAX
from stockade.gateway.clock import SystemClock
from stockade.gateway.events import EventLog
from stockade.gateway.fetch import FetchError, IssuerFetch
from stockade.gateway.issuers import LOOK_AGAIN_S, WAITING_MAX, Address, Issuers
from stockade.guard.identity import NO_KEYS, IssuerKeys
from stockade.testing.issuer import FakeIssuer

KEYS = "/jwks"
METADATA = "/.well-known/openid-configuration"


class Watch(SystemClock):
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def monotonic_s(self) -> float:
        return self.at_s


class Kept:
    """Issuers over one fake, with what they published and said."""

    def __init__(self, issuer: FakeIssuer, **how: object) -> None:
        self.clock = Watch()
        self.log = io.StringIO()
        self.published: list[IssuerKeys] = []
        fetch = IssuerFetch(allow_private=True, timeout_s=2.0)
        address = Address(issuer.url, fetch, client_id="gate", client_secret="s p", keys_age_max_s=100.0)
        self.issuers = Issuers([address], self.clock, EventLog(self.log), lambda _, keys: self.published.append(keys))
        self.issuer = issuer

    async def look(self) -> None:
        self.clock.at_s += LOOK_AGAIN_S
        await self.issuers.refresh(self.issuer.url)

    @property
    def events(self) -> list[str]:
        return [orjson.loads(line)["event"] for line in self.log.getvalue().splitlines()]


@pytest.fixture
def kept() -> Iterator[Kept]:
    with FakeIssuer() as issuer:
        yield Kept(issuer)


async def test_keys_are_published_once_for_one_document(kept: Kept) -> None:
    await kept.look()
    await kept.look()
    assert [len(keys) for keys in kept.published] == [1]
    assert kept.issuer.asked == [METADATA, KEYS, KEYS]
    kept.issuer.rotate("second")
    await kept.look()
    assert kept.published[-1].find("second", "RS256") is not None
    assert kept.published[-1].find("first", "RS256") is None


async def test_unknown_keys_cause_one_look_at_a_time_and_not_too_often(kept: Kept) -> None:
    await asyncio.gather(*[kept.issuers.refresh(kept.issuer.url) for _ in range(50)])
    for _ in range(50):
        await kept.issuers.refresh(kept.issuer.url)
    assert kept.issuer.asked.count(KEYS) == 1
    await kept.look()
    assert kept.issuer.asked.count(KEYS) == 2


async def test_not_too_many_wait(kept: Kept) -> None:
    kept.issuer.waits_for = threading.Event()
    waiting = [asyncio.create_task(kept.issuers.refresh(kept.issuer.url)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    await kept.issuers.refresh(kept.issuer.url)  # returns at once: the line is full
    waiting[0].cancel()
    kept.issuer.waits_for.set()
    await asyncio.gather(*waiting[1:])
    assert len(kept.published) == 1, "one caller that goes away does not end the look for the others"


@pytest.mark.parametrize(
    ("path", "status", "body", "reason"),
    [
        (KEYS, 500, b"", "status 500"),
        (KEYS, 302, b"", "redirect"),
        (KEYS, 200, b"<html>", "no JSON"),
        (KEYS, 200, b" " * (ISSUER_BYTES_MAX + 1), "larger than"),
        (KEYS, 200, b'{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"a"}]}', ""),
        (METADATA, 404, b"", "status 404"),
        (METADATA, 200, b"[]", "no object"),
        (METADATA, 200, b'{"issuer":"https://other.test","jwks_uri":"https://other.test/k"}', "another issuer"),
    ],
)
async def test_a_bad_answer_changes_nothing_and_is_told_once(
    kept: Kept, path: str, status: int, body: bytes, reason: str
) -> None:
    await kept.look()
    kept.issuer.answers[path] = (status, body)
    kept.issuers._states[kept.issuer.url].metadata = None
    await kept.look()
    await kept.look()
    if reason:
        assert len(kept.published) == 1
        assert kept.events == ["issuer_keys", "issuer_unreachable"]
        assert reason in kept.log.getvalue()
        kept.issuer.publish()
        await kept.look()
        assert kept.events[-1] == "issuer_reached"
    else:
        assert len(kept.published[-1]) == 0, "a set without a key that can prove anything is a set all the same"


async def test_metadata_must_name_the_issuer_and_its_keys(kept: Kept) -> None:
    kept.issuer.answers[METADATA] = (200, orjson.dumps({"issuer": kept.issuer.url}))
    await kept.look()
    assert "jwks_uri" in kept.log.getvalue()
    assert kept.published == []


async def test_a_slow_issuer_is_not_waited_for() -> None:
    with FakeIssuer() as issuer:
        issuer.waits_for = threading.Event()
        with pytest.raises(FetchError, match=r"within 0\.2 s"):
            await IssuerFetch(allow_private=True, timeout_s=0.2)(issuer.url + KEYS)


async def test_the_last_keys_are_believed_for_a_while_and_then_no_more(kept: Kept) -> None:
    await kept.look()
    kept.issuer.answers[KEYS] = (503, b"")
    kept.clock.at_s += 90
    await kept.look()
    assert len(kept.published) == 1
    kept.clock.at_s += 20
    await kept.look()
    assert kept.published[-1] is NO_KEYS
    assert kept.events == ["issuer_keys", "issuer_unreachable", "issuer_keys_too_old"]
    kept.issuer.publish()
    await kept.look()
    assert len(kept.published[-1]) == 1


@pytest.mark.parametrize(
    ("status", "body", "holds"),
    [
        (200, b'{"active":true}', True),
        (200, b'{"active":false}', False),
        (200, b'{"active":"true"}', False),
        (200, b"{}", False),
        (200, b"nonsense", False),
        (401, b'{"active":true}', False),
        (302, b"", False),
    ],
)
async def test_introspection_holds_only_by_a_plain_yes(kept: Kept, status: int, body: bytes, holds: bool) -> None:
    kept.issuer.answers["/introspect"] = (status, body)
    if holds:
        await kept.issuers.active(kept.issuer.url, b"eyJ.a.b")
        assert kept.issuer.forms == [b"token=eyJ.a.b&token_type_hint=access_token"]
    else:
        with pytest.raises(UnauthenticatedError):
            await kept.issuers.active(kept.issuer.url, b"eyJ.a.b")


async def test_an_issuer_that_nobody_configured_is_not_asked(kept: Kept) -> None:
    await kept.issuers.refresh("https://evil.test")
    assert kept.issuer.asked == []
