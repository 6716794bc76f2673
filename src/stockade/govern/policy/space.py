"""The space of facts: for each fact the values that rules could tell apart, and which facts can stand together.

Numbers and words are taken whole: a score has 1,001 values, a channel seven. A text is open, so it gets one value for
each way in which the texts and patterns it is compared with can match together (`wildcards.py`), and two that nothing
names. Where that is not all there is, `cut` says so. Never leaves out a value that a rule could tell apart otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from stockade.core.facts import Action, Origin
from stockade.core.principal import NO_WORKSPACE
from stockade.core.segments import UNEDITABLE
from stockade.govern.policy.expressions import Node, literal, parts, pattern_of
from stockade.govern.policy.facts import NUMBERS, WORDS, Facts, defaults
from stockade.govern.policy.wildcards import Pattern, witnesses
from stockade.govern.policy.worlds import Entity
from stockade.guard.pipeline.tools import tool_facts

TEAMS_MAX = 8
"""Teams that rules may name before their combinations are cut to those of four at most."""

UNNAMED = ("other-one", "other-two")
"""Texts that no rule names: two, so that two facts can be both unnamed and yet not the same."""

_IDS: Mapping[str, tuple[str, ...]] = {
    "Key": ("principal", "principal_kind"),
    "Person": ("principal", "principal_kind"),
    "Tenant": ("tenant",),
    "Team": ("teams",),
    "Model": ("model",),
    "Tool": ("tool",),
    "Workspace": ("workspace",),
}
_ATTRIBUTES = {"name": ("model", "tool")}  # of two entities; every other attribute is a fact of its own name
_RESOURCES = {Action.CALL_TOOL: "Tool", Action.APPROVE: "Tool", Action.WRITE_CODE: "Workspace"}


class Space(NamedTuple):
    """The values of each fact that matters, and in which way they are not all that there is ("" for: they are)."""

    values: Mapping[str, tuple[Any, ...]]
    cut: str


class Constraint(NamedTuple):
    """What the gate never tells policy together: `holds` is asked of the values of `names`, in order."""

    names: tuple[str, ...]
    holds: Callable[..., bool]
    words: str


def facts_read(node: Node, action: Action) -> frozenset[str]:
    """Return the facts on which the value of an expression may depend; rather too many than too few."""
    [(name, operand)] = node.items()
    if name == "Value":
        found = literal(operand)
        return (
            frozenset(_IDS.get(found.type.removeprefix("Stockade::"), ())) if isinstance(found, Entity) else frozenset()
        )
    if name == "Var":
        return _of_variable(operand, action)
    if name == ".":
        return _of_attribute(operand, action)
    below = [facts_read(each, action) for each in _children(node)]
    read = frozenset().union(*below)
    if name in ("in", "is"):
        kinds = {part.type for each in parts(node) for part in _entities(each)}
        read |= {"teams"} if "Stockade::Team" in kinds else set()
        read |= {"tenant"} if "Stockade::Tenant" in kinds else set()
        if name == "is" and "in" not in operand:
            read -= {"principal"}
        elif kinds and kinds <= {"Stockade::Team", "Stockade::Tenant"} and operand["left"] == {"Var": "principal"}:
            read -= {"principal", "principal_kind"}
    known = defaults(action)
    return frozenset(each for each in read if each in known)


def _of_variable(variable: str, action: Action) -> frozenset[str]:
    if variable == "principal":
        return frozenset(_IDS["Key"])
    if variable == "resource":
        return frozenset(_IDS[_RESOURCES.get(action, "Model")])
    return frozenset() if variable == "action" else frozenset(defaults(action))


def _of_attribute(operand: Node, action: Action) -> frozenset[str]:
    """Return what an attribute is: of a variable the fact of its name, of a literal also whether it is that one."""
    left, name = operand["left"], operand["attr"]
    known = defaults(action)
    if left == {"Var": "context"}:
        return frozenset({name})
    if left in ({"Var": "resource"}, {"Var": "principal"}) or left.get(".", {}).get("left") == {"Var": "context"}:
        if name != "name":
            return frozenset({name})
        is_tool = left == {"Var": "resource"} and "tool" in known
        return frozenset({"tool" if is_tool else "model"})
    own = frozenset(_ATTRIBUTES.get(name, (name,)))
    return frozenset(each for each in facts_read(left, action) | own if each in known)


def space_of(expressions: Sequence[Node], action: Action, samples: Sequence[Facts] = ()) -> Space:
    """Return the values that these expressions could tell apart; the texts of `samples` are among them."""
    texts: dict[str, set[str]] = {}
    patterns: dict[str, set[Pattern]] = {}
    wanted: set[str] = set()
    for expression in expressions:
        wanted |= facts_read(expression, action)
        for atom in _atoms(expression):
            read = facts_read(atom, action)
            for part in parts(atom):
                if (found := part.get("like")) is not None:
                    for name in facts_read(found["left"], action):
                        patterns.setdefault(name, set()).add(pattern_of(found["pattern"]))
                for name, text in _named(part, read):
                    texts.setdefault(name, set()).add(text)
    if wanted & {"tool", "server"}:
        wanted |= {"tool", "server"}
        _add_servers(texts, patterns)
    for name in wanted:
        if isinstance(defaults(action)[name], str) and name not in WORDS:
            texts.setdefault(name, set()).update(str(sample[name]) for sample in samples if name in sample)
    cuts = list(dict.fromkeys(each for expression in expressions for each in _compared(expression, action)))
    values = {name: _values(name, action, texts.get(name, set()), patterns.get(name, set()), cuts) for name in wanted}
    if "server" in values:
        servers = {tool_facts(tool).server for tool in values["tool"]}
        values["server"] = tuple(dict.fromkeys((*values["server"], *sorted(servers))))
    return Space({name: values[name] for name in defaults(action) if name in values}, "; ".join(cuts))


def constraints(action: Action) -> Iterator[Constraint]:
    """Yield what never stands together because of how the gate makes facts."""
    yield Constraint(
        ("workspace", "asserted_by", "environment", "sensitivity", "data_class"),
        lambda place, by, environment, sensitivity, data_class: (
            (place == NO_WORKSPACE.id) == (by == "none")
            and (place != NO_WORKSPACE.id or (environment, sensitivity, data_class) == ("unknown", 0, "unknown"))
        ),
        "a workspace is asserted by somebody unless there is none, and then nothing is known of it",
    )
    yield Constraint(
        ("approved", "listed"), lambda approved, listed: listed or not approved, "what is approved is listed"
    )
    if action in (Action.PROMPT, Action.COMPLETE):
        never = Origin.CONVERSATION if action is Action.PROMPT else Origin.VENDOR
        yield Constraint(("origin",), lambda origin: origin != never, f"a finding's origin in {action} is not {never}")
        yield Constraint(
            ("kind", "editable"),
            lambda kind, editable: not editable or kind not in UNEDITABLE,
            "what is signed, sealed or binary cannot be edited",
        )
    if action is Action.COMPLETE:
        yield Constraint(("latest",), bool, "an answer is the latest")
    if action in (Action.CALL_TOOL, Action.APPROVE):
        yield Constraint(
            ("tool", "server"),
            lambda tool, server: tool_facts(tool).server == server,
            "the server of a tool is told by its name",
        )


def _compared(expression: Node, action: Action) -> Iterator[str]:
    """Yield what is cut where two texts are compared with each other: each has values of its own only."""
    for part in parts(expression):
        [(name, operand)] = part.items()
        if name in ("==", "!=", "contains", "containsAll", "containsAny"):
            sides = [_texts_of(operand[side], action) for side in ("left", "right")]
            if all(sides) and any(one != other for one in sides[0] for other in sides[1]):
                yield f"{min(sides[0])} and {min(sides[1])} are compared with each other; not all ways were looked at"


def _texts_of(node: Node, action: Action) -> set[str]:
    """Return the facts among those read that are texts of any kind, where a variable is read at all."""
    if not any("Var" in part for part in parts(node)):
        return set()
    return {name for name in facts_read(node, action) if isinstance(defaults(action)[name], str)}


def _values(
    name: str, action: Action, texts: Iterable[str], patterns: Iterable[Pattern], cuts: list[str]
) -> tuple[Any, ...]:
    """Return the values of one fact, the ordinary one first."""
    ordinary = defaults(action)[name]
    if name in NUMBERS:
        least, greatest = NUMBERS[name]
        found: list[Any] = list(range(least, greatest + 1))
    elif name == "roles":
        found = [each for size in range(5) for each in combinations(WORDS["roles"], size)]
    elif name == "teams":
        named = sorted(texts)
        most = len(named)
        if most > TEAMS_MAX:
            most = 4
            cuts.append(f"{len(named)} teams are named; only callers in four of them at most were looked at")
        found = [each for size in range(most + 1) for each in combinations(named, size)]
    elif name in WORDS:
        found = [str(word) for word in WORDS[name]]
    elif isinstance(ordinary, bool):
        found = [True, False]
    else:
        seen = witnesses(sorted({*patterns, *(tuple(text) for text in texts)}, key=str))
        if not seen.exact:
            cuts.append(f"the patterns for {name} combine in too many ways; not all were looked at")
        nowhere = (NO_WORKSPACE.id,) if name == "workspace" else ()
        found = [*sorted(texts), *nowhere, *UNNAMED, *seen.texts]  # names that people know come first
        found = [text for text in found if text or name in ("server", "language")]
    return (ordinary, *dict.fromkeys(each for each in found if each != ordinary))


def _add_servers(texts: dict[str, set[str]], patterns: dict[str, set[Pattern]]) -> None:
    """Let tools of MCP servers be among the tools: of each server that is named, and of one that is not."""
    told = patterns.setdefault("tool", set())
    servers = [tuple(text) for text in texts.get("server", ()) if text] + list(patterns.get("server", ()))
    for server in (*servers, (None,)):
        told.add((*"mcp__", *server, *"__", None))
    texts.setdefault("tool", set()).update(f"mcp__{text}__tool" for text in (*texts.get("server", ()), "other") if text)
    texts.setdefault("server", set()).add("")


def _named(part: Node, read: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield each text that an expression names with each fact that it could be compared with."""
    if "Value" not in part:
        return
    for found in _flat(literal(part["Value"])):
        if isinstance(found, Entity):
            for name in _IDS.get(found.type.removeprefix("Stockade::"), ()):
                yield name, found.id
        elif isinstance(found, str):
            for name in read:
                yield name, found


def _atoms(node: Node) -> Iterator[Node]:
    """Yield the parts of an expression that hold no "and", "or", "not" or "if"."""
    [(name, operand)] = node.items()
    if name in ("&&", "||", "!", "if-then-else"):
        for key in ("left", "right", "arg", "if", "then", "else"):
            if key in operand:
                yield from _atoms(operand[key])
    else:
        yield node


def _entities(part: Node) -> Iterator[Entity]:
    if "Value" in part:
        yield from (each for each in _flat(literal(part["Value"])) if isinstance(each, Entity))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, frozenset):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _children(node: Node) -> list[Node]:
    """Return the expressions right inside one."""
    [(name, operand)] = node.items()
    if name == "Set":
        return list(operand)
    return [operand[key] for key in ("left", "right", "arg", "if", "then", "else", "in") if key in operand]
