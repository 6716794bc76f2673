"""The facts of one tool call for policy: what the tool can do, what was read before, who named what decides it.

Owns nothing but their putting together; `grounding.py` and `asking.py` find them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from stockade.core.facts import Ground, ToolFacts
from stockade.guard.flow.asking import asked, classes
from stockade.guard.flow.conversation import Conversation
from stockade.guard.flow.grounding import WORST, Sources, Traced
from stockade.guard.flow.labels import Label, Labels
from stockade.guard.flow.values import COMMANDS, Argument, Sort, decisive

_OF_SERVER = re.compile(r"mcp__(.+?)(?:__.+)?")
_EFFECTS = frozenset({Label.CHANGES_STATE, Label.SENDS_OUT})


class Flow(NamedTuple):
    """The facts of a call, and the values that they rest on."""

    facts: ToolFacts
    traced: tuple[Traced, ...] = ()


def flow(tool: str, arguments: Sequence[Argument], conversation: Conversation, known: Labels) -> Flow:
    """Return the facts of a call of `tool` with these arguments."""
    sources = Sources(conversation, known)
    labels = sources.labels(tool)
    reads = Label.CHANGES_STATE not in labels
    values = decisive(arguments, money=classes(tool) == ("pay",))
    traced = tuple(sources.trace(value, only_reads=reads) for value in values)
    if any(one.value.sort is Sort.COMMAND for one in traced):
        labels |= {Label.CHANGES_STATE}
    elif _is_command(arguments):
        labels -= _EFFECTS  # a command line that only looks
    facts = ToolFacts(
        tool,
        server(tool),
        changes_state=Label.CHANGES_STATE in labels,
        sends_out=Label.SENDS_OUT in labels,
        read_untrusted=sources.untrusted or any(one.ground is Ground.UNTRUSTED for one in traced),
        read_private=sources.private,
        asked=asked(tool, conversation.person()),
        ground=max((one.ground for one in traced), key=WORST.__getitem__, default=Ground.NONE),
    )
    return Flow(facts, traced)


def server(tool: str) -> str:
    """Return the MCP server of a tool whose name tells it (`mcp__server__tool`), else ""."""
    of_server = _OF_SERVER.fullmatch(tool)
    return of_server[1] if of_server else ""


def _is_command(arguments: Sequence[Argument]) -> bool:
    return any(argument.key.lower() in COMMANDS for argument in arguments)
