"""`stockade policy explain`, `diff`, `promote`: what the ledger tells of rules. Owns how it looks at a terminal.

Prints facts, ids and counts, never content: a ledger holds none. Only `promote` writes, and it asks first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stockade.cli.access import needs
from stockade.cli.main import CONFIG_FILE, config_option, settings_of
from stockade.cli.policy_report import changed, in_shadow, tell_difference, tell_evidence
from stockade.core.errors import ConfigError
from stockade.core.permissions import Permission

if TYPE_CHECKING:
    from stockade.govern.policy.comparing import Sample
    from stockade.stores.ledger_reader import Entry

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

_data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder with the gate's data."
)
_policy = click.option(
    "--policy", multiple=True, metavar="PACK|PATH", help="Rules in place of those of the configuration (repeatable)."
)


@click.command()
@click.argument("exchange", metavar="ID")
@_policy
@config_option
@_data_dir
@click.pass_context
@needs(Permission.GUARD_POLICY_EXPLAIN)
def explain(
    ctx: click.Context, *, exchange: str, policy: tuple[str, ...], config_path: Path | None, data_dir: Path | None
) -> None:
    """Say which rule decided what in an exchange (or a refusal), and what would have changed it."""
    from stockade.govern.policy.explaining import explain as explanation_of
    from stockade.govern.policy.facts import told
    from stockade.govern.policy.recorded import questions
    from stockade.stores import ledger_reader
    from stockade.stores.policy_files import load_policy

    found = ledger_reader.find(_root(config_path, data_dir), exchange)
    ids = {entry.fields.get("id") for entry in found}
    entries = [entry for each in ids if each for entry in ledger_reader.find(_root(config_path, data_dir), each)]
    asked = list(dict.fromkeys(_key(each) for each in questions(entries)))
    if not asked:
        click.echo("nothing that policy was asked is recorded under this id", err=True)
        ctx.exit(1)
    engine = load_policy(_names(policy, config_path))
    for each in questions(entries):
        if _key(each) not in asked:
            continue
        asked.remove(_key(each))
        click.echo(f"{each.exchange}  {told(each.action, each.facts)}")
        click.echo(
            f"  {each.effect} by {', '.join(each.rules) or 'no rule'}" + in_shadow(each.shadow, each.shadow_rules)
        )
        if not each.whole:
            click.echo("  a name stands as a digest in the record, so a rule about that name cannot be told")
        explanation = explanation_of(engine, each.action, each.facts)
        if each.policy != engine.digest:
            answer = explanation.verdict
            click.echo(f"  recorded under another policy; this one says {answer.effect} by {', '.join(answer.rules)}")
        for change in explanation.changes:
            click.echo(f"  {change.effect} by {', '.join(change.rules)} if {changed(change.facts)}")
        if explanation.why_not:
            click.echo(f"  what would change it is not told: {explanation.why_not}")


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--recorded", is_flag=True, help="Compare on what the ledger recorded, not on all facts.")
@click.option("--since", metavar="7d", help="With --recorded: how far back, such as 90m, 24h or 7d.")
@click.option("--cases", type=click.Path(path_type=Path, exists=True), help="Compare on the facts of a file of cases.")
@config_option
@_data_dir
@click.pass_context
@needs(Permission.GUARD_POLICY_EXPLAIN)
def diff(
    ctx: click.Context,
    *,
    before: str,
    after: str,
    recorded: bool,
    since: str | None,
    cases: Path | None,
    config_path: Path | None,
    data_dir: Path | None,
) -> None:
    """Say on which facts the policies A and B answer differently, by rule. Each is packs and paths joined by commas.

    Without --recorded or --cases on all facts that either can tell apart. Exit status 1 when they differ.
    """
    from stockade.govern.policy.comparing import compare, compare_all
    from stockade.stores.policy_files import load_policy

    one, other = load_policy(before.split(",")), load_policy(after.split(","))
    if recorded and cases:
        raise click.UsageError("--recorded and --cases cannot be used together.")
    if since and not recorded:
        raise click.UsageError("--since is for --recorded.")
    if recorded:
        difference = compare(one, other, _of_ledger(_entries(config_path, data_dir, since)()))
    elif cases:
        difference = compare(one, other, _of_cases(cases))
    else:
        difference = compare_all(one, other)
    tell_difference(difference, "recorded questions" if recorded else "facts" if cases else "combinations of facts")
    ctx.exit(1 if difference.flips else 0)


@click.command()
@click.argument("rule_id", metavar="RULE")
@_policy
@click.option("--since", metavar="7d", help="Evidence of this time only, such as 90m, 24h or 7d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@_data_dir
@needs(Permission.GUARD_POLICY_PROMOTE)
def promote(
    *,
    rule_id: str,
    policy: tuple[str, ...],
    since: str | None,
    yes: bool,
    config_path: Path | None,
    data_dir: Path | None,
) -> None:
    """Show what a rule in shadow did, ask, and bring it into force by editing its file.

    A running gate takes the file over by itself.
    """
    from stockade.govern.policy.promoting import edit_for, evidence, write
    from stockade.stores.policy_files import load_policy

    names = _names(policy, config_path)
    edit = edit_for(names, rule_id)
    rule = load_policy(names).rules[rule_id]
    tell_evidence(evidence(rule, _entries(config_path, data_dir, since)))
    if not yes:
        click.confirm(f"Bring {rule_id} into force in {edit.file.path}?", abort=True)
    write(edit)
    click.echo(f"{rule_id} is in force as soon as the gate has read {edit.file.path}")


def _of_ledger(entries: Iterable[Entry]) -> Iterator[Sample]:
    from stockade.govern.policy.recorded import questions

    for each in questions(entries):
        yield each.action, each.facts, each.exchange


def _of_cases(path: Path) -> Iterator[Sample]:
    from stockade.core.facts import Action
    from stockade.govern.policy.cases import read_cases

    for case in read_cases(path).cases:
        for said in (None, *case.also, *case.unless):
            facts = case.facts.facts() | (said.facts() if said else {})
            yield Action(str(case.facts.action)), facts, ""


def _entries(config: Path | None, data_dir: Path | None, since: str | None) -> Callable[[], Iterator[Entry]]:
    """Return the way to read the ledger, from some time on."""
    from stockade.stores import ledger_reader

    root = _root(config, data_dir)
    begin = "" if since is None else _begin(since)
    return lambda: (
        entry
        for entry in ledger_reader.entries(root)
        if str(entry.fields.get("at", "")) >= begin or entry.fields.get("kind") == "event"
    )


def _begin(since: str) -> str:
    number, unit = since[:-1], since[-1:]
    if not (number.isascii() and number.isdigit()) or unit not in _UNITS or len(number) > 5:
        raise click.BadParameter("write a number and m, h or d, such as 7d", param_hint="--since")
    return (datetime.now(UTC) - timedelta(**{_UNITS[unit]: int(number)})).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _root(config: Path | None, data_dir: Path | None) -> Path:
    folder = data_dir if data_dir is not None else settings_of(config).data_dir
    if not (folder / "ledger").is_dir():
        raise ConfigError(f"There is no ledger in {folder}.", hint="Name the gate's folder with --data-dir.")
    return folder / "ledger"


def _names(policy: tuple[str, ...], config: Path | None) -> tuple[str, ...]:
    if policy:
        return policy
    return settings_of(config).policy if config is not None or CONFIG_FILE.exists() else ()


def _key(asked: Any) -> tuple[Any, ...]:
    return asked.exchange, asked.action, str(sorted(asked.facts.items())), asked.effect, asked.rules
