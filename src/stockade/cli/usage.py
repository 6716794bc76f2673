"""`stockade usage`: what was used, by whom, and what the limits leave."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from stockade.cli.access import needs
from stockade.cli.keys import opened_store
from stockade.cli.main import config_option, settings_of
from stockade.cli.usage_limits import LimitLeft, limits_left
from stockade.core.permissions import Permission
from stockade.guard.quota.usage import UsageKey, UsageSums

_BY: dict[str, Callable[[UsageKey], Iterable[str]]] = {
    "day": lambda key: (key.day,),
    "model": lambda key: (key.model,),
    "principal": lambda key: (key.principal,),
    "team": lambda key: key.teams.split(","),
    "tenant": lambda key: (key.tenant,),
    "workspace": lambda key: (key.workspace,),
}


@click.command("usage")
@click.option("--by", type=click.Choice(sorted(_BY)), default="principal", show_default=True, help="What a line is.")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="Days back, today included.")
@click.option("--limits", "show_limits", is_flag=True, help="Show what every budget leaves instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@config_option
@needs(Permission.EVIDENCE_USAGE_READ)
def command(*, by: str, days: int, show_limits: bool, as_json: bool, config_path: Path | None) -> None:
    """Show what was used in the last days (UTC), or what budgets leave."""
    settings = settings_of(config_path)
    if show_limits:
        _print([_limit_row(left) for left in limits_left(settings)], "No budget has been used.", as_json=as_json)
        return
    with opened_store(config_path) as store:
        used = store.usage.since((datetime.now(UTC).date() - timedelta(days=days - 1)).isoformat())
    rows = [_usage_row(by, name, sums) for name, sums in added_up(by, used).items()]
    _print(rows, "Nothing was used.", as_json=as_json)


def added_up(by: str, used: Mapping[UsageKey, UsageSums]) -> dict[str, UsageSums]:
    """Return usage by one aspect, the dearest first; by day the oldest. Who is in two teams counts in both."""
    sums: dict[str, UsageSums] = {}
    for key, amount in used.items():
        for name in _BY[by](key):
            sums[name] = sums.get(name, UsageSums()).plus(amount)
    order = sorted(sums, key=lambda name: (-sums[name].cost_micro_usd, -sums[name].requests, name))
    return {name: sums[name] for name in (sorted(sums) if by == "day" else order)}


def _usage_row(by: str, name: str, sums: UsageSums) -> dict[str, Any]:
    return {by: name or "-"} | sums._asdict()


def _limit_row(left: LimitLeft) -> dict[str, Any]:
    return left._asdict() | {"measure": left.measure.value}


def _print(rows: list[dict[str, Any]], empty: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(empty)
        return
    if not sys.stdout.isatty():
        for line in (rows[0], *(row.values() for row in rows)):
            click.echo("\t".join(str(value) for value in line))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(name.replace("_", " ").replace("micro usd", "USD") for name in rows[0]))
    for row in rows:
        table.add_row(*(Text(_cell(name, value)) for name, value in row.items()))
    Console().print(table)


def _cell(name: str, value: object) -> str:
    if name == "cost_micro_usd" and isinstance(value, int):
        return f"{value / 1_000_000:,.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
