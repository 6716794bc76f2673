"""`stockade approvals`: what waits for a person's yes, shown, approved and denied.

Whoever says yes is somebody: an approver who signed in or holds a key (`STOCKADE_KEY`), or the person at this terminal,
who must confirm there. An agent that runs commands should have none of these.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from stockade.cli.access import needs
from stockade.cli.credentials import CredentialsFile
from stockade.cli.main import config_option, settings_of
from stockade.cli.person import KEY_VARIABLE, local_caller
from stockade.config.schema import Settings
from stockade.core.errors import ConfigError, ForbiddenError
from stockade.core.limits import APPROVAL_WAIT_S
from stockade.core.permissions import Permission, permitted
from stockade.guard.approvals.approval import Approval, Scope, State, Vote
from stockade.guard.approvals.telling import timestamp, told
from stockade.stores.control import ControlStore
from stockade.stores.installation_key import installation_key

_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


class _Duration(click.ParamType[int]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return seconds."""
        found = _DURATION.fullmatch(str(value))
        if found is None:
            self.fail("Write a number and m, h or d, such as 8h.", param, ctx)
        return int(found[1]) * _SECONDS[found[2]]


@click.group()
def command() -> None:
    """List, show, approve and deny what waits for a person's yes."""


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Show what is decided, used and over as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@config_option
@needs(Permission.APPROVAL_CALLS_LIST)
def list_approvals(*, everything: bool, as_json: bool, config_path: Path | None) -> None:
    """Show what waits, the newest first."""
    with _store(config_path) as store:
        found = store.approvals.list(waiting=not everything)
    rows = [told(one, int(time.time())) for one in found]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo("Nothing waits for a yes.")
    for row in rows:
        said = (row["id"], row["state"], row["subject"], row["principal"], row["asked_at"], ",".join(row["rules"]))
        click.echo("\t".join(said))


@command.command()
@click.argument("approval_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@config_option
@needs(Permission.APPROVAL_CALLS_LIST)
def show(*, approval_id: str, as_json: bool, config_path: Path | None) -> None:
    """Show what waits under ID: the tool, its arguments, where its decisive values come from, and who said what."""
    with _store(config_path) as store:
        approval, content = store.approvals.get(approval_id)
    row = told(approval, int(time.time())) | {"shown": json.loads(content)}
    if as_json:
        click.echo(json.dumps(row, indent=2))
        return
    click.echo(described(row))


@command.command()
@click.argument("approval_id", metavar="ID")
@click.option("--session", is_flag=True, help="For this session: whatever has the same tool and decisive values.")
@click.option("--for", "for_s", type=_Duration(), help="Exactly this, as often as it is asked for within a time: 8h.")
@config_option
@needs(Permission.APPROVAL_CALLS_DECIDE)
def approve(*, approval_id: str, session: bool, for_s: int | None, config_path: Path | None) -> None:
    """Say yes to ID: once within a day, or as --session and --for say. It passes when the client asks again."""
    scope = Scope.SESSION if session else Scope.ONCE if for_s is None else Scope.UNTIL
    settings = settings_of(config_path)
    with _store(config_path) as store:
        who = _who(settings, store, approval_id)
        approval = _vote(store, approval_id, who, yes=True, scope=scope, for_s=for_s or APPROVAL_WAIT_S)
    now_s = int(time.time())
    if approval.state(now_s) is State.PENDING:
        click.echo(f"{approval.id} has {len(approval.votes)} of {approval.needed} approvals; it still waits.")
    else:
        click.echo(f"{approval.id} is approved ({approval.scope}) until {timestamp(approval.until_s)}.")
        click.echo("It passes when the client asks for the same again.")


@command.command()
@click.argument("approval_id", metavar="ID")
@config_option
@needs(Permission.APPROVAL_CALLS_DECIDE)
def deny(*, approval_id: str, config_path: Path | None) -> None:
    """Say no to ID; takes back a yes that was not used up."""
    settings = settings_of(config_path)
    with _store(config_path) as store:
        approval = _vote(store, approval_id, _who(settings, store, approval_id), yes=False)
    click.echo(f"{approval.id} is denied until {timestamp(approval.expires_at_s)}.")


def described(row: dict[str, Any]) -> str:
    """Return an approval as lines for a person. Control characters of a client stay visible as escapes."""
    shown = row["shown"]
    lines = [f"{row['id']}  {row['state']}  {row['approvals_needed']} approval(s) needed"]
    lines += [f"asked by {row['principal']} of tenant {row['tenant']} at {row['asked_at']}", f"why: {shown['reason']}"]
    if "tool" in shown:
        asked = "" if shown["asked"] else "  (the person did not ask for this)"
        lines.append(f"tool: {_plain(shown['tool'])}{asked}")
        for value in shown["values"]:
            where = f" {_plain(value['tool'])} {value['at']}".rstrip()
            lines.append(f"  {_plain(value['argument'])} = {_plain(value['value'])}  [{value['ground']}{where}]")
        lines.append("arguments:")
        lines += [f"  {_plain(a['argument'])} ({a['chars']}): {_plain(a['text'])}" for a in shown["arguments"]]
    else:
        lines += [f"  {one['category']} ({one['rule']}) in {one['channel']} {one['at']}" for one in shown["findings"]]
    lines += [f"{'yes' if one['yes'] else 'no'} by {one['by']} at {one['at']}" for one in row["said"]]
    return "\n".join(lines)


def at_terminal() -> bool:
    """Say whether a person may be at the other end."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _plain(text: str) -> str:
    """Return a text that can do nothing to a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _vote(
    store: ControlStore, id_: str, who: tuple[str, str], *, yes: bool, scope: Scope = Scope.ONCE, for_s: int = 0
) -> Approval:
    now_s = int(time.time())
    return store.approvals.vote(id_, Vote(*who, yes, now_s, scope, now_s + for_s))


def _who(settings: Settings, store: ControlStore, approval_id: str) -> tuple[str, str]:
    """Return who decides: whom a key or a sign-in proves, or who is at the terminal.

    Fails: ForbiddenError, ConfigError, UnauthenticatedError.
    """
    if settings.control.require_login or os.environ.get(KEY_VARIABLE) or CredentialsFile(os.environ).path.exists():
        principal = local_caller(settings)
        if not permitted(principal.roles, Permission.APPROVAL_CALLS_DECIDE):
            raise ForbiddenError("None of your roles may decide.", hint="It needs the role approver.")
        return principal.id, principal.name
    approval, content = store.approvals.get(approval_id)
    click.echo(described(told(approval, int(time.time())) | {"shown": json.loads(content)}))
    if not at_terminal():
        raise ConfigError(
            "Nothing was decided: nobody is at a terminal.",
            hint=f"Run it in a terminal, sign in, or name an approver's key in {KEY_VARIABLE}.",
        )
    click.confirm("Do you decide this?", abort=True)
    name = getpass.getuser()
    return f"local:{name}"[:64], name


@contextmanager
def _store(config_path: Path | None) -> Iterator[ControlStore]:
    settings = settings_of(config_path)
    store = ControlStore.open(settings.database_url, installation_key(settings.data_dir))
    try:
        yield store
    finally:
        store.close()
