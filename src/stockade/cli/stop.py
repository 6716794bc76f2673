"""`stockade stop`: the kill switch. What is stopped ends within a second on every gate, open streams too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from stockade.cli.access import needs
from stockade.cli.keys import opened_store
from stockade.cli.main import config_option
from stockade.core.errors import ConfigError
from stockade.core.permissions import Permission
from stockade.guard.quota.stops import Stop, StopKind, Stops


class _Stopping(click.Group):
    """Takes a target in the place of a command: in an emergency nobody looks up a verb."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, `set` for a target."""
        return super().get_command(ctx, "set" if _is_target(cmd_name) else cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command and its arguments; a target is an argument of `set`."""
        return super().resolve_command(ctx, ["set", *args] if args and _is_target(args[0]) else args)


def _is_target(word: str) -> bool:
    return word == StopKind.ALL or ":" in word


@click.group(cls=_Stopping)
def command() -> None:
    """Stop a key, person, team, tenant, workspace, session, model or all at once, and lift it again."""


@command.command(name="set")
@click.argument("target")
@click.option("--reason", default="", help="Told to whoever is stopped.")
@click.option("--by", default="", help="Whom they should ask: a name, an address, a channel.")
@config_option
@needs(Permission.ACCESS_STOPS_WRITE)
def set_stop(*, target: str, reason: str, by: str, config_path: Path | None) -> None:
    """Stop TARGET: all, or KIND:NAME such as team:payments, key:ab12cd34, model:claude-*, session:ID.

    The word `set` can be left out: `stockade stop team:payments`.
    """
    kind, name = _target(target)
    with opened_store(config_path) as store:
        stop = store.stops.set(kind, name, reason=reason, by=by)
    click.echo(f"Stopped: {stop.target}, since {_time(stop.at_s)}. Every gate follows within a second.")
    click.echo(f"Lift it with: stockade stop lift {stop.target}")


@command.command()
@click.argument("target")
@config_option
@needs(Permission.ACCESS_STOPS_WRITE)
def lift(*, target: str, config_path: Path | None) -> None:
    """Lift the stop of TARGET, as `stockade stop list` writes it."""
    kind, name = _target(target)
    with opened_store(config_path) as store:
        lifted = store.stops.lift(kind, name)
    if not lifted:
        raise ConfigError(f"{target} was not stopped.", hint="`stockade stop list` shows what is.")
    click.echo(f"Lifted: {target}.")


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@config_option
@needs(Permission.ACCESS_STOPS_LIST)
def list_stops(*, as_json: bool, config_path: Path | None) -> None:
    """Show what is stopped, the oldest first."""
    with opened_store(config_path) as store:
        stops: Stops = store.stops.list()
    if as_json:
        click.echo(json.dumps([_shown(stop) for stop in stops.all], indent=2))
        return
    if not stops:
        click.echo("Nothing is stopped.")
    for stop in stops.all:
        click.echo("\t".join(value or "-" for value in _shown(stop).values()))


def _target(text: str) -> tuple[StopKind, str]:
    """Return what a target names. Fails: ConfigError."""
    kind, _, name = text.partition(":")
    if kind not in set(StopKind) or bool(name) == (kind == StopKind.ALL):
        kinds = ", ".join(f"{each}:NAME" for each in StopKind if each is not StopKind.ALL)
        raise ConfigError("That names nothing to stop.", hint=f"Write all, or one of {kinds}.")
    return StopKind(kind), name


def _shown(stop: Stop) -> dict[str, str]:
    return {"target": stop.target, "since": _time(stop.at_s), "reason": stop.reason, "by": stop.by}


def _time(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
