"""Worlds: what the variables of a rule stand for in one question, and what is known of every entity.

The same that `guard/policy/questions.py` tells Cedar, as Python values for `expressions.py`; a property compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from stockade.core.facts import Action
from stockade.govern.policy.facts import FINDING, Facts
from stockade.guard.policy.questions import OF_CALL


class Entity(NamedTuple):
    """An entity by type and id."""

    type: str
    id: str


class World(NamedTuple):
    """What the variables of a rule stand for and what is known of each entity: its attributes, all its ancestors."""

    variables: Mapping[str, Any]
    attributes: Mapping[Entity, Mapping[str, Any]]
    above: Mapping[Entity, frozenset[Entity]]


def world_of(action: Action, facts: Facts) -> World:
    """Return the world of one question, as `guard/policy/questions.py` tells it to Cedar."""
    caller = _entity("Person" if facts["principal_kind"] == "person" else "Key", facts["principal"])
    tenant = _entity("Tenant", facts["tenant"])
    teams = [_entity("Team", team) for team in facts["teams"]]
    model = _entity("Model", facts["model"])
    place = _entity("Workspace", facts["workspace"])
    attributes: dict[Entity, Mapping[str, Any]] = {
        tenant: {},
        **{team: {} for team in teams},
        caller: {"roles": frozenset(facts["roles"])},
        model: {"listed": facts["listed"], "approved": facts["approved"], "name": facts["model"]},
        place: {name: facts[name] for name in ("data_class", "environment", "sensitivity")},
    }
    above = {caller: frozenset([*teams, tenant]), **{team: frozenset([tenant]) for team in teams}}
    context: dict[str, Any] = {"dialect": facts["dialect"], "asserted_by": facts["asserted_by"]}
    resource = model
    if "tool" in facts:
        resource = _entity("Tool", facts["tool"])
        attributes[resource] = {"name": facts["tool"], "server": facts["server"]}
        context |= {"model": model, "workspace": place, **{name: facts[name] for name in OF_CALL}}
    elif "path" in facts:
        resource = place
        context |= {"model": model, "path": facts["path"], "language": facts["language"]}
    else:
        context["workspace"] = place
        context |= {name: facts[name] for name in FINDING if name in facts}
    variables = {"principal": caller, "action": _entity("Action", action), "resource": resource, "context": context}
    return World(variables, attributes, above)


def _entity(kind: str, name: str) -> Entity:
    return Entity(f"Stockade::{kind}", name)
