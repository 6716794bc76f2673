"""Segments: every text of an exchange, with where it stands and how far it may be trusted.

Owns the vocabulary of channels and kinds. Never holds decisions, findings or bytes of a body.
A segment's text is the *decoded* value of one JSON string; `token` says which string of the raw body it is, so that an
edit can be spliced into the original bytes (see `core/json_tokens.py`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

Path = tuple[str | int, ...]


class Channel(StrEnum):
    """Who speaks in a segment; decides how far its text may be trusted."""

    ASSISTANT = "assistant"
    DOCUMENT = "document"
    SYSTEM = "system"
    TOOL_CALL = "tool_call"
    TOOL_DEFINITION = "tool_definition"
    TOOL_RESULT = "tool_result"
    USER = "user"


UNTRUSTED = frozenset({Channel.TOOL_RESULT, Channel.DOCUMENT, Channel.TOOL_DEFINITION})


class Kind(StrEnum):
    """What a segment's text is."""

    ARGUMENT = "argument"  # a string inside the arguments of a tool call
    BINARY = "binary"  # base64 of an image, a PDF, audio
    IDENTIFIER = "identifier"  # ids, names, keys of objects whose keys are the caller's choice
    OPAQUE = "opaque"  # content of a kind or field that the dialect does not know
    SEALED = "sealed"  # vendor-made signatures and ciphertext; editing breaks them
    TEXT = "text"  # prose, code, data meant to be read
    THINKING = "thinking"  # covered by a signature: inspected, never edited


UNEDITABLE = frozenset({Kind.SEALED, Kind.THINKING, Kind.BINARY})

NUMBER = -2
"""The `token` of a long number: it is none of the body's strings and is found by its path. Edited, it is a string."""


class Segment(NamedTuple):
    """One string of a request or an answer.

    A NamedTuple, not a dataclass: a coding agent's body holds thousands, and creation is three times cheaper.
    `token` is -1 outside of the body (queries, headers) and NUMBER for a long number.
    `inner` numbers a string inside the JSON text that string `token` holds (OpenAI tool arguments); None elsewhere. For
    a long number in there it is negative: that many last parts of the path lead to it inside the JSON text.
    """

    path: Path
    text: str
    role: str
    channel: Channel
    kind: Kind
    token: int
    inner: int | None = None

    @property
    def pointer(self) -> str:
        """Return the path as an RFC 6901 JSON pointer."""
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)

    @property
    def editable(self) -> bool:
        """Say whether an edit may touch this text."""
        return self.kind not in UNEDITABLE and (self.token >= 0 or self.token == NUMBER)
