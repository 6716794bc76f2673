"""`stockade ledger`: read the audit record. Owns how it looks at a terminal; never writes a log and takes no lock."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stockade.cli.access import needs
from stockade.core.permissions import Permission
from stockade.stores import ledger_reader
from stockade.stores.ledger_reader import Entry

LOOK_EVERY_S = 0.3

_COLOURS = {"intent": "cyan", "outcome": "green", "event": "yellow"}


def _root(config: Path | None, data_dir: Path | None) -> Path:
    """Return the folder of the logs: from --data-dir, else from the configuration."""
    if data_dir is None:
        from stockade.config.reader import read_settings

        data_dir = read_settings(config or Path("stockade.yaml")).data_dir
    return data_dir / "ledger"


_config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration that names data_dir; stockade.yaml when neither option is given.",
)
_data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder with the gate's data."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print each record as one line of JSON, as it is kept.")


@click.group(name="ledger")
def command() -> None:
    """Read the audit record: what was asked, decided and forwarded, by digests."""


@command.command()
@click.option("-n", "count", type=click.IntRange(0), default=20, show_default=True, help="How many records.")
@click.option("--follow", "-f", is_flag=True, help="Go on with records as they come in, until Ctrl-C.")
@_json
@_config
@_data_dir
@needs(Permission.EVIDENCE_LEDGER_READ)
def tail(count: int, follow: bool, as_json: bool, config: Path | None, data_dir: Path | None) -> None:
    """Print the last records, oldest first."""
    root = _root(config, data_dir)
    coming = ledger_reader.follow(root, _wait) if follow else iter(())
    _print(ledger_reader.last(root, count), as_json)
    if follow:
        _print(coming, as_json)


@command.command()
@click.argument("wanted", metavar="ID")
@_json
@_config
@_data_dir
@click.pass_context
@needs(Permission.EVIDENCE_LEDGER_READ)
def show(ctx: click.Context, wanted: str, as_json: bool, config: Path | None, data_dir: Path | None) -> None:
    """Print what is recorded under the id of an exchange or of a refusal. Exit status 1 when there is nothing."""
    found = ledger_reader.find(_root(config, data_dir), wanted)
    if not found:
        click.echo("nothing is recorded under this id", err=True)
        ctx.exit(1)
    if as_json:
        _print(found, as_json=True)
        return
    console = Console(highlight=False)
    for entry in found:
        _show(console, entry)


@command.command()
@_config
@_data_dir
@click.pass_context
@needs(Permission.EVIDENCE_LEDGER_VERIFY)
def verify(ctx: click.Context, config: Path | None, data_dir: Path | None) -> None:
    """Read every record and say where the log is damaged. Exit status 1 when it is."""
    report = ledger_reader.verify(_root(config, data_dir))
    for damage in report.damage:
        what = "a write that was cut off" if damage.torn else "damaged"
        click.echo(f"{damage.path}: {damage.size} bytes at {damage.position}: {what}")
    click.echo(f"{report.records} records in {report.files} files, {len(report.damage)} damaged places")
    ctx.exit(1 if report.damage else 0)


def _wait() -> bool:
    time.sleep(LOOK_EVERY_S)
    return True


def _print(entries: Iterable[Entry], as_json: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    try:
        for entry in entries:
            if as_json:
                click.echo(orjson.dumps(entry.fields, option=orjson.OPT_SORT_KEYS))
            else:
                console.print(_line(entry.fields))
    except KeyboardInterrupt:
        return


def _line(fields: dict[str, Any]) -> Text:
    """Return one record as one line."""
    kind = str(fields.get("kind"))
    line = Text(f"{fields.get('at', '')}  ")
    line.append(f"{kind:<8}", style=_COLOURS.get(kind, "red"))
    line.append(f"  {fields.get('id', '-')}  ")
    match kind:
        case "intent":
            line.append(f"{fields['principal']} {fields['route']} {fields['model']}  {_sums(fields)}")
            line.append(f"  {fields['effect']}", style="bold" if fields["effect"] != "allow" else "")
        case "outcome":
            line.append(f"{fields['status']} {fields['ended']}", style="" if fields["ended"] == "completed" else "red")
            told = [fields.get("error", ""), fields.get("refusal", ""), fields.get("stop_reason", ""), _sums(fields)]
            line.append("  " + "  ".join(filter(None, told)))
        case "event":
            told = [str(fields.get("event", "")), fields.get("subject", ""), fields.get("reason", "")]
            line.append("  ".join(filter(None, told)), style="yellow")
        case _:
            line.append("a record that this version cannot read", style="red")
    return line


def _sums(fields: dict[str, Any]) -> str:
    effects = ", ".join(f"{count} {effect}" for effect, count in sorted(fields.get("findings_effects", {}).items()))
    total = fields.get("findings_total", 0)
    return f"{total} findings ({effects})" if effects else f"{total} findings"


def _show(console: Console, entry: Entry) -> None:
    fields = dict(entry.fields)
    console.print(_line(fields))
    lists = {name: fields.pop(name, None) for name in ("guards", "findings")}
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    for name, value in fields.items():
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        table.add_row(Text(name, style="dim"), Text(text, overflow="fold"))
    table.add_row(Text("stands in", style="dim"), Text(f"{entry.path.name} at {entry.position}"))
    console.print(table)
    for name, rows in lists.items():
        if rows:
            columns = list(dict.fromkeys(key for row in rows for key in row if key not in {"evidence", "version"}))
            inner = Table(*columns, title=name, title_justify="left", box=None, padding=(0, 2, 0, 0))
            for row in rows:
                inner.add_row(*(Text(_cell(row.get(column, ""))) for column in columns))
            console.print(inner)
    console.print()


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
