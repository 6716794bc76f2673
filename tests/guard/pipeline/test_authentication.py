"""Who calls: by key or token; whatever breaks on the way is a 401 and nothing else."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from stockade.core.errors import StorageError, UnauthenticatedError, UpstreamError
from stockade.core.principal import Principal
from stockade.guard.dialects.dialect import MODEL_PLACE
from stockade.guard.identity import Issuer, Keyring, People, read_keys
from stockade.guard.pipeline.authentication import prove_caller
from stockade.guard.pipeline.commands import ClientGone, Introspect, RefreshIssuer
from stockade.testing.playbook import Answer, Played, Sent
from tests.guard.identity.forging import NOW, URL, document, key, people, token
from tests.guard.pipeline.talks import answer, ask, each_dialect, hear, say
from tests.properties.gates import playbook


def headers(text: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"authorization", b"Bearer " + text),)


def proving(known: People, text: bytes) -> Generator[Any, Any, Principal]:
    return prove_caller(headers(text), Keyring(), known, NOW)


def result(steps: Generator[Any, Any, Principal]) -> Principal:
    with pytest.raises(StopIteration) as stopped:
        next(steps)
    found: Principal = stopped.value.value
    return found


def test_a_token_is_proven_at_once_and_recalled_after() -> None:
    known, text = people(), token()
    first = result(proving(known, text))
    known._keys.clear()  # no key is needed for what was proven
    assert result(proving(known, text)) is first


def test_an_unknown_key_is_looked_for_once() -> None:
    lacking = people(keys=read_keys(document(key("RSA", "old"))))
    steps = proving(lacking, token())
    assert next(steps) == RefreshIssuer(URL)
    with pytest.raises(StopIteration) as stopped:
        steps.send(people())
    assert stopped.value.value.kind == "person"
    steps = proving(lacking, token())
    next(steps)
    with pytest.raises(UnauthenticatedError, match="does not publish the key"):
        steps.send(lacking)


def test_a_token_without_a_known_issuer_asks_nobody() -> None:
    with pytest.raises(UnauthenticatedError):
        next(proving(People(), token()))


def test_introspection_is_asked_and_remembered_for_its_time() -> None:
    issuer = Issuer(URL, frozenset({"stockade"}), introspect_s=30.0)
    known, text = people(issuer), token()
    steps = proving(known, text)
    assert next(steps) == Introspect(URL, text)
    with pytest.raises(StopIteration):
        steps.send(None)
    assert known.recall(text, NOW + 29) is not None
    assert known.recall(text, NOW + 30) is None
    steps = proving(known, text)
    next(steps)
    with pytest.raises(UnauthenticatedError):
        steps.throw(UnauthenticatedError("no"))
    assert known.recall(text, NOW) is None


def with_token(dialect: str, text: bytes, known: People, failure: Any = lambda _command: None) -> Played:
    """Play an exchange whose caller shows a token; its clock stands at 1 second, so the token lives around that."""
    book = playbook()
    book.gate = replace(book.gate, people=known)
    sent = ask(dialect, "hello")._replace(headers=(("authorization", f"Bearer {text.decode()}"),))
    return book.play(sent, answer(dialect, say("Fine."), streamed=False), failure)


LIVING = {"iat": 0, "exp": 600}


@each_dialect
def test_a_person_is_answered_and_recorded(dialect: str) -> None:
    played = with_token(dialect, token(**LIVING), people())
    assert hear(dialect, played).text == "Fine."
    assert played.records[0]["principal"].startswith("p-")
    assert "anna" not in str(played.records)


class BrokenPeople(People):
    """An authenticator that fails in a way nobody thought of."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def recall(self, token: bytes, now_s: float) -> Principal | None:
        raise self._error


@each_dialect
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("x"),
        StorageError("x"),
        UpstreamError("x"),
        KeyError("x"),
        RecursionError(),
        MemoryError(),
        UnauthenticatedError("x"),
    ],
    ids=repr,
)
def test_a_broken_authenticator_lets_nobody_in(dialect: str, error: Exception) -> None:
    played = with_token(dialect, token(**LIVING), BrokenPeople(error))
    assert played.status == 401
    assert set(played.commands) == {"SendHead", "SendBody"}


@pytest.mark.parametrize("error", [RuntimeError("x"), UpstreamError("x"), StorageError("x")], ids=repr)
def test_a_look_that_fails_lets_nobody_in(error: Exception) -> None:
    lacking = people(keys=read_keys(document(key("RSA", "old"))))
    played = with_token(
        "openai_chat", token(**LIVING), lacking, lambda command: error if isinstance(command, RefreshIssuer) else None
    )
    assert played.status == 401
    assert played.upstream is None


def test_a_client_that_goes_away_meanwhile_is_no_fault() -> None:
    lacking = people(keys=read_keys(document(key("RSA", "old"))))
    played = with_token(
        "openai_chat",
        token(**LIVING),
        lacking,
        lambda command: ClientGone() if isinstance(command, RefreshIssuer) else None,
    )
    assert (played.exchange.ended, played.exchange.fault) == ("client_gone", "")


@pytest.mark.parametrize("error", [RuntimeError("x"), StorageError("x"), UnauthenticatedError("x")], ids=repr)
def test_on_every_route_a_broken_authenticator_is_a_401(error: Exception) -> None:
    book = playbook()
    book.gate = replace(book.gate, people=BrokenPeople(error))
    headers = (("authorization", f"Bearer {token(**LIVING).decode()}"),)
    assert len(book.gate.routes) > 5
    for (method, path), served in book.gate.routes.items():
        for signs in ((), (("anthropic-version", "2023-06-01"),)):
            place = path.replace(MODEL_PLACE, "claude-test")
            played = book.play(Sent(place, b"{}", headers + signs, method), Answer((b"{}",)))
            assert played.status == 401, (method, path, served)
            assert played.upstream is None
