"""`stockade keys`: API keys of the gate, made, listed, suspended and revoked.

A key is written to stdout once, at its creation, and nowhere else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from stockade.cli.access import needs
from stockade.cli.main import config_option, settings_of
from stockade.core.errors import ConfigError
from stockade.core.permissions import Permission
from stockade.core.principal import Role
from stockade.guard.identity import KeyRecord
from stockade.stores.control import ControlStore
from stockade.stores.installation_key import installation_key


@click.group()
def command() -> None:
    """Make, list, suspend and revoke the API keys of this gate."""


@command.command()
@click.option("--name", required=True, help="Whom or what the key is for; stands in every record.")
@click.option("--tenant", default="default", show_default=True, help="Owner of limits and placeholders.")
@click.option("--team", default="", help="The team whose budget and rules the key falls under.")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    help="What the key may do on the control side (repeatable); none for a service that only calls models.",
)
@click.option("--workspace", default="", help="The one workspace of `workspaces:` that the key works in.")
@click.option("--quiet", is_flag=True, help="Print the key alone.")
@config_option
@needs(Permission.ACCESS_KEYS_CREATE)
def create(
    *, name: str, tenant: str, team: str, roles: tuple[str, ...], workspace: str, quiet: bool, config_path: Path | None
) -> None:
    """Make a key and print it, this once."""
    settings = settings_of(config_path)
    if workspace and workspace not in {each.name for each in settings.workspaces}:
        raise ConfigError(
            "No key was made: there is no workspace of this name.", hint="`workspaces:` in stockade.yaml names them."
        )
    with opened_store(config_path) as store:
        made = store.keys.create(
            name, tenant, team=team, roles=[Role(role) for role in dict.fromkeys(roles)], workspace=workspace
        )
    if not quiet:
        click.echo(f"Key {made.record.id} of tenant {tenant}. It is shown this once; keep it:", err=True)
    click.echo(made.text)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@config_option
@needs(Permission.ACCESS_KEYS_LIST)
def list_keys(*, as_json: bool, config_path: Path | None) -> None:
    """Show all keys, revoked ones too; never their text."""
    with opened_store(config_path) as store:
        records = store.keys.list()
    if as_json:
        click.echo(json.dumps([_shown(record) for record in records], indent=2))
    elif sys.stdout.isatty():
        _print_table(records)
    else:
        for record in records:
            click.echo("\t".join(value or "-" for value in _shown(record).values()))


@command.command()
@click.argument("key_id", metavar="ID")
@config_option
@needs(Permission.ACCESS_KEYS_REVOKE)
def revoke(*, key_id: str, config_path: Path | None) -> None:
    """Make a key open nothing any more; a running gate follows within a second."""
    with opened_store(config_path) as store:
        record = store.keys.revoke(key_id)
    click.echo(f"Key {record.id} ({record.name}) is revoked since {_time(record.revoked_at_s)}.")


@command.command()
@click.argument("key_id", metavar="ID")
@config_option
@needs(Permission.ACCESS_KEYS_SUSPEND)
def suspend(*, key_id: str, config_path: Path | None) -> None:
    """Make a key open nothing until it is resumed; what it has open ends within a second."""
    with opened_store(config_path) as store:
        record = store.keys.suspend(key_id)
    click.echo(f"Key {record.id} ({record.name}) is suspended since {_time(record.suspended_at_s)}.")
    click.echo(f"Let it go on with: stockade keys resume {record.id}")


@command.command()
@click.argument("key_id", metavar="ID")
@config_option
@needs(Permission.ACCESS_KEYS_SUSPEND)
def resume(*, key_id: str, config_path: Path | None) -> None:
    """Let a suspended key open again what it did before."""
    with opened_store(config_path) as store:
        record = store.keys.resume(key_id)
    click.echo(f"Key {record.id} ({record.name}) is {'revoked' if record.revoked else 'open'}.")


@contextmanager
def opened_store(config_path: Path | None) -> Iterator[ControlStore]:
    """Open the control store that configuration names, for the length of a command."""
    settings = settings_of(config_path)
    store = ControlStore.open(settings.database_url, installation_key(settings.data_dir))
    try:
        yield store
    finally:
        store.close()


def _shown(record: KeyRecord) -> dict[str, str | None]:
    return {
        "id": record.id,
        "name": record.name,
        "tenant": record.tenant,
        "team": record.team or None,
        "roles": ",".join(record.roles) or None,
        "workspace": record.workspace or None,
        "created_at": _time(record.created_at_s),
        "revoked_at": _time(record.revoked_at_s),
        "suspended_at": _time(record.suspended_at_s),
    }


def _time(at_s: int | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


def _print_table(records: tuple[KeyRecord, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("id", "name", "tenant", "team", "roles", "workspace", "state")
    for record in records:
        state = "revoked" if record.revoked else "suspended" if record.suspended else "open"
        cells = (record.id, record.name, record.tenant, record.team, ",".join(record.roles), record.workspace, state)
        table.add_row(*(Text(cell, style="" if state == "open" else "dim") for cell in cells))
    Console().print(table)
