"""Statements: what must hold of a policy on all facts, in a line that reads like the rules themselves.

    never ACTION [when { CONDITION }] [unless { CONDITION }]
    always ACTION [when { CONDITION }] [unless { CONDITION }]
    at least EFFECT ACTION [when { CONDITION }] [unless { CONDITION }]

`never` says that it does not pass as it is: some rule changes or stops it. `always` says that it passes as it is,
flagged perhaps. `at least redact` says that this effect or a stronger one is taken. Conditions are Cedar, checked
against the schema as strictly as a rule: a misspelt statement that holds of nothing would be proved and mean nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import cedarpy

from stockade.core.decisions import STRENGTH, Effect
from stockade.core.errors import ConfigError
from stockade.core.facts import Action
from stockade.govern.policy.expressions import Node, condition
from stockade.guard.policy.rules import PolicySource, read_rules

_FORM = re.compile(r"\s*(never|always|at\s+least\s+([a-z]+))\s+([a-z_]+)\s*((?:when|unless)\s*\{.*)?;?\s*", re.DOTALL)

CONDITION = "statement"
"""The name of a statement's condition beside the rules."""


class Statement(NamedTuple):
    """One statement. It holds where the strength of the effect is from `least` to `most`."""

    text: str
    action: Action
    condition: Node
    least: int
    most: int


def read_statement(text: str, schema: str) -> Statement:
    """Return a statement. Fails: ConfigError saying what is wrong."""
    shown = " ".join(text.split())
    form = _FORM.fullmatch(text)
    if form is None:
        raise ConfigError(
            f"This is no statement: {shown[:200]}",
            hint="Write never, always or at least EFFECT, an action, and conditions in braces after when and unless.",
        )
    kind, effect, action, conditions = form.groups()
    if action not in tuple(Action):
        raise ConfigError(f'There is no action "{action}".', hint="It is one of " + ", ".join(sorted(Action)) + ".")
    if effect is not None and effect not in tuple(Effect):
        raise ConfigError(f'There is no effect "{effect}".', hint="It is one of " + ", ".join(sorted(Effect)) + ".")
    rule = (
        f'@id("{CONDITION}") @reason("A statement.") '
        f'permit (principal, action == Stockade::Action::"{action}", resource) {conditions or ""};'
    )
    rules = read_rules([PolicySource("statement", rule)], cedarpy.Schema.from_str(schema))
    if len(rules) != 1:
        raise ConfigError(f"These are several statements: {shown[:200]}", hint="Write one at a time.")
    least, most = STRENGTH[Effect.PSEUDONYMISE], STRENGTH[Effect.DENY]
    if kind == "always":
        least, most = STRENGTH[Effect.ALLOW], STRENGTH[Effect.FLAG]
    elif effect is not None:
        least = STRENGTH[Effect(effect)]
    return Statement(shown.rstrip("; "), Action(action), condition(rules[0].body), least, most)
