"""How differences, evidence and explanations of policy look at a terminal. Ids, facts and counts, never content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from stockade.govern.policy.comparing import Difference, Side
    from stockade.govern.policy.promoting import Evidence

TOLD_MAX = 20


def tell_difference(difference: Difference, of_what: str) -> None:
    """Print the flips, the looser first, then the sums by rule."""
    from stockade.govern.policy.comparing import counts
    from stockade.govern.policy.facts import told

    for flip, count in difference.flips[:TOLD_MAX]:
        way = "looser" if flip.is_looser else "stricter"
        click.echo(f"{way}  {count:>6}  {flip.action}: {_side(flip.before)} -> {_side(flip.after)}")
        where = f"{flip.exchange}  " if flip.exchange else ""
        click.echo(f"          such as {where}{told(flip.action, flip.facts)}")
    if len(difference.flips) > TOLD_MAX:
        click.echo(f"and {len(difference.flips) - TOLD_MAX} more ways")
    for rule, each in counts(difference).items():
        click.echo(f"{rule}: {each['stricter']} stricter, {each['looser']} looser")
    click.echo(f"{difference.differing} of {difference.asked} {of_what} are answered differently")
    if difference.cut:
        click.echo(f"not looked at whole: {difference.cut}")


def tell_evidence(found: Evidence) -> None:
    """Print what a rule in shadow did."""
    rule = found.rule
    click.echo(f"{rule.id} (in shadow, {rule.effect}): {rule.reason}")
    if not found.exchanges:
        click.echo("  no exchange was recorded while it stood with this text: there is no evidence")
        return
    seen = f"  {found.exchanges} exchanges were judged while it stood with this text"
    click.echo(seen + (f", from {found.first} to {found.last} it fired:" if found.fired else "; it never fired"))
    if not found.fired:
        return
    click.echo(
        f"  {found.fired} times in {len(found.touched)} exchanges;"
        f" {found.changed} times it would have changed what was done"
    )
    for (done, would), count in found.effects.most_common():
        click.echo(f"    {count:>6}  {done} -> {would}" + ("" if done is not would else "  (the same)"))
    for title, counter in (("on whom", found.principals), ("on what", found.what), ("models", found.models)):
        told = ", ".join(f"{name} ({count})" for name, count in counter.most_common(5))
        click.echo(f"  {title}: {told}" + (f" and {len(counter) - 5} more" if len(counter) > 5 else ""))
    for exchange, facts in found.samples:
        click.echo(f"  such as {exchange}  {facts}")


def in_shadow(effect: str, rules: tuple[str, ...]) -> str:
    """Return what rules in shadow would have done, "" where none fired."""
    return f"; in shadow {effect} by {', '.join(rules)}" if effect else ""


def changed(facts: dict[str, Any]) -> str:
    """Return changed facts as a clause."""
    shown = {True: "true", False: "false"}
    return " and ".join(
        f"{name} were {shown[value] if isinstance(value, bool) else list(value) if isinstance(value, tuple) else value}"
        for name, value in facts.items()
    )


def _side(side: Side) -> str:
    return f"{side.effect} ({', '.join(side.rules)})"
