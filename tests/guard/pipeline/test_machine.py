"""The machine: the order of its commands, and what becomes of an exchange when any one of them fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from stockade.core.errors import StorageError, UpstreamError
from stockade.guard.pipeline import commands as c
from stockade.guard.pipeline.machine import run
from stockade.guard.pipeline.stages import Stage
from stockade.testing.playbook import Playbook, Played
from stockade.testing.vendor.saying import Call
from tests.guard.pipeline.talks import PATHS, answer, ask, each_dialect, each_way, hear, say
from tests.properties.gates import OTHER_SECRET, SECRET, gate, playbook

QUESTION = f"Use {SECRET} to log in."
SAID = "I write to alice.miller@corp-mail.com with {} and then I wait for what they say."
ENDING = {"Settle", "Spend", "RememberVendorKnown", "StickBlock"}
ERRORS: dict[str, Callable[[], BaseException]] = {
    "storage": lambda: StorageError("The disk is full."),
    "upstream": lambda: UpstreamError("The vendor broke off."),
    "unexpected": lambda: RuntimeError(f"quotes {SECRET}"),
    "gone": c.ClientGone,
}


class Watch:
    """Sees every command; fails the n-th of one kind; keeps what was acknowledged before a call."""

    def __init__(self, kind: str = "", number: int = 0, error: Callable[[], BaseException] | None = None) -> None:
        self.kind, self.number, self.error = kind, number, error
        self.counted: Counter[str] = Counter()
        self.intents: list[str] = []
        self.reserved = False
        self.struck = False

    def __call__(self, command: Any) -> BaseException | None:
        name = type(command).__name__
        self.counted[name] += 1
        fails = name == self.kind and self.counted[name] == self.number
        if isinstance(command, c.CallUpstream):
            digest = "sha256:" + sha256(command.body).hexdigest()
            assert self.intents == [digest], "called without a record of what is sent"
        if fails:
            self.struck = True
            return self.error() if self.error else None
        if isinstance(command, c.Reserve):
            self.reserved = True
        if isinstance(command, c.Record):
            record = json.loads(command.data)
            if record["kind"] == "intent":
                self.intents.append(record["forwarded"]["digest"])
        return None


def knowing(dialect: str) -> tuple[Playbook, str]:
    """Return a gate that has seen the secret before, and its stand-in."""
    book = playbook()
    book.play(ask(dialect, QUESTION), answer(dialect, say("Fine."), streamed=False))
    return book, next(iter(book.stand_ins))


def play(dialect: str, streamed: bool, watch: Watch) -> Played:
    """Play an exchange that uses every command: a secret asked, a stand-in and personal data and a call answered."""
    book, stand_in = knowing(dialect)
    book.stand_ins["TOKEN_" + "a" * 16] = "of another turn"
    call = Call("call_1", "Bash", json.dumps({"command": f"login {stand_in}"}))
    said = say(SAID.format("TOKEN_" + "a" * 16), calls=[call], chunk="words")
    return book.play(ask(dialect, QUESTION, stream=streamed), answer(dialect, said, streamed=streamed), watch)


PROBES = {(dialect, streamed): Watch() for dialect in PATHS for streamed in (False, True)}


def probe(dialect: str, streamed: bool) -> Counter[str]:
    """Return how often each command is used when nothing fails."""
    watch = PROBES[dialect, streamed]
    if not watch.counted:
        play(dialect, streamed, watch)
    return watch.counted


KINDS = tuple(sorted(kind.__name__ for kind in c.Command.__args__))


@each_dialect
@each_way
def test_the_commands_stand_in_their_order(dialect: str, streamed: bool) -> None:
    played = play(dialect, streamed, Watch())
    head = [
        "Reserve",
        "ReadBody",
        "OpenTenant",
        "Inspect",
        "RecallVendorKnown",
        "SeekBlock",
        "Remember",
        "Now",
        "Record",
        "CallUpstream",
    ]
    assert played.commands[: len(head)] == head
    assert played.commands[-4:] == ["Spend", "RememberVendorKnown", "Now", "Record"]
    assert [record["kind"] for record in played.records] == ["intent", "outcome"]
    sent = [name for name in played.commands if name.startswith("Send")]
    assert sent[0] == "SendHead"
    assert set(sent[1:]) == {"SendBody"}
    assert json.loads(hear(dialect, played).calls[0][1]) == {"command": f"login {SECRET}"}


@each_dialect
@each_way
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", list(ERRORS))
def test_any_command_may_fail(dialect: str, streamed: bool, kind: str, error: str) -> None:
    """The first, the second and the last of its kind."""
    times = probe(dialect, streamed)[kind]
    for number in sorted({1, 2, times} & set(range(1, times + 1))):
        check_failure(dialect, streamed, Watch(kind, number, ERRORS[error]), last=number == times)


def check_failure(dialect: str, streamed: bool, watch: Watch, *, last: bool) -> None:
    kind, error = watch.kind, next(name for name, made in ERRORS.items() if made is watch.error)
    played = play(dialect, streamed, watch)
    assert watch.struck
    text = played.body.decode()
    # One place was taken and is given back once.
    assert played.commands.count("Settle") == watch.reserved
    # Nothing that policy holds back passed, and nobody was shown an exception's text.
    assert SECRET not in (played.forwarded or b"").decode()
    assert "quotes" not in text
    assert SECRET not in json.dumps(played.records)
    assert "quotes" not in json.dumps(played.records)
    over = kind in ENDING or (kind in ("Now", "Record") and last)
    if over:
        assert hear(dialect, played).error == ""
        assert played.finished
    elif error == "gone":
        assert "Stopped" not in text
        assert not played.finished
    elif not kind.startswith("Send"):
        heard = hear(dialect, played)
        assert played.finished
        assert heard.error
        assert heard.calls == [] or "login" in heard.calls[0][1]
    check_outcome(played, watch, kind, error, over=over)


def check_outcome(played: Played, watch: Watch, kind: str, error: str, *, over: bool) -> None:
    """The outcome is in the ledger, unless its own recording failed, and says how it ended."""
    if over and kind in ("Now", "Record"):
        assert [record["kind"] for record in played.records] == ["intent"]
        assert played.exchange.fault.startswith("record_outcome: ")
        return
    outcome = played.records[-1]
    assert outcome["kind"] == "outcome"
    assert outcome["intent"] == bool(watch.intents)
    assert (played.upstream is None) or outcome["intent"]
    if over:
        assert outcome["ended"] == "completed"
    elif error == "gone":
        assert outcome["ended"] == "client_gone"
    elif error == "upstream":
        assert outcome["ended"] == "upstream_failed"
        assert outcome["error"] == "upstream"
    else:
        assert outcome["ended"] == ("stopped" if played.exchange.streaming else "rejected")
        assert outcome["error"] == ("storage" if error == "storage" else "guard_failed")
    if error == "unexpected":
        assert "RuntimeError" in played.exchange.fault
        assert SECRET not in played.exchange.fault


@each_dialect
@each_way
def test_each_kind_of_command_is_used_by_some_exchange_here(dialect: str, streamed: bool) -> None:
    rest = {"ReadUpstreamWhole"} if streamed else {"ReadUpstream"}
    # Compute: large bodies alone, see test_computation.py. Recordings: of named tenants alone, see test_recordings.py.
    # Approvals: where a rule holds alone, see test_holds.py.
    # Tokens that ask an issuer: see test_authentication.py.
    rest |= {
        "Compute",
        "StickBlock",
        "AskApproval",
        "KeepBeforeSending",
        "KeepRecording",
        "MissRecording",
        "RefreshIssuer",
        "Introspect",
    }
    assert set(KINDS) - set(probe(dialect, streamed)) == rest


@each_dialect
def test_no_intent_no_call(dialect: str) -> None:
    played = play(dialect, False, Watch("Record", 1, ERRORS["storage"]))
    assert (played.upstream, played.status) == (None, 503)
    assert "disk is full" in hear(dialect, played).error
    assert [record["kind"] for record in played.records] == ["outcome"]


@each_dialect
@pytest.mark.parametrize("failing", ["SendHead", "SendBody"])
@pytest.mark.parametrize("error", ["unexpected", "gone", "storage"])
def test_a_client_that_cannot_be_told_is_settled_all_the_same(dialect: str, failing: str, error: str) -> None:
    """Two things fail: a guard, and the telling of it."""
    book, _ = knowing(dialect)

    def fails(command: Any) -> BaseException | None:
        if isinstance(command, c.Inspect):
            return RuntimeError("a guard")
        return ERRORS[error]() if type(command).__name__ == failing else None

    played = book.play(ask(dialect, QUESTION), answer(dialect, say("Fine."), streamed=False), fails)
    assert played.upstream is None
    assert played.released == 1
    assert played.records[-1]["ended"] == ("client_gone" if error == "gone" else "rejected")
    assert played.records[-1]["error"] == "guard_failed"


@each_dialect
def test_a_refusal_sticks_even_when_what_the_vendor_wrote_cannot_be_kept(dialect: str) -> None:
    book = playbook(
        '@id("own") @effect("deny") @reason("Our own reason.") forbid (principal, '
        'action == Stockade::Action::"complete", resource) when { context.category == "credential" };'
    )
    said = say(f"Mail to alice.miller@corp-mail.com. The token is {OTHER_SECRET}.")
    watch = Watch("RememberVendorKnown", 1, ERRORS["storage"])
    played = book.play(ask(dialect, "hello"), answer(dialect, said, streamed=False), watch)
    assert watch.struck
    assert played.records[-1]["ended"] == "refused"
    again = book.play(ask(dialect, "hello"), answer(dialect, say("Fine."), streamed=False))
    assert again.upstream is None
    assert hear(dialect, again).error == hear(dialect, played).error


def test_a_fault_names_its_place_and_not_its_text() -> None:
    def breaks(_gate: Any, exchange: Any) -> Any:
        exchange.voice = next(iter(gate().routes.values()))[0][0]
        raise KeyError(SECRET)
        yield

    book = playbook()
    exchange = book.play(ask("openai_chat", "x"), answer("openai_chat", say("y"), streamed=False)).exchange
    exchange.head_sent = exchange.streaming = False
    sent = [
        command for command in run(book.gate, exchange, (Stage("breaks", breaks),)) if isinstance(command, c.SendBody)
    ]
    assert "KeyError at" in exchange.fault
    assert "breaks" in exchange.fault
    assert SECRET not in exchange.fault
    assert len(sent) == 1
    assert SECRET.encode() not in sent[0].data
