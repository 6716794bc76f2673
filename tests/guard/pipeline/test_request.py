"""Requests: each effect of policy on what is asked, models, headers, and refusals that stay the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from stockade.core.principal import DataClass, Environment, Workspace
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.identity import ENTROPY_BYTES, Keyring, Workspaces, generate_key
from stockade.guard.pipeline.models import ModelList
from stockade.guard.pipeline.request import content_digest
from stockade.testing.playbook import KEY, Playbook, Played, Sent
from tests.guard.pipeline.talks import PATHS, answer, ask, each_dialect, hear, say
from tests.properties.gates import OTHER_SECRET, SECRET, playbook

QUESTION = f"Before {SECRET} after."


def rule(effect: str, when: str = 'context.category == "credential"') -> str:
    """Return a rule on requests."""
    return (
        f'@id("own") @effect("{effect}") @reason("Our own reason.") '
        f'forbid (principal, action == Stockade::Action::"prompt", resource) when {{ {when} }};'
    )


def play(book: Playbook, dialect: str, text: str = QUESTION, *, stream: bool = False) -> Played:
    """Ask; the vendor answers plainly."""
    return book.play(ask(dialect, text, stream=stream), answer(dialect, say("Fine."), streamed=stream))


def asked(played: Played) -> str:
    """Return the text that reached the vendor."""
    assert played.forwarded is not None
    body: dict[str, Any] = json.loads(played.forwarded)
    text = body["input"] if "input" in body else body["messages"][0]["content"]
    assert isinstance(text, str)
    return text


@each_dialect
def test_nothing_found_is_sent_as_it_came(dialect: str) -> None:
    played = play(playbook(), dialect, "hello")
    assert played.forwarded == ask(dialect, "hello").body
    intent = played.records[0]
    assert (intent["effect"], intent["edited"], intent["findings"]) == ("allow", False, [])
    assert intent["received"] == intent["forwarded"]


@each_dialect
def test_flag_passes_and_writes_it_down(dialect: str) -> None:
    text = "The host is 8.8.4.4 today."
    played = play(playbook(), dialect, text)
    assert asked(played) == text
    assert played.records[0]["effect"] == "flag"
    assert [finding["effect"] for finding in played.records[0]["findings"]] == ["flag"]


@each_dialect
def test_pseudonymise_puts_a_stand_in(dialect: str) -> None:
    book = playbook()
    played = play(book, dialect)
    (stand_in,) = book.stand_ins
    assert asked(played) == f"Before {stand_in} after."
    assert book.stand_ins[stand_in] == SECRET
    intent = played.records[0]
    assert (intent["effect"], intent["edits"]) == ("pseudonymise", 1)
    assert intent["received"] != intent["forwarded"]


@each_dialect
def test_redact_leaves_no_way_back(dialect: str) -> None:
    book = playbook(rule("redact"))
    text = asked(play(book, dialect))
    assert text.startswith("Before [")
    assert text.endswith("] after.")
    assert SECRET not in text
    assert book.stand_ins == {}


@each_dialect
def test_withhold_replaces_the_whole_text_by_the_same_notice_each_turn(dialect: str) -> None:
    book = playbook(rule("withhold"))
    texts = [asked(play(book, dialect)) for _ in range(2)]
    assert texts[0] == texts[1]
    assert texts[0].startswith("[")
    assert "Before" not in texts[0]
    assert asked(play(book, dialect, f"Before {OTHER_SECRET} after.")) != texts[0]


@each_dialect
def test_deny_refuses_in_the_same_words_on_every_retry(dialect: str) -> None:
    book = playbook(rule("deny"))
    first, again = play(book, dialect), play(book, dialect)
    streamed = play(book, dialect, stream=True)
    other = play(book, dialect, f"Quite another text with {SECRET}.")
    assert [played.upstream for played in (first, again, streamed, other)] == [None] * 4
    assert first.status == (403 if dialect == "anthropic_messages" else 400)
    assert first.body == again.body == streamed.body == other.body
    error = hear(dialect, first).error
    assert "Our own reason." in error
    assert SECRET not in error
    refusal = first.records[-1]["refusal"]
    assert refusal in error
    assert {played.records[-1]["refusal"] for played in (again, streamed, other)} == {refusal}
    assert refusal != play(book, dialect, f"Before {OTHER_SECRET} after.").records[-1]["refusal"]
    outcome = first.records[-1]
    assert [record["kind"] for record in first.records] == ["outcome"]
    assert (outcome["ended"], outcome["intent"], outcome["effect"]) == ("refused", False, "deny")
    assert [finding["effect"] for finding in outcome["findings"]] == ["deny"]


@each_dialect
def test_a_model_that_is_not_listed_is_refused_with_the_line_that_would_allow_it(dialect: str) -> None:
    book = playbook()
    book.gate = replace(book.gate, models=ModelList(["gpt-*"]))
    told = book.play(ask(dialect, "hello", model="other-1"), answer(dialect, say("Fine."), streamed=False))
    assert told.upstream is None
    assert '- "other-1"' in hear(dialect, told).error
    assert told.records[-1]["error"] == "model_not_listed"
    strange = book.play(ask(dialect, "hello", model='a" - "*'), answer(dialect, say("Fine."), streamed=False))
    assert '- "*' not in hear(dialect, strange).error
    listed = book.play(ask(dialect, "hello", model="gpt-5"), answer(dialect, say("Fine."), streamed=False))
    assert hear(dialect, listed).text == "Fine."


@each_dialect
def test_policy_may_keep_a_key_from_a_model(dialect: str) -> None:
    book = playbook(
        '@id("own") @effect("deny") @reason("Not with this key.") forbid (principal, '
        'action == Stockade::Action::"forward", resource == Stockade::Model::"m-2");'
    )
    told = book.play(ask(dialect, "hello", model="m-2"), answer(dialect, say("Fine."), streamed=False))
    assert told.upstream is None
    assert "Not with this key." in hear(dialect, told).error
    assert "Inspect" not in told.commands
    assert hear(dialect, play(book, dialect)).text == "Fine."


def test_headers_that_reach_the_vendor_are_on_a_list_and_inspected() -> None:
    extra = (
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "a-1,b-2"),
        ("x-custom", "kept here"),
        ("cookie", "kept=here"),
        ("user-agent", "client/1"),
    )
    sent = ask("anthropic_messages", "hello")
    played = playbook().play(
        sent._replace(headers=(*sent.headers, *extra)), answer("anthropic_messages", say("Fine."), streamed=False)
    )
    assert played.upstream is not None
    assert dict(played.upstream.headers) == {
        b"anthropic-version": b"2023-06-01",
        b"anthropic-beta": b"a-1,b-2",
        b"content-type": b"application/json",
    }
    assert KEY.text.encode() not in b"".join(value for _, value in played.upstream.headers)
    told = {segment.text for segment in played.exchange.segments}
    assert {"2023-06-01", "a-1,b-2"} <= told


def test_a_header_that_holds_a_secret_stops_the_request() -> None:
    """It cannot be edited: what stands in it is a word of the protocol."""
    sent = ask("anthropic_messages", "hello")
    headers = (*sent.headers, ("anthropic-beta", SECRET))
    played = playbook().play(sent._replace(headers=headers), answer("anthropic_messages", say("Fine."), streamed=False))
    assert played.upstream is None
    assert played.records[-1]["ended"] == "refused"


@each_dialect
def test_a_body_that_is_not_read_is_not_sent(dialect: str) -> None:
    for body in (b"", b"null", b"[]", b"{", b'{"model":1}', b'{"model":"m","model":"n"}', b'{"a":"\xff"}'):
        played = playbook().play(Sent(PATHS[dialect], body), answer(dialect, say("Fine."), streamed=False))
        assert (played.upstream, played.status) == (None, 400)
        assert hear(dialect, played).error
        assert played.released == 1


def segment(text: str) -> Segment:
    return Segment(("a",), text, "user", Channel.USER, Kind.TEXT, 0)


def test_the_digest_of_what_is_said_tells_texts_apart() -> None:
    said = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("c", "ab"), (), ("1,2\0a", "b"), ("\ud800",)]
    digests = {content_digest(tuple(segment(text) for text in texts)) for texts in said}
    assert len(digests) == len(said)


PAYMENTS = Workspace("payments", Environment.PRODUCTION, 4, DataClass.RESTRICTED)


def sent_from(dialect: str, workspace: str) -> Sent:
    sent = ask(dialect, "hello")
    return sent._replace(headers=(*sent.headers, ("x-stockade-workspace", workspace)))


@each_dialect
def test_policy_may_keep_a_workspace_from_a_model_and_the_record_says_who_named_it(dialect: str) -> None:
    book = playbook(
        '@id("own") @effect("deny") @reason("Not from there.") forbid (principal, action == '
        'Stockade::Action::"forward", resource) when { context.workspace.sensitivity >= 3 };'
    )
    book.gate = replace(book.gate, workspaces=Workspaces([(PAYMENTS, ())]))
    told = book.play(sent_from(dialect, "payments"), answer(dialect, say("Fine."), streamed=False))
    assert told.upstream is None
    assert "Not from there." in hear(dialect, told).error
    passed = book.play(ask(dialect, "hello"), answer(dialect, say("Fine."), streamed=False))
    assert (passed.records[0]["workspace"]["id"], passed.records[0]["asserted_by"]) == ("none", "none")
    unknown = book.play(sent_from(dialect, "payment"), answer(dialect, say("Fine."), streamed=False))
    assert unknown.upstream is None
    assert "knows no workspace" in hear(dialect, unknown).error
    open_gate = playbook()
    open_gate.gate = replace(open_gate.gate, workspaces=Workspaces([(PAYMENTS, ())]))
    named = open_gate.play(sent_from(dialect, "payments"), answer(dialect, say("Fine."), streamed=False))
    assert named.records[0]["workspace"] == PAYMENTS._asdict()
    assert named.records[0]["asserted_by"] == "header"
    assert named.upstream is not None
    assert all(b"stockade" not in name for name, _ in named.upstream.headers)


@each_dialect
def test_a_model_under_evaluation_is_for_evaluators(dialect: str) -> None:
    book = playbook()
    book.gate = replace(book.gate, models=ModelList(["*"], ["new-*"]))
    told = book.play(ask(dialect, "hello", model="new-1"), answer(dialect, say("Fine."), streamed=False))
    assert told.upstream is None
    assert "under evaluation" in hear(dialect, told).error
    record = generate_key(b"e" * ENTROPY_BYTES, name="eva", tenant="play", created_at_s=1, team="evaluators")
    book.gate = replace(book.gate, keyring=Keyring([record.record]))
    sent = ask(dialect, "hello", model="new-1")._replace(headers=(("x-api-key", record.text),))
    assert hear(dialect, book.play(sent, answer(dialect, say("Fine."), streamed=False))).text == "Fine."


@each_dialect
def test_the_record_names_every_model_that_may_answer(dialect: str) -> None:
    body = json.loads(ask(dialect, "hello").body) | {"fallback": {"models": ["m-2", "m-3"]}}
    played = playbook().play(
        Sent(PATHS[dialect], json.dumps(body).encode()), answer(dialect, say("Fine."), streamed=False)
    )
    assert (played.records[0]["model"], played.records[0]["models"]) == ("m-1", ["m-2", "m-3"])
