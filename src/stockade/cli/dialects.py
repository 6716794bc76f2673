"""`stockade dialects`: the wire formats that are spoken, and what of each is exempt from inspection."""

from __future__ import annotations

import click

from stockade.app import discover_dialects
from stockade.cli.access import anybody


@click.command("dialects")
@click.argument("name", required=False)
@anybody
def command(name: str | None) -> None:
    """Print the wire formats and their routes; of one NAME also its allow-list.

    The allow-list names every string that is sent on without being inspected: the known keys of each object (`:`) and
    the fixed words of each place (`=`). Any other string is inspected, whatever a client sends.
    """
    dialects = {dialect.name: dialect for dialect in discover_dialects()}
    if name is not None and name not in dialects:
        raise click.BadParameter(f"there is no such wire format; there are {', '.join(dialects)}", param_hint="NAME")
    for dialect in dialects.values() if name is None else (dialects[name],):
        for route in dialect.routes:
            click.echo(f"{dialect.name:20} {dialect.vendor:10} {route.method:5} {route.path}")
    if name is not None:
        for line in dialects[name].allow_list():
            click.echo(line)
