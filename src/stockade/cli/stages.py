"""`stockade stages`: the order in which every request runs, and the routes that are served."""

from __future__ import annotations

import click

from stockade.app import routes
from stockade.cli.access import anybody
from stockade.guard.pipeline.stages import ENDING, STAGES


@click.command("stages")
@click.option("--routes", "list_routes", is_flag=True, help="List the served routes instead.")
@anybody
def command(*, list_routes: bool) -> None:
    """Print the stages of an exchange, in order."""
    if list_routes:
        for (method, path), served in sorted(routes().items(), key=lambda item: (item[0][1], item[0][0])):
            names = ", ".join(dialect.name for dialect, _ in served)
            click.echo(f"{method:5} {path:28} {names}")
        return
    for stage in STAGES:
        click.echo(f"{stage.name:15} {stage.purpose}")
    for stage in ENDING:
        click.echo(f"{stage.name:15} {stage.purpose} (always)")
