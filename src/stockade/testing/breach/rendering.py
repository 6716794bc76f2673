"""A task in a wire format: the requests of its client and the answers of its vendor, as bytes.

Owns the three wire formats' names, routes and writers, and the script that makes the fake vendor play a task. Answers
are written by the fake vendor's own writers, so that a task over HTTP and one without a socket hold the same bytes.
Never judges what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from stockade.testing.breach import requests
from stockade.testing.breach.requests import Asked, session_id, wire_id
from stockade.testing.breach.task import Answer, Step, Task
from stockade.testing.vendor import anthropic, openai_chat, openai_responses
from stockade.testing.vendor.saying import Call, Saying, cut
from stockade.testing.vendor.script import Answer as VendorAnswer
from stockade.testing.vendor.script import Rule, Script, Tokens, ToolCall, When

MODEL = "breach-demo"


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire format. `name` is its dialect's name, `speaks` the fake vendor's word for it."""

    name: str
    speaks: str
    path: str
    prefix: str
    write_request: Callable[[Asked], dict[str, Any]]
    write_whole: Callable[[Saying], bytes]
    write_events: Callable[[Saying], Iterator[bytes]]

    def request(
        self, task: Task, steps: Sequence[Step], *, stream: bool = False, model: str = MODEL, session: str = ""
    ) -> bytes:
        """Return the body that a client sends when `steps` is all that happened; `session` "" is the task's own."""
        asked = Asked(task, steps, model, stream, session or session_id(task))
        return orjson.dumps(self.write_request(asked))

    def answer(self, task: Task, answer: Answer, *, model: str = MODEL) -> bytes:
        """Return the vendor's whole answer."""
        return self.write_whole(self._saying(task, answer, model))

    def stream(self, task: Task, answer: Answer, *, model: str = MODEL) -> Iterator[bytes]:
        """Yield the server-sent events of the vendor's streamed answer."""
        return self.write_events(self._saying(task, answer, model))

    def call_id(self, task: Task, call: str) -> str:
        """Return the id that is sent for one of the task's calls."""
        return wire_id(task, call, self.prefix)

    def _saying(self, task: Task, answer: Answer, model: str) -> Saying:
        calls = tuple(
            Call(self.call_id(task, call.id), call.tool, orjson.dumps(call.arguments).decode()) for call in answer.calls
        )
        return Saying(
            number=answer.start,
            model=model,
            text=answer.text,
            pieces=cut(answer.text, "words"),
            thinking=None,
            calls=calls,
            refusal=None,
            stop_reason="",
            usage=Tokens(),
            usage_in_stream=True,
            chunks="words",
        )


WIRES: Mapping[str, Wire] = MappingProxyType(
    {
        wire.name: wire
        for wire in (
            Wire(
                "anthropic_messages",
                "anthropic",
                "/v1/messages",
                "toolu",
                requests.anthropic,
                anthropic.whole,
                anthropic.events,
            ),
            Wire(
                "openai_chat",
                "openai_chat",
                "/v1/chat/completions",
                "call",
                requests.openai_chat,
                openai_chat.whole,
                openai_chat.events,
            ),
            Wire(
                "openai_responses",
                "openai_responses",
                "/v1/responses",
                "call",
                requests.openai_responses,
                openai_responses.whole,
                openai_responses.events,
            ),
        )
    }
)


def script(task: Task) -> Script:
    """Return the script with which the fake vendor plays the model of this task, in every wire format.

    The n-th request is told by the n-1 answers in its history; so a client must keep an answer in its history also
    when the gate replaced a call of it by a notice.
    """
    rules = tuple(
        Rule(_vendor_answer(task, answer, wire), When(dialect=wire.speaks, turn=turn))
        for wire in WIRES.values()
        for turn, answer in enumerate(task.answers, 1)
    )
    return Script(rules=rules, default=Rule(VendorAnswer(text="That is all.")), models=(MODEL,))


def _vendor_answer(task: Task, answer: Answer, wire: Wire) -> VendorAnswer:
    calls = tuple(ToolCall(call.tool, call.arguments, wire.call_id(task, call.id)) for call in answer.calls)
    return VendorAnswer(text=answer.text, tool_calls=calls)
