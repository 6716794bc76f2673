"""The script of a fake vendor: rules in YAML that say which answer a request gets, in which pieces, with which fault.

Owns the form of a script and its strictness: an unknown key is an error that names its place and the nearest known key.
Never answers anything itself. The reference is `docs/reference` and the demo script beside this file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

DIALECTS = ("anthropic", "openai_chat", "openai_responses")


class Fault(StrEnum):
    """How an answer goes wrong after some of its events."""

    CUT = "cut"  # the connection closes, the body unfinished
    END = "end"  # the body ends properly, too early
    ERROR = "error"  # the vendor's own error event, then the end
    HANG = "hang"  # nothing more comes; the connection stays
    MID_CHARACTER = "mid_character"  # the body ends inside a UTF-8 sequence
    NEVER_END = "never_end"  # the last sent event again and again until the client goes
    PAUSE = "pause"  # waits until the test calls `FakeVendor.resume`
    RESET = "reset"  # the connection is reset (TCP RST)


@dataclass(frozen=True, slots=True)
class When:
    """What a request must be for a rule to apply; None asks nothing. `turn` counts from 1."""

    contains: str | None = None
    matches: re.Pattern[str] | None = None
    dialect: str | None = None
    turn: int | None = None
    has_tool_result: bool | None = None
    stream: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that the vendor's model makes. `arguments` is an object, or a string to be sent as it is.

    `custom`: a call of a custom tool (Responses only), whose `arguments` are free text: Codex's `apply_patch` is one.
    """

    name: str
    arguments: Mapping[str, object] | str
    id: str = ""
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Thinking:
    """A thinking block with the signature that covers it."""

    text: str
    signature: str = "c2lnbmF0dXJlIG9mIHRoZSBmYWtlIHZlbmRvcg=="


@dataclass(frozen=True, slots=True)
class Refusal:
    """The vendor's own refusal."""

    text: str = ""
    category: str = "cyber"


@dataclass(frozen=True, slots=True)
class Failure:
    """An HTTP error in the vendor's shape."""

    status: int
    message: str = "the fake vendor was told to fail"
    type: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are, with status and content type; in the script `body` or `body_base64`."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Usage as the answer states it. `input` counts uncached tokens only."""

    input: int = 25
    output: int = 15
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor says. `error`, `raw` and `refusal` stand alone; thinking, text, tool calls may join."""

    text: str = ""
    thinking: Thinking | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: Refusal | None = None
    error: Failure | None = None
    raw: Raw | None = None
    model: str = ""
    stop_reason: str = ""
    usage: Tokens = Tokens()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the script.

    `chunks`: an integer cuts texts and arguments into that many characters, "words" after each space, a list of strings
    gives the pieces of the text, a list of integers the lengths (the last one repeats). `wire_bytes` cuts the body
    itself. `delay_s` waits before the first byte, `event_delay_s` before each event. A `bench` rule builds its reply
    once and neither reads nor records requests. Units: seconds.
    """

    answer: Answer
    when: When = When()
    chunks: int | str | tuple[int, ...] | tuple[str, ...] = "words"
    wire_bytes: int = 0
    delay_s: float = 0.0
    event_delay_s: float = 0.0
    fault: Fault | None = None
    after_events: int = 0
    bench: bool = False


ECHO = Rule(Answer(text="The vendor received: {{last_user}}\n(body {{received_digest}})"))
"""The rule that applies when no other does: a person sees that only stand-ins arrived."""


@dataclass(frozen=True, slots=True)
class Script:
    """The rules in order; the first that applies answers. `keys`: the only API keys that are accepted; empty: any."""

    rules: tuple[Rule, ...] = ()
    default: Rule = ECHO
    models: tuple[str, ...] = ("claude-demo", "gpt-demo")
    keys: tuple[str, ...] = ()


def nearest(key: str, known: tuple[str, ...]) -> str:
    """Return a hint that names the known key most like `key`."""
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
