"""A conversation as information flow sees it: who said what, and what which tool returned. Made from segments alone.

Owns the joining of results to the tools that returned them, by ids, whatever the wire format. Never trusts what a text
says of itself: a tool result that claims to be the user is a tool result, because of where it stands; and what a coding
agent adds to a person's turn is not the person's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from stockade.core.segments import Channel, Kind, Path, Segment

_RESULT_IDS = frozenset({"call_id", "tool_call_id", "tool_use_id"})
_CALL_IDS = frozenset({"call_id", "id"})
_OF_CLIENT = re.compile(r"(?s)<(system-reminder|environment_context|user_instructions|INSTRUCTIONS)>.*?(?:</\1>|\Z)")
"""What coding agents put into a person's turn by themselves: reminders, and files of the repository (CLAUDE.md,
AGENTS.md) that anybody may have written. Source: Claude Code 2.1.330, Codex CLI 0.169, read November 2026."""

_ASSENT = re.compile(
    r"""(?ix)\s*(?:yes|yep|yeah|ok(?:ay)?|sure|go\ ahead|please\ do|do\ (?:it|that|so)|sounds\ good|perfect|great|fine
    |correct|confirm(?:ed)?|approved?|agreed|exactly|that\ works|ja|genau|sí|si|oui|d'accord|va\ bene|sim)\b"""
)
"""A person who begins so says yes to what the model proposed before."""

_EMPTY = frozenset({"", "[]", "{}"})
_READ = frozenset({Kind.ARGUMENT, Kind.OPAQUE, Kind.TEXT})


class Said(NamedTuple):
    """A text of the person, of the system prompt, or of the model to the person."""

    channel: Channel
    text: str
    path: Path


class Result(NamedTuple):
    """One text that a tool returned, or a document.

    `tool` is "" where nobody knows which; `asked` are the arguments of the call that it answers.
    """

    tool: str
    text: str
    path: Path
    asked: tuple[str, ...] = ()


@dataclass(slots=True)
class ToolDefinition:
    """What a request says of a tool: its name, what it is for, and its parameters' names."""

    name: str
    description: str = ""
    parameters: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that was said before a call, in order."""

    said: tuple[Said, ...] = ()
    results: tuple[Result, ...] = ()
    tools: dict[str, ToolDefinition] = field(default_factory=dict)

    def person(self) -> list[str]:
        """Return the texts of the person, the oldest first, and what of the model's words they said yes to."""
        found: list[str] = []
        proposed = ""
        for said in self.said:
            if said.channel is Channel.ASSISTANT:
                proposed = said.text
            elif said.channel is Channel.USER:
                if proposed and _ASSENT.match(said.text):
                    found.append(proposed)
                found.append(said.text)
                proposed = ""
        return found


def read(segments: Iterable[Segment]) -> Conversation:
    """Return the conversation that the segments of a request tell."""
    said: list[Said] = []
    texts: list[Segment] = []
    answered: dict[Path, str] = {}
    calls: dict[Path, str] = {}
    named: dict[Path, str] = {}
    arguments: list[Segment] = []
    tools = _Tools()
    for segment in segments:
        channel, kind, path = segment.channel, segment.kind, segment.path
        if channel is Channel.USER or channel is Channel.SYSTEM or channel is Channel.ASSISTANT:
            if kind is Kind.TEXT or (kind is Kind.OPAQUE and segment.token >= 0):
                own = _OF_CLIENT.sub(" ", segment.text) if channel is Channel.USER else segment.text
                said.append(Said(channel, own, path))
        elif channel is Channel.TOOL_RESULT or channel is Channel.DOCUMENT:
            if kind is Kind.IDENTIFIER and path[-1] in _RESULT_IDS:
                answered[path[:-1]] = segment.text
            elif kind in _READ and segment.text:
                texts.append(segment)
        elif channel is Channel.TOOL_CALL:
            if kind is Kind.IDENTIFIER and path[-1] in _CALL_IDS:
                calls[path[:-1]] = segment.text
            elif kind is Kind.IDENTIFIER and path[-1] == "name":
                named[path[:-1]] = segment.text
            elif kind is Kind.ARGUMENT and segment.text not in _EMPTY:
                arguments.append(segment)
        elif channel is Channel.TOOL_DEFINITION:
            tools.add(segment)
    names = {id_: name for place, id_ in calls.items() if (name := _name_at(place, named))}
    asked: dict[str, list[str]] = {}
    for argument in arguments:
        asked.setdefault(_owner(argument.path, calls), []).append(argument.text)
    results = []
    for text in texts:
        id_ = _owner(text.path, answered)
        results.append(Result(names.get(id_, ""), text.text, text.path, tuple(asked.get(id_, ()) if id_ else ())))
    return Conversation(tuple(said), tuple(results), tools.found)


def _name_at(place: Path, named: dict[Path, str]) -> str:
    """Return the name of the tool that the call at `place` asks for: beside its id, or one step below."""
    for below in ((), ("function",), ("custom",)):
        if name := named.get((*place, *below)):
            return name
    return ""


def _owner(path: Path, answered: dict[Path, str]) -> str:
    """Return the id of the call that the text at `path` answers, or belongs to."""
    for length in range(len(path), 0, -1):
        if id_ := answered.get(path[:length]):
            return id_
    return ""


class _Tools:
    """Tool definitions while they are read: what stands below the place of a name belongs to that tool."""

    def __init__(self) -> None:
        self.found: dict[str, ToolDefinition] = {}
        self._place: Path = ()
        self._open: ToolDefinition | None = None

    def add(self, segment: Segment) -> None:
        path = segment.path
        if path[-1] == "name" and segment.kind is Kind.IDENTIFIER:
            self._place = path[:-1]
            self._open = self.found.setdefault(segment.text, ToolDefinition(segment.text))
        elif self._open is None or path[: len(self._place)] != self._place:
            return
        elif path == (*self._place, "description"):
            self._open.description = segment.text
        elif segment.kind is Kind.IDENTIFIER and len(path) > 1 and path[-2] == "properties":
            self._open.parameters.append(segment.text)
