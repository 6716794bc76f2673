"""A long conversation full of secrets: the vendor sees the same stand-ins in every turn, the client only real values.

The vendor's prompt cache lives from a prefix that stays the same to the byte; a tool call that arrives with a stand-in
does not work.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from stockade.testing.playbook import Playbook, Sent
from stockade.testing.vendor.saying import Call, Saying
from tests.guard.pipeline.talks import PATHS, answer, each_dialect, each_way, hear, say
from tests.properties.gates import playbook

TURNS = 30
SEED = 1
STAND_IN = re.compile(r"[A-Z][A-Z0-9_]*_[a-z2-7]{16}|email-[a-z2-7]{16}@pseudonym\.example")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NAMES = ("alice", "bob", "carol", "dmitri", "erin", "faisal", "grace", "hiro")
WORDS = ("the build", "of our", "service", "fails when", "it reads", "this file", "and nobody", "knows why")


def luhn(digits: str) -> str:
    """Return the check digit that makes `digits` a card's number. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for number, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if number % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


@dataclass
class Author:
    """Writes texts with values in them that must not leave; repeats old ones as people and files do."""

    dice: random.Random
    values: list[str] = field(default_factory=list)

    def value(self) -> str:
        if self.values and self.dice.random() < 0.4:
            return self.dice.choice(self.values)
        made = self.made(self.dice.randrange(4))
        self.values.append(made)
        return made

    def made(self, kind: int) -> str:
        many = self.letters
        if kind == 0:
            return "ghp_" + many(36)
        if kind == 1:
            return f"{self.dice.choice(NAMES)}.{many(6).lower()}@corp-{many(5).lower()}.com"
        if kind == 2:
            card = "4" + "".join(str(self.dice.randrange(10)) for _ in range(14))
            return card + luhn(card)
        return "xoxb-" + "-".join(
            ("".join(str(self.dice.randrange(10)) for _ in range(n)) if n else many(24)) for n in (12, 13, 0)
        )

    def letters(self, count: int) -> str:
        return "".join(self.dice.choice(LETTERS) for _ in range(count))

    def words(self) -> str:
        return " ".join(self.dice.choices(WORDS, k=self.dice.randrange(3, 9)))

    def file(self) -> str:
        """Return a file as a tool reads it."""
        forms = (
            "KEY={}",
            'token: "{}"',
            "# write to {} first",
            "pay with {} now",
            '\t{{"a": "{}"}}',
            "caf\u00e9 {} \u4f60",
        )
        lines = [self.dice.choice(forms).format(self.value()) if self.dice.random() < 0.5 else self.words()]
        lines += [self.dice.choice(forms).format(self.value()) for _ in range(3)]
        self.dice.shuffle(lines)
        return "\n".join(lines)


class Client:
    """A client that keeps a conversation in its wire format and sends all of it each turn."""

    def __init__(self, dialect: str, *, stream: bool) -> None:
        self.dialect = dialect
        self.items: list[dict[str, Any]] = []
        self.head: dict[str, Any] = {"model": "m-1"}
        if dialect == "anthropic_messages":
            self.head["max_tokens"] = 99
        if stream:
            self.head["stream"] = True

    def request(self) -> Sent:
        key = "input" if self.dialect == "openai_responses" else "messages"
        return Sent(PATHS[self.dialect], json.dumps({**self.head, key: self.items}).encode())

    def user(self, text: str) -> None:
        content: Any = text
        if self.dialect == "anthropic_messages":
            content = [{"type": "text", "text": text}]
        elif self.dialect == "openai_responses":
            content = [{"type": "input_text", "text": text}]
        self.items.append({"role": "user", "content": content})

    def heard(self, text: str, call: Call) -> None:
        if self.dialect == "anthropic_messages":
            use = {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}
            self.items.append({"role": "assistant", "content": [{"type": "text", "text": text}, use]})
        elif self.dialect == "openai_chat":
            function = {"name": call.name, "arguments": call.arguments}
            calls = [{"id": call.id, "type": "function", "function": function}]
            self.items.append({"role": "assistant", "content": text, "tool_calls": calls})
        else:
            said = [{"type": "output_text", "text": text, "annotations": []}]
            self.items.append({"type": "message", "role": "assistant", "content": said})
            told = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
            self.items.append({"type": "function_call", **told})

    def result(self, call: Call, text: str) -> None:
        if self.dialect == "anthropic_messages":
            content = [{"type": "tool_result", "tool_use_id": call.id, "content": text}]
            self.items.append({"role": "user", "content": content})
        elif self.dialect == "openai_chat":
            self.items.append({"role": "tool", "tool_call_id": call.id, "content": text})
        else:
            self.items.append({"type": "function_call_output", "call_id": call.id, "output": text})


def spoken(author: Author, known: list[str], turn: int) -> Saying:
    """Return what a model says that knows stand-ins only: in a text and in a tool call."""
    pick = [author.dice.choice(known) for _ in range(2)]
    arguments = json.dumps({"command": f"login --as {pick[0]}", "paths": [f"/srv/{pick[1]}/x", "/tmp"], "n": turn})
    text = f"{author.words()} {pick[0]}, {author.words()} ({pick[1]}) {author.words()}."
    return say(text, calls=[Call(f"call_{turn}", "Bash", arguments)], chunk=author.dice.randrange(1, 9))


def converse(dialect: str, streamed: bool, seed: int) -> tuple[Playbook, list[bytes], Client, Author]:
    """Play a conversation; check every turn; return the gate, all forwarded bodies, the client and the author."""
    author = Author(random.Random(seed))
    client = Client(dialect, stream=streamed)
    book = playbook()
    forwarded: list[bytes] = []
    client.user(f"Read this:\n{author.file()}\nand mail {author.value()}.")
    for turn in range(TURNS):
        sent = client.request()
        if turn == 0:
            forwarded.append(book.play(sent, answer(dialect, say("Fine."), streamed=streamed)).forwarded or b"")
        said = spoken(author, sorted(book.stand_ins), turn)
        played = book.play(sent, answer(dialect, said, streamed=streamed))
        body = played.forwarded
        assert body is not None
        if turn == 0:
            assert forwarded.pop() == body, "the same request twice"
        forwarded.append(body)
        for value in author.values:
            at = body.find(value.encode())
            assert at < 0, body[max(0, at - 60) : at + 60]
        heard = hear(dialect, played)
        real = {name: value for name, value in book.stand_ins.items() if name in said.text + said.calls[0].arguments}
        expected_text, expected_call = said.text, said.calls[0].arguments
        for name, value in real.items():
            expected_text, expected_call = expected_text.replace(name, value), expected_call.replace(name, value)
        assert heard.text == expected_text
        assert [json.loads(arguments) for _, arguments in heard.calls] == [json.loads(expected_call)]
        assert not STAND_IN.search(heard.text + heard.calls[0][1])
        call = said.calls[0]._replace(arguments=heard.calls[0][1])
        client.heard(heard.text, call)
        client.result(call, author.file())
        if turn % 3 == 0:
            client.user(f"{author.words()} {author.value()}?")
    return book, forwarded, client, author


@each_dialect
@each_way
def test_a_conversation_keeps_its_bytes_and_its_values(dialect: str, streamed: bool) -> None:
    book, forwarded, client, author = converse(dialect, streamed, SEED + streamed)
    assert len(author.values) > TURNS
    for before, after in pairwise(forwarded):
        assert before.endswith(b"]}")
        assert after.startswith(before.removesuffix(b"]}") + b", "), "what was sent before is sent again as it was"
    named: dict[str, str] = {}
    for name, value in book.stand_ins.items():
        assert named.setdefault(value, name) == name, "one value, one name"

    fresh = playbook()
    again = fresh.play(client.request(), answer(dialect, say("Fine."), streamed=streamed))
    here = book.play(client.request(), answer(dialect, say("Fine."), streamed=streamed))
    assert again.forwarded == here.forwarded, "another process makes the same bytes"
    assert set(author.values) <= set(book.stand_ins.values())


@each_dialect
def test_the_history_reaches_the_vendor_as_the_vendor_said_it(dialect: str) -> None:
    author = Author(random.Random(3))
    client = Client(dialect, stream=False)
    book = playbook()
    client.user(f"Read this:\n{author.file()}\nand mail {author.value()}.")
    body = book.play(client.request(), answer(dialect, say("Fine."), streamed=False)).forwarded
    assert body is not None
    said = spoken(author, STAND_IN.findall(body.decode()), 0)
    heard = hear(dialect, book.play(client.request(), answer(dialect, said, streamed=False)))
    client.heard(heard.text, said.calls[0]._replace(arguments=heard.calls[0][1]))
    client.user("go on")
    after = book.play(client.request(), answer(dialect, say("Fine."), streamed=False)).forwarded
    assert after is not None
    assert json.dumps(said.text).encode() in after
    command = json.loads(said.calls[0].arguments)["command"]
    assert command.encode() in after


@each_dialect
def test_what_the_vendor_wrote_itself_keeps_its_words(dialect: str) -> None:
    """A new address in an answer is the vendor's own: it goes back as it came, in every later turn."""
    book = playbook()
    client = Client(dialect, stream=False)
    client.user("whom do I ask?")
    said = say("Ask zoe.adler@corp-other.com for it.")
    first = book.play(client.request(), answer(dialect, said, streamed=False))
    assert hear(dialect, first).text == said.text
    client.heard(said.text, Call("call_1", "Mail", '{"to": "zoe.adler@corp-other.com"}'))
    client.result(Call("call_1", "Mail", "{}"), "sent")
    for _ in range(2):
        played = book.play(client.request(), answer(dialect, say("Fine."), streamed=False))
        assert played.forwarded == client.request().body
    other = playbook().play(client.request(), answer(dialect, say("Fine."), streamed=False))
    assert other.forwarded is not None
    assert b"zoe.adler" not in other.forwarded
