"""Facts written flat: one mapping of words and numbers for a question of policy, as people write and read it.

Owns the names (those of the schema, with a prefix where two share one), their defaults and the way to a `Question` and
back. Every tool of this room speaks in them: cases, counterexamples, explanations, differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stockade.core.facts import Action, CallFacts, CodeFacts, FindingFacts, Ground, Origin, Subject, ToolFacts
from stockade.core.findings import Category
from stockade.core.principal import DataClass, Environment, PrincipalKind, Role, Workspace, WorkspaceSource
from stockade.core.segments import Channel, Kind
from stockade.guard.policy.questions import OF_CALL, Question

Facts = Mapping[str, Any]

CALL: Facts = {
    "tenant": "default",
    "principal": "k-example",
    "principal_kind": "key",
    "teams": (),
    "roles": (),
    "model": "model-example",
    "listed": True,
    "approved": True,
    "dialect": "anthropic_messages",
    "workspace": "none",
    "environment": "unknown",
    "sensitivity": 0,
    "data_class": "unknown",
    "asserted_by": "none",
}
"""An ordinary call: a key without a team asks an approved model from nowhere in particular."""

FINDING: Facts = {
    "detector": "example.detector",
    "rule": "example_rule",
    "category": "credential",
    "severity": 3,
    "score": 900,
    "channel": "user",
    "kind": "text",
    "editable": True,
    "encoded": False,
    "origin": "new",
    "latest": True,
}
TOOL: Facts = {
    "tool": "Read",
    "server": "",
    "changes_state": False,
    "sends_out": False,
    "read_untrusted": False,
    "read_private": False,
    "asked": True,
    "ground": "none",
}
CODE: Facts = {"path": "src/example.py", "language": "python"}

ABOUT: Mapping[Action, Facts] = {
    Action.APPROVE: TOOL,
    Action.CALL_TOOL: TOOL,
    Action.COMPLETE: FINDING,
    Action.FORWARD: {},
    Action.PROMPT: FINDING,
    Action.WRITE_CODE: CODE,
}
"""What is told beside the call, by action."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "asserted_by": tuple(WorkspaceSource),
    "category": tuple(Category),
    "channel": tuple(Channel),
    "data_class": tuple(DataClass),
    "environment": tuple(Environment),
    "ground": tuple(Ground),
    "kind": tuple(Kind),
    "origin": tuple(Origin),
    "principal_kind": tuple(PrincipalKind),
    "roles": tuple(Role),
}
"""Facts that take one of a few words (`roles`: any of them)."""

NUMBERS: Mapping[str, tuple[int, int]] = {"score": (0, 1000), "sensitivity": (0, 4), "severity": (1, 4)}
"""Facts that are numbers, with their least and greatest."""


def defaults(action: Action) -> dict[str, Any]:
    """Return the facts of an ordinary question about an action."""
    return {**CALL, **ABOUT[action]}


def question_of(action: Action, facts: Facts) -> Question:
    """Return the question that facts describe; what they do not say is ordinary."""
    told = {**defaults(action), **facts}
    place = Workspace(
        told["workspace"], Environment(told["environment"]), told["sensitivity"], DataClass(told["data_class"])
    )
    call = CallFacts(
        told["tenant"],
        told["principal"],
        told["model"],
        told["dialect"],
        told["listed"],
        told["approved"],
        PrincipalKind(told["principal_kind"]),
        tuple(told["teams"]),
        tuple(told["roles"]),
        place,
        WorkspaceSource(told["asserted_by"]),
    )
    subject: Subject = None
    if ABOUT[action] is FINDING:
        subject = FindingFacts(*[told[name] for name in FindingFacts._fields])
    elif ABOUT[action] is TOOL:
        known = {name: told[name] for name in OF_CALL}
        subject = ToolFacts(told["tool"], told["server"], **{**known, "ground": Ground(told["ground"])})
    elif ABOUT[action] is CODE:
        subject = CodeFacts(told["path"], told["language"])
    return Question(action, call, subject)


def facts_of(question: Question) -> dict[str, Any]:
    """Return a question written flat."""
    action, call, subject = question
    facts = {name: getattr(call, name) for name in ("tenant", "principal", "model", "dialect", "listed", "approved")}
    facts |= {"principal_kind": call.kind, "teams": call.teams, "roles": call.roles, "asserted_by": call.asserted_by}
    place = call.workspace
    facts |= {"workspace": place.id, "environment": place.environment, "sensitivity": place.sensitivity}
    facts["data_class"] = place.data_class
    if isinstance(subject, FindingFacts):
        facts |= subject._asdict()
    elif isinstance(subject, ToolFacts):
        facts |= {"tool": subject.name, "server": subject.server, **{name: getattr(subject, name) for name in OF_CALL}}
    elif isinstance(subject, CodeFacts):
        facts |= subject._asdict()
    return {name: facts[name] for name in defaults(action)}


def told(action: Action, facts: Facts) -> str:
    """Return facts as YAML in one line: the action, then what is not as in an ordinary question."""
    ordinary = defaults(action)
    said = [f"action: {action}"]
    for name, value in facts.items():
        if name not in ordinary or value != ordinary[name]:
            said.append(f"{name}: {_written(value)}")
    return "{" + ", ".join(said) + "}"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list | frozenset):
        return "[" + ", ".join(_written(each) for each in value) + "]"
    text = str(value)
    plain = text and all(character.isalnum() or character in "._-/" for character in text) and text[0] not in "-."
    if isinstance(value, int) or (
        plain and not text[0].isdigit() and text not in ("true", "false", "null", "yes", "no")
    ):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
