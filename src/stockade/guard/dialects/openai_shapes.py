"""What the two wire formats of OpenAI have in common: who speaks in a body, and the shapes of links and names.

Owns the voices. Never decides anything about a text.
Source: the types of the Python package openai 3.54, `openai.types.chat` and `openai.types.responses` (read November
2026).
"""

from __future__ import annotations

from collections.abc import Mapping

from stockade.core.segments import Channel, Kind, Path, Segment
from stockade.guard.dialects.dialect import Piece
from stockade.guard.dialects.shape import Leaf, Voice
from stockade.guard.dialects.values import table, text

SYSTEM = Voice("system", Channel.SYSTEM)
DEVELOPER = Voice("developer", Channel.SYSTEM)
USER = Voice("user", Channel.USER)
FILE = Voice("user", Channel.DOCUMENT)
ASSISTANT = Voice("assistant", Channel.ASSISTANT)
CALL = Voice("assistant", Channel.TOOL_CALL)
RESULT = Voice("tool", Channel.TOOL_RESULT)
DEFINITION = Voice("tool", Channel.TOOL_DEFINITION)
UNKNOWN = Voice("unknown", Channel.DOCUMENT)

PADDING: Path = ("obfuscation",)
"""Where stream events hold a string of chance, so that their sizes do not tell what they say."""

_BINARY = (
    "data:image/",
    "data:audio/",
    "data:video/",
    "data:application/pdf",
    "data:application/vnd.",
    "data:application/zip",
)


class Link(Leaf):
    """A string that is an address or a `data:` URL; base64 of pictures, sound and papers is BINARY, all else TEXT."""

    __slots__ = ()

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Append the string with the kind that its own beginning tells."""
        after = super().read(value, parent, key, token, out)
        if type(value) is str and value.startswith("data:"):
            head = value[:200].partition(",")[0].lower()
            if head.endswith(";base64") and head.startswith(_BINARY):
                out[-1] = out[-1]._replace(kind=Kind.BINARY)
        return after


def name_of(voice: Voice) -> Leaf:
    """Return the shape of an id or a name."""
    return Leaf(voice, Kind.IDENTIFIER)


def tool_name(call: Mapping[str, object]) -> str:
    """Return the name of the tool that a call of Chat Completions asks for, whole or as far as a delta tells it."""
    return text(table(call.get("function") or call.get("custom") or call).get("name"))


def aside(name: str, text: str) -> Piece:
    """Return the piece of a stream's text that stands outside of an event's data: a comment, an event's name."""
    return Piece(Segment((name,), text, UNKNOWN.role, ASSISTANT.channel, Kind.OPAQUE, -1), beside=True)
