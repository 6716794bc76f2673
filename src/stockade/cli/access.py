"""What a command needs: each declares one permission, or that it is open to anybody who can start the program.

A command is local: the operating system says who may read the installation key and the data. What is declared here is
what the person's role must hold where configuration asks for a sign-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, TypeVar

import click

from stockade.core.permissions import Permission

_Function = TypeVar("_Function", bound=Callable[..., Any])
_MARK = "__stockade_needs__"


class Open(Enum):
    """The declaration of a command that reads and changes nothing of an installation."""

    ANYBODY = "anybody"


def needs(permission: Permission) -> Callable[[_Function], _Function]:
    """Declare what the decorated command needs. Stands below the decorators of click."""
    return _declare(permission)


def anybody(function: _Function) -> _Function:
    """Declare that the decorated command is open to whoever can start the program."""
    return _declare(Open.ANYBODY)(function)


def declared(command: click.Command) -> Permission | Open | None:
    """Return what a command declares; None is a defect that a test finds."""
    return getattr(command.callback, _MARK, None)


def commands(root: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, groups left out, with its words."""
    context = click.Context(root)
    for word in root.list_commands(context):
        found = root.get_command(context, word)
        path = f"{name} {word}".strip()
        if isinstance(found, click.Group):
            yield from commands(found, path)
        elif found is not None:
            yield path, found


def _declare(what: Permission | Open) -> Callable[[_Function], _Function]:
    def mark(function: _Function) -> _Function:
        assert not isinstance(function, click.Command), "declare below the decorators of click"
        setattr(function, _MARK, what)
        return function

    return mark
