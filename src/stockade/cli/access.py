"""What a command needs: each declares one permission, or that it is open to anybody who can start the program.

A command is local: the operating system says who may read the installation key and the data. What is declared here is
what the person's role must hold where configuration asks for a sign-in.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from stockade.core.errors import ForbiddenError
from stockade.core.permissions import Permission, permitted

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


def check(permission: Permission, config_path: Path | None) -> None:
    """Refuse the person at this terminal, where configuration asks for a sign-in and no role holds `permission`.

    Fails: ForbiddenError, UnauthenticatedError, ConfigError. Without a configuration there is no installation to guard.
    """
    from stockade.cli.main import CONFIG_FILE
    from stockade.config.reader import read_settings

    path = config_path or Path(os.environ.get("STOCKADE_CONFIG") or CONFIG_FILE)
    if not path.exists():
        return
    settings = read_settings(path)
    if not settings.control.require_login:
        return
    from stockade.cli.person import local_caller

    if not permitted(local_caller(settings).roles, permission):
        raise ForbiddenError("None of your roles may do this.", hint=f"It needs a role that holds {permission}.")


def _declare(what: Permission | Open) -> Callable[[_Function], _Function]:
    def mark(function: _Function) -> _Function:
        assert not isinstance(function, click.Command), "declare below the decorators of click"

        @functools.wraps(function)
        def guarded(*arguments: Any, **given: Any) -> Any:
            if isinstance(what, Permission):
                check(what, given.get("config_path") or given.get("config"))
            return function(*arguments, **given)

        setattr(guarded, _MARK, what)
        return cast(_Function, guarded)

    return mark
