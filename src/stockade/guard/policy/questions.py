"""Questions: what policy is asked, and the same in the shape that Cedar takes. Never answers one.

An action, the call and what is asked about are one hashable value, so that its answer can be remembered. The entities
are all that a rule can look up: what is not here does not exist for it (`policies/schema.cedarschema`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from stockade.core.facts import Action, CallFacts, CodeFacts, Subject, ToolFacts
from stockade.core.principal import PrincipalKind

OF_CALL = tuple(name for name in ToolFacts._fields if name not in ("name", "server"))
"""Facts of a tool call; the others are attributes of the tool."""


class Question(NamedTuple):
    """May this caller do this, to that? `subject` is None where the call itself is asked about."""

    action: Action
    call: CallFacts
    subject: Subject = None


def request_of(question: Question) -> dict[str, object]:
    """Return a question in the shape that Cedar asks for."""
    action, call, subject = question
    context: dict[str, object] = {"dialect": call.dialect, "asserted_by": call.asserted_by}
    place = {"__entity": uid("Workspace", call.workspace.id)}
    model = uid("Model", call.model)
    resource = model
    if isinstance(subject, ToolFacts):
        resource = uid("Tool", subject.name)
        facts = subject._asdict()
        context |= {"model": {"__entity": model}, "workspace": place} | {name: facts[name] for name in OF_CALL}
    elif isinstance(subject, CodeFacts):
        resource = uid("Workspace", call.workspace.id)
        context |= {"model": {"__entity": model}, **subject._asdict()}
    elif subject is not None:
        context |= {"workspace": place, **subject._asdict()}
    else:
        context["workspace"] = place
    return {
        "principal": caller_of(call),
        "action": uid("Action", action),
        "resource": resource,
        "context": context,
    }


def entities_of(call: CallFacts, tool: ToolFacts | None) -> str:
    """Return caller, teams, tenant, model, workspace and perhaps a tool as Cedar's JSON."""
    tenant = uid("Tenant", call.tenant)
    teams = [uid("Team", team) for team in call.teams]
    place = call.workspace
    document = [
        _entity(tenant),
        *[_entity(team, parents=[tenant]) for team in teams],
        _entity(caller_of(call), {"roles": list(call.roles)}, [*teams, tenant]),
        _entity(uid("Model", call.model), {"listed": call.listed, "approved": call.approved, "name": call.model}),
        _entity(
            uid("Workspace", place.id),
            {"data_class": place.data_class, "environment": place.environment, "sensitivity": place.sensitivity},
        ),
    ]
    if tool is not None:
        document.append(_entity(uid("Tool", tool.name), {"name": tool.name, "server": tool.server}))
    return orjson.dumps(document).decode()


def caller_of(call: CallFacts) -> dict[str, str]:
    """Return the principal of a question."""
    return uid("Person" if call.kind is PrincipalKind.PERSON else "Key", call.principal)


def uid(kind: str, name: str) -> dict[str, str]:
    """Return the name of an entity of the schema."""
    return {"type": f"Stockade::{kind}", "id": name}


def _entity(
    name: dict[str, str], attributes: dict[str, object] | None = None, parents: Sequence[dict[str, str]] = ()
) -> dict[str, object]:
    return {"uid": name, "attrs": attributes or {}, "parents": list(parents)}
