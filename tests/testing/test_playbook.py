"""The playbook itself: what it answers, keeps and refuses; a test that stands on it may trust it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from stockade.core.errors import StorageError
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.exchange import Exchange
from stockade.guard.quota.counters import Reservation, Settlement
from stockade.testing.playbook import KEY, Answer, Played, Sent
from tests.properties.gates import SECRET, gate, inspector, playbook

BODY = b'{"model":"m","messages":[{"role":"user","content":"it is %s"}]}'
ASKED = Sent("/v1/chat/completions", BODY % SECRET.encode())
ANSWER = Answer(
    (
        b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,',
        b'"message":{"role":"assistant","content":"Fine."},"finish_reason":"stop"}]}',
    )
)


def test_an_exchange_is_played_whole() -> None:
    played = playbook().play(ASKED, ANSWER)
    assert (played.status, played.finished, played.released) == (200, True, 1)
    assert played.body == b"".join(ANSWER.pieces)
    assert played.json["choices"][0]["message"]["content"] == "Fine."
    assert played.forwarded is not None
    assert SECRET.encode() not in played.forwarded
    assert [record["kind"] for record in played.records] == ["intent", "outcome"]
    assert played.upstream is not None
    assert played.upstream.body == played.forwarded


def test_each_exchange_has_an_id_of_its_own_and_what_is_kept_stays() -> None:
    book = playbook()
    ids = {book.play(ASKED, ANSWER).exchange.id for _ in range(3)}
    assert len(ids) == 3
    assert list(book.stand_ins.values()) == [SECRET]


def test_a_failure_is_asked_before_each_command_and_takes_its_place() -> None:
    asked: Counter[str] = Counter()

    def full(command: Any) -> BaseException | None:
        asked[type(command).__name__] += 1
        return StorageError("The disk is full.") if isinstance(command, c.Remember) else None

    book = playbook()
    played = book.play(ASKED, ANSWER, full)
    assert asked == Counter(played.commands)
    assert played.status == 503
    assert book.stand_ins == {}, "a command that failed was not carried out"


def test_every_command_of_the_machine_is_answered() -> None:
    """A command that nobody answers would be answered with nothing, and a test could not tell."""
    book, played = playbook(), Played(Exchange("ex", 1.0, "POST", "/", "", ()))
    book.stand_ins["A_B"] = "value"
    block = c.Block("ref", ("r",), "No.")
    expected: list[tuple[c.Command, Any]] = [
        (c.ReadBody(9), ASKED.body),
        (c.Remember("play", {"C_D": "other"}), None),
        (c.Recall("play", frozenset({"A_B", "C_D", "E_F"})), {"A_B": "value", "C_D": "other"}),
        (c.RememberVendorKnown("play", "openai", frozenset({"e"})), None),
        (c.RecallVendorKnown("play", "openai", frozenset({"e", "f"})), frozenset({"e"})),
        (c.RecallVendorKnown("play", "anthropic", frozenset({"e"})), frozenset()),
        (c.SeekBlock("play", "content"), None),
        (c.StickBlock("play", "content", block), None),
        (c.SeekBlock("play", "content"), block),
        (c.SeekBlock("other", "content"), None),
        (c.ReadUpstream(), b"a"),
        (c.ReadUpstreamWhole(9), b"b"),
        (c.Settle((Settlement(Reservation("r", (), (), ()), ()),)), None),
    ]
    vendor = iter([b"a", b"b", b""])
    for command, reply in expected:
        assert book._reply(command, played, ASKED, ANSWER, vendor) == reply
    assert played.released == 1


def test_bytes_after_the_end_are_noticed() -> None:
    book, played = playbook(), Played(Exchange("ex", 1.0, "POST", "/", "", ()))
    book._reply(c.SendBody(b"x", more=False), played, ASKED, ANSWER, iter(()))
    with pytest.raises(AssertionError, match="after the end"):
        book._reply(c.SendBody(b"y", more=False), played, ASKED, ANSWER, iter(()))


def test_without_the_key_nobody_is_let_in() -> None:
    played = playbook().play(ASKED._replace(headers=()), ANSWER)
    assert (played.status, played.upstream, played.records) == (401, None, [])
    assert KEY.text not in repr(played.commands)


def test_the_gate_of_the_tests_has_all_detectors_and_dialects() -> None:
    assert len({dialect.name for pairs in gate().routes.values() for dialect, _ in pairs}) == 3
    assert len(inspector().versions) >= 3
