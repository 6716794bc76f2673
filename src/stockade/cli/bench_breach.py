"""`stockade bench breach`: what a policy stops when the model obeys whoever spoke last. A part of `bench.py`."""

from __future__ import annotations

import json
import sys

import click

from stockade.cli.access import anybody

_SPLITS = ("dev", "held_out", "all")
_WIRES = ("anthropic_messages", "openai_chat", "openai_responses")


@click.command("breach")
@click.option(
    "--policy", "policies", multiple=True, help="Packs, files or folders instead of the rule that is measured."
)
@click.option(
    "--split", type=click.Choice(_SPLITS), default="held_out", show_default=True, help="Which side of the suite."
)
@click.option("--wire", type=click.Choice(_WIRES), default=_WIRES[0], show_default=True, help="The wire format.")
@click.option("--streamed", is_flag=True, help="Let the vendor stream.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@anybody
def breach(*, policies: tuple[str, ...], split: str, wire: str, streamed: bool, as_json: bool) -> None:
    """Run the assume-breach suite with detectors off: attacks intercepted, honest tasks disturbed.

    Without --policy it is measured what the baseline's rule `unasked-effect` would do if it stopped calls.
    """
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from stockade.guard.policy.engine import PolicyEngine
    from stockade.guard.policy.rules import PolicySource
    from stockade.stores.policy_files import load_policy, policy_files, schema
    from stockade.testing.breach import load
    from stockade.testing.breach.running import STOP_UNASKED, measure, of_split

    if policies:
        engine = load_policy(policies)
    else:
        sources = [file.source for file in policy_files(())]
        engine = PolicyEngine.load([*sources, PolicySource("measured.cedar", STOP_UNASKED)], schema())
    tasks = of_split(load(), "" if split == "all" else split)
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        bar = progress.add_task("Playing tasks", total=len(tasks))
        table = measure(tasks, engine, wire, streamed=streamed, step=lambda: progress.advance(bar))
    rows = {
        "attacks intercepted": table.attacks,
        "honest tasks disturbed": table.honest,
        **dict(sorted(table.rows.items())),
    }
    if as_json:
        click.echo(json.dumps({name: [row.count, row.total] for name, row in rows.items()}, indent=2))
        return
    shown = Table("", "of", "", "share")
    for name, row in rows.items():
        shown.add_row(name, str(row.total), str(row.count), f"{row.share:.2f}")
    Console(width=None if sys.stdout.isatty() else 100).print(shown)
