"""What a tool can do, read from its name and description: an explained guess that an operator can overrule.

Owns the words. A tool of which nothing is known counts as one that changes state, sends out and returns untrusted text:
a guess that is too strict costs a question, one that is too lenient costs the data.
Source of the words: the tools of Claude Code 2.1, Codex 0.169 and the reference servers of the Model Context Protocol,
read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from stockade.guard.flow.conversation import ToolDefinition


class Label(StrEnum):
    """What a tool can do."""

    CHANGES_STATE = "changes_state"
    READS_PRIVATE = "reads_private"
    READS_UNTRUSTED = "reads_untrusted"
    SENDS_OUT = "sends_out"


class Labelled(NamedTuple):
    """A tool's labels and why it has them."""

    labels: frozenset[Label]
    why: str


Labels = Mapping[str, frozenset[Label]]
"""Labels by a tool's name, as configuration or the pack says."""


def vocabulary(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(text.split())


READING = vocabulary(
    """
    browse calculate check compare count describe diff download fetch find get glob grep inspect list load
    lookup ls open peek preview query read recall resolve retrieve scan search show stat status summarize tail
    think tree validate verify view watch whoami
    """
)
SENDING = vocabulary(
    """
    broadcast comment dm email forward invite mail message notify pay post publish push reply send share sms
    submit tell text transfer tweet upload webhook wire
    """
)
CHANGING = vocabulary(
    """
    accept add allow append apply approve archive assign attach ban block book buy cancel change checkout clear
    click close commit confirm copy create cut decline delete deploy destroy disable draft drop edit enable exec
    execute fill grant insert install invoke kick label launch lock make mark merge modify move mute order patch
    pin place purchase put raise refund register reject release remove rename replace reschedule reserve reset
    restart resume revoke rollback rotate run save schedule set shell start stop subscribe suspend terminate
    toggle trash trigger type unlock unshare unsubscribe update upsert withdraw write
    """
)
_SAYING = vocabulary("comment message post reply review")
_OUTSIDE = vocabulary(
    """
    article browser comment comments email emails feed fetch file files inbox issue issues mail message messages
    news page pages post posts pr pull readme review reviews search site slack ticket tickets tweet url web
    website webpage wiki
    """
)
_PRIVATE = vocabulary(
    """
    account accounts balance bank calendar card contact contacts credential credentials customer db database
    document documents drive email emails env file files health inbox invoice invoices mail medical message
    messages order orders password passwords payment payments private profile repo repository salary secret
    secrets statement transaction transactions user users vault
    """
)
_WEB = vocabulary(
    """
    browse browser fetch http request url web webpage website
    """
)
_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(name: str) -> list[str]:
    """Return the words of a tool's name, of its last part where an MCP server stands before it.

    >>> words("mcp__mail__sendEmail_v2")
    ['send', 'email', 'v', '2']
    """
    return [word.lower() for word in _SPLIT.findall(name.rpartition("__")[2] or name)]


def label(tool: ToolDefinition, known: Labels) -> Labelled:
    """Return what a tool can do."""
    told = known.get(tool.name)
    if told is None:
        told = known.get(tool.name.rpartition("__")[2])
    if told is not None:
        return Labelled(told, "it is listed")
    parts = words(tool.name)
    verb = next((word for word in parts if word in READING or word in SENDING or word in CHANGING), "")
    about = {*parts, *re.findall(r"[a-z]+", tool.description[:400].lower())}
    found: set[Label] = set()
    if verb in SENDING or (verb in CHANGING and _SAYING.intersection(parts)):
        found |= {Label.SENDS_OUT, Label.CHANGES_STATE}
    elif verb in CHANGING:
        found.add(Label.CHANGES_STATE)
    elif verb in READING:
        if about & _OUTSIDE or len(parts) == 1:
            found.add(Label.READS_UNTRUSTED)
        if about & _PRIVATE:
            found.add(Label.READS_PRIVATE)
        if {*parts} & _WEB:
            found.add(Label.SENDS_OUT)
        return Labelled(frozenset(found), f'"{verb}" in its name reads')
    else:
        return Labelled(frozenset(Label), "nothing in its name says what it does")
    if about & _PRIVATE:
        found.add(Label.READS_PRIVATE)
    return Labelled(frozenset(found), f'"{verb}" in its name {"sends" if verb in SENDING else "changes"}')
