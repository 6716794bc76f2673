"""`stockade policy`: is a policy sound, does it answer as expected, does a statement hold of all facts?

Owns options, exit status and how the answers look. Exit status: 0 yes, 1 no, 2 trouble. What is read of a ledger is in
`policy_evidence.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from stockade.cli.access import needs
from stockade.cli.main import CONFIG_FILE, config_option, settings_of
from stockade.cli.policy_evidence import diff, explain, promote
from stockade.core.errors import ConfigError
from stockade.core.permissions import Permission


@click.group()
def command() -> None:
    """Check, try, prove, compare, explain and promote the rules."""


def named_policy(policy: Sequence[str], config_path: Path | None) -> tuple[str, ...]:
    """Return the packs and paths that are meant: those named, else those of the configuration, else the baseline."""
    if policy:
        return tuple(policy)
    if config_path is None and not CONFIG_FILE.exists():
        return ()
    return settings_of(config_path).policy


def policy_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--policy`, for `named_policy`."""
    return click.option(
        "--policy",
        multiple=True,
        metavar="PACK|PATH",
        help="Rules to look at (repeatable).  [default: those of the configuration, else the baseline]",
    )(function)


@command.command()
@click.argument("names", nargs=-1, metavar="[PACK|PATH]...")
@config_option
@click.pass_context
@needs(Permission.GUARD_POLICY_CHECK)
def check(ctx: click.Context, *, names: tuple[str, ...], config_path: Path | None) -> None:
    """Check the rules: schema and types, and on all facts those that never fire, never decide or fail.

    Exit status 1 when there is something to mend.
    """
    from stockade.govern.policy.checking import check as remarks_on
    from stockade.stores.policy_files import load_policy

    engine = load_policy(named_policy(names, config_path))
    remarks = remarks_on(engine)
    for remark in remarks:
        place = remark.rule.place
        kind = "fault" if remark.is_fault else "note"
        click.echo(f"{place.name}:{place.line}: {kind}: {remark.rule.id}: {remark.what}: {remark.words}")
    files = len({rule.place.name for rule in engine.rules.values()})
    shadow = sum(rule.shadow for rule in engine.rules.values())
    faults = sum(remark.is_fault for remark in remarks)
    click.echo(f"{len(engine.rules)} rules ({shadow} in shadow) of {files} files, {faults} faults; {engine.digest}")
    ctx.exit(1 if faults else 0)


@command.command()
@click.argument("files", nargs=-1, metavar="[PACK|FILE]...")
@config_option
@click.pass_context
@needs(Permission.GUARD_POLICY_CHECK)
def test(ctx: click.Context, *, files: tuple[str, ...], config_path: Path | None) -> None:
    """Try the cases beside the policy: FILE.cases.yaml beside FILE.cedar, or those that are named.

    Exit status 1 when one fails.
    """
    from stockade.govern.policy.cases import read_cases, run_cases
    from stockade.stores.policy_files import load_policy

    failed = tried = 0
    for path in _cases_files(files, config_path):
        cases = read_cases(path)
        names = cases.policy or (_policy_beside(path),)
        engine = load_policy(names)
        for each in run_cases(engine, cases.cases):
            tried += 1
            if each.fault:
                failed += 1
                click.echo(f"{path.name}: {each.case.name}: {each.fault}")
        refuted = [proof for proof in _proofs(names, cases.prove) if not proof]
        tried, failed = tried + len(cases.prove), failed + len(refuted)
    click.echo(f"{tried - failed} of {tried} hold")
    if not tried:
        raise ConfigError("There are no cases.", hint="Write own.cases.yaml beside own.cedar (docs/operate/policy.md).")
    ctx.exit(1 if failed else 0)


@command.command()
@click.argument("statement", required=False)
@policy_option
@config_option
@click.pass_context
@needs(Permission.GUARD_POLICY_CHECK)
def prove(ctx: click.Context, *, statement: str | None, policy: tuple[str, ...], config_path: Path | None) -> None:
    """Prove that STATEMENT holds of all facts, or print facts on which it does not.

    never forward when { !resource.approved } unless { principal in Stockade::Team::"evaluators" }

    Without one, those in the cases beside your files, or beside the packs where all are packs. Exit status 1 when one
    does not hold or stays open.
    """
    from stockade.govern.policy.cases import read_cases
    from stockade.stores.policy_files import PACKS

    names = named_policy(policy, config_path)
    statements: tuple[str, ...] = (statement,) if statement else ()
    if not statements:
        beside = _cases_files(names, None)
        yours = [path for path in beside if path.parent != PACKS]  # a pack's own are about the pack alone
        statements = tuple(each for path in yours or beside for each in read_cases(path).prove)
    if not statements:
        raise ConfigError("There is no statement to prove.", hint='Say one, such as "never forward when { ... }".')
    ctx.exit(0 if all([*_proofs(names, statements, aloud=True)]) else 1)


def _proofs(names: Sequence[str], statements: Sequence[str], *, aloud: bool = False) -> Iterator[bool]:
    """Tell the result of each statement, of a proved one only `aloud`; yield whether it is proved."""
    from stockade.govern.policy.facts import told
    from stockade.govern.policy.proving import Result
    from stockade.govern.policy.proving import prove as proof_of
    from stockade.govern.policy.statements import read_statement
    from stockade.stores.policy_files import load_policy, schema

    engine = load_policy(names)
    for each in statements:
        proof = proof_of(engine, read_statement(each, schema()))
        if aloud or proof.result is not Result.PROVED:
            click.echo(f"{proof.result}: {proof.statement.text}")
        if proof.facts is not None and proof.verdict is not None:
            rules = ", ".join(proof.verdict.rules + proof.verdict.failed)
            click.echo(f"  counterexample: {told(proof.statement.action, proof.facts)}")
            click.echo(f"  answer: {proof.verdict.effect} by {rules}")
        elif proof.result is Result.OPEN:
            click.echo(f"  because {proof.why}")
        elif aloud:
            click.echo(
                f"  on {proof.about} of {proof.cells} combinations of facts; the engine agreed on {proof.agreed}"
            )
        if aloud:
            for limit in proof.assumed:
                click.echo(f"  taken for granted: {limit}")
        yield proof.result is Result.PROVED


def _cases_files(names: Sequence[str], config_path: Path | None) -> list[Path]:
    """Return the files of cases that are named, or that stand beside the files that a policy names."""
    from stockade.govern.policy.cases import SUFFIX
    from stockade.stores.policy_files import named_files

    told = [Path(name) for name in names if name.endswith(SUFFIX)]
    others = [name for name in names if not name.endswith(SUFFIX)]
    if told and not others:
        return told
    named = [path for path, _ in named_files(named_policy(others, config_path))]
    beside = [path.with_name(path.stem + SUFFIX) for path in named]
    return told + [path for path in beside if path.exists()]


def _policy_beside(path: Path) -> str:
    """Return the policy that a file of cases is about: the .cedar file of its name."""
    from stockade.govern.policy.cases import SUFFIX
    from stockade.stores.policy_files import PACKS

    stem = path.name.removesuffix(SUFFIX)
    return stem if path.resolve().parent == PACKS else str(path.resolve().with_name(stem + ".cedar"))


for _each in (diff, explain, promote):
    command.add_command(_each)
