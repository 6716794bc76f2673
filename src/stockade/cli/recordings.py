"""`stockade recordings`: which days are kept of whom, and their end. Never opens a recording."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from stockade.cli.access import needs
from stockade.cli.main import config_option, settings_of
from stockade.core.errors import ConfigError
from stockade.core.permissions import Permission
from stockade.stores.recording_frames import Frame

EXIT_NOTHING = 1
_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


@click.group()
def command() -> None:
    """Look after recorded exchanges: what is kept of whom, and its end."""


_tenant = click.option("--tenant", help="Only this tenant's.")


@command.command(name="list")
@_tenant
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@config_option
@needs(Permission.EVIDENCE_RECORDINGS_LIST)
def list_days(*, tenant: str | None, as_json: bool, config_path: Path | None) -> None:
    """Show what is recorded: a line a tenant and day, erased days too."""
    from stockade.stores.recording_reader import days

    rows = _with_store(config_path, lambda root, keys: [_shown(day) for day in days(root, keys, tenant)])
    if as_json:
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    elif not rows:
        click.echo("nothing is recorded; `recording: {tenants: [...]}` in stockade.yaml says of whom", err=True)
    elif sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            click.echo("\t".join(str(value) if value not in (None, "") else "-" for value in row.values()))


@command.command()
@config_option
@needs(Permission.EVIDENCE_RECORDINGS_ERASE)
def purge(*, config_path: Path | None) -> None:
    """Erase the days that are past their retention; a running gate does the same by itself."""
    from stockade.stores.recording_retention import expired, purge
    from stockade.stores.recordings import day_of

    kept_days = settings_of(config_path).recording.retention_days
    first = expired(day_of(time.time()), kept_days)
    erased = _with_store(config_path, lambda root, keys: purge(root, keys, first))
    for each in erased:
        click.echo(f"erased {each.tenant} {each.day}: its key is destroyed, {each.files} files removed")
    click.echo(f"{len(erased)} days erased; kept from {first} on", err=True)


@command.command()
@click.option("--tenant", required=True, help="Whose recordings.")
@click.option("--day", help="Which day (UTC), as 2026-11-22.")
@click.option("--all-days", is_flag=True, help="Every day of this tenant, in place of --day.")
@config_option
@needs(Permission.EVIDENCE_RECORDINGS_ERASE)
@click.pass_context
def erase(ctx: click.Context, *, tenant: str, day: str | None, all_days: bool, config_path: Path | None) -> None:
    """Erase a tenant's recordings by destroying their key. Exit status 1 when there was nothing."""
    from stockade.stores.recording_retention import erase

    if (day is None) is not all_days:
        raise click.UsageError("name one day with --day, or say --all-days")
    if day is not None and not _DAY.fullmatch(day):
        raise click.UsageError("a day is written as 2026-11-22")
    erased = _with_store(config_path, lambda root, keys: erase(root, keys, tenant, day))
    for each in erased:
        click.echo(f"erased {each.tenant} {each.day}: its key is destroyed, {each.files} files removed")
    if not erased:
        click.echo("nothing is recorded of this tenant and day", err=True)
        ctx.exit(EXIT_NOTHING)


def _with_store(config_path: Path | None, work: Callable[[Path, Any], Any]) -> Any:
    """Return what `work` returns, given the folder of the recordings and their keys."""
    from stockade.app import open_store
    from stockade.stores.recordings import RECORDINGS

    settings = settings_of(config_path)
    store = open_store(settings)
    try:
        return work(settings.data_dir / RECORDINGS, store.recording_keys)
    except OSError as error:
        raise ConfigError(
            f"The recordings cannot be read: {(error.strerror or 'unknown').lower()}.", hint="Check data_dir."
        ) from error
    finally:
        store.close()


def _shown(day: Any) -> dict[str, Any]:
    from stockade.stores.recording_reader import frames

    found = [each for reel in day.reels for each in frames(reel)]
    troubles = [reel.trouble for reel in day.reels if reel.trouble is not None]
    troubles += [each for each in found if not isinstance(each, Frame)]
    destroyed = day.key.destroyed_at_s if day.key is not None else None
    return {
        "tenant": day.tenant,
        "day": day.day,
        "recordings": sum(isinstance(each, Frame) for each in found),
        "bytes": sum(reel.size for reel in day.reels),
        "files": len(day.reels),
        "erased_at": _time(destroyed),
        "trouble": ", ".join(f"{troubles.count(each)} {each}" for each in dict.fromkeys(troubles)),
    }


def _time(at_s: int | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        style = "dim" if row["erased_at"] else "red" if row["trouble"] else ""
        table.add_row(*(Text("" if value is None else str(value), style=style) for value in row.values()))
    Console().print(table)
