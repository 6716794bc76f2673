"""Decisive values: of a call's arguments, those that say whom it reaches or what it changes.

Owns which arguments those are, by their key and by their form. A body, a title or a date is not decisive by itself, an
address inside of one is; an amount is where money moves. Source of the keys: tools of Claude Code, Codex
and the reference servers of the Model Context Protocol, read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from stockade.guard.flow.commands import installed, quiet
from stockade.guard.flow.labels import vocabulary, words


class Sort(StrEnum):
    """What a decisive value is."""

    ADDRESS = "address"  # of mail, of a person, of an account
    AMOUNT = "amount"  # of money
    COMMAND = "command"  # a command line as a whole
    NAME = "name"  # an id, a channel, a branch, a package
    PATH = "path"
    URL = "url"


class Argument(NamedTuple):
    """One string of a call's arguments; `key` is the name nearest to it."""

    key: str
    text: str


class Decisive(NamedTuple):
    """A value that decides what a call does, and the argument that it stands in."""

    key: str
    sort: Sort
    text: str


URL = re.compile(r"(?i)\b(?:https?|ftp|wss?|ssh|git)://[^\s\"'<>()\[\]{}|\\^`]+")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
IP = re.compile(r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?\b")
IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
HOST = re.compile(r"(?i)\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,24})\b")
_BARE = re.compile(
    r"(?i)\b(?:www\.[a-z0-9.-]+\.[a-z]{2,}|[a-z0-9.-]+\.(?:com|net|org|io|dev|test|example|ru|cn|xyz))(?:/[^\s\"'<>]*)?"
)

_ADDRESSES = vocabulary(
    """
    account addressee assignee attendee attendees bcc beneficiary bic card cc collaborator collaborators contact
    customer email emails from group guest guests handle iban invitee invitees member members owner participant
    participants payee payer people person phone receiver recipient recipients reviewer reviewers reviewers
    sender swift to user username users wallet
    """
)
_NAMES = vocabulary(
    """
    bucket channel database dependency host hostname id ids image key label module org package packages
    project remote repo repository role scope server service space table tag team topic workspace
    """
)
_COUNT = re.compile("[0-9]{1,3}")
_AMOUNTS = vocabulary("amount amounts fee price sum total value")
_PATHS = vocabulary(
    """
    destination dest dir directory dst file filename filepath folder output path paths source src target
    """
)
_URLS = vocabulary("callback domain endpoint href link links origin site uri url urls webhook website")
COMMANDS = vocabulary("cmd code command commands expression query_string script shell sql statement")


def decisive(arguments: Iterable[Argument], *, money: bool = False) -> list[Decisive]:
    """Return the decisive values of a call, each once; `money` says that the tool moves some.

    The name of a recipient counts only where nothing else says who it is.
    """
    found: dict[Decisive, None] = {}
    for argument in arguments:
        found.update(dict.fromkeys(_of(argument)))
        if money and _AMOUNTS.intersection(words(argument.key)) and re.search("[0-9]", argument.text):
            found[Decisive(argument.key, Sort.AMOUNT, argument.text.strip())] = None
    certain = any(value.sort is Sort.ADDRESS and not _is_name(value.key) for value in found)
    return [value for value in found if not (certain and value.sort is Sort.ADDRESS and _is_name(value.key))]


def _is_name(key: str) -> bool:
    return words(key)[-1:] == ["name"]


def _of(argument: Argument) -> Iterator[Decisive]:
    key, text = argument
    named = words(key)
    last = named[-1] if named else ""
    stripped = text.strip()
    if not stripped:
        return
    if IP.fullmatch(stripped):
        yield Decisive(key, Sort.ADDRESS, stripped)
    elif last in COMMANDS or {*named} & {"command", "cmd", "script"}:
        yield from _of_command(key, stripped)
    elif _URLS & {*named}:
        yield Decisive(key, Sort.URL, stripped)
    elif _PATHS & {*named} and "\n" not in stripped and len(stripped) < 1024:
        yield Decisive(key, Sort.URL if URL.fullmatch(stripped) else Sort.PATH, stripped)
    elif named[:1] in (["from"], ["source"]) and "@" not in stripped:
        yield Decisive(key, Sort.NAME, stripped)  # the person's own side of a transfer
    elif _ADDRESSES & {*named} and len(stripped) < 256 and not _COUNT.fullmatch(stripped):
        for part in re.split(r"\s*[,;]\s*", stripped):
            if part:
                yield Decisive(key, Sort.ADDRESS, part)
    elif _NAMES & {*named} and "\n" not in stripped and len(stripped) < 256:
        yield Decisive(key, Sort.NAME, stripped)
    else:
        yield from _inside(key, text)


def _inside(key: str, text: str) -> Iterator[Decisive]:
    """Yield the addresses inside a text."""
    rest = text
    for found in URL.finditer(text):
        yield Decisive(key, Sort.URL, found[0].rstrip(".,;:!?"))
    rest = URL.sub(" ", rest)
    for found in EMAIL.finditer(rest):
        yield Decisive(key, Sort.ADDRESS, found[0])
    rest = EMAIL.sub(" ", rest)
    for found in IP.finditer(rest):
        yield Decisive(key, Sort.ADDRESS, found[0])
    for found in IBAN.finditer(rest):
        yield Decisive(key, Sort.ADDRESS, found[0])
    for found in _BARE.finditer(rest):
        yield Decisive(key, Sort.URL, found[0].rstrip(".,;:!?"))


def _of_command(key: str, text: str) -> Iterator[Decisive]:
    """Yield a command that is not quiet, the addresses in it, and what it installs."""
    if quiet(text):
        return
    yield Decisive(key, Sort.COMMAND, text)
    yield from _inside(key, text)
    for package in installed(text):
        yield Decisive(key, Sort.NAME, package)
