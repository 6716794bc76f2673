"""`stockade whoami`: whom the gate of this configuration takes you for."""

from __future__ import annotations

from pathlib import Path

import click

from stockade.cli.access import anybody
from stockade.cli.main import config_option, settings_of


@click.command("whoami")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@config_option
@anybody
def command(*, as_json: bool, config_path: Path | None) -> None:
    """Show the principal that your sign-in, or STOCKADE_KEY, proves: teams, roles, permissions."""
    import json

    from stockade.cli.person import local_caller
    from stockade.console.sign_in import shown_caller

    told = shown_caller(local_caller(settings_of(config_path)))
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    for name, value in told.items():
        click.echo(f"{name:12} {', '.join(value) if isinstance(value, list) else value}")
