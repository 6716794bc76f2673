"""Expressions: what a rule's conditions come to on given facts, outside of Cedar, and which facts they depend on.

The tables of `tables.py` need a condition's answer on thousands of facts at once, so this room evaluates Cedar's JSON
form itself. It is never what the gate goes by: every counterexample and a sample of every proof is put to the engine,
and tests compare the two by property. What it does not know it refuses (`Unknown`), it never guesses.
Source: docs.cedarpolicy.com, "JSON policy format" and "Operators" (read November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, reduce
from typing import Any

from stockade.govern.policy.worlds import Entity, World

Node = Mapping[str, Any]

LEAST, GREATEST = -(2**63), 2**63 - 1


class Unknown(Exception):  # noqa: N818 - it is not an error of the policy: this room does not know an operator
    """An operator that is not evaluated here. `args[0]` names it."""


class Failed(Exception):  # noqa: N818 - Cedar's evaluation of the rule would fail here, which the tables note
    """The evaluation fails, as Cedar's would: a number too large, an entity that does not exist."""


def condition(body: Node) -> Node:
    """Return a rule as one expression: its scope, then its conditions, in Cedar's order."""
    parts = [_scope("principal", body["principal"]), _scope("action", body["action"])]
    parts.append(_scope("resource", body["resource"]))
    said = body.get("conditions", ())
    parts += [each["body"] if each["kind"] == "when" else {"!": {"arg": each["body"]}} for each in said]
    return reduce(lambda left, right: {"&&": {"left": left, "right": right}}, parts)


def _scope(variable: str, scope: Node) -> Node:
    left = {"Var": variable}
    if scope["op"] == "All":
        return {"Value": True}
    if scope["op"] == "is":
        inner = scope.get("in")
        tested: dict[str, Any] = {"left": left, "entity_type": scope["entity_type"]}
        return {"is": {**tested, "in": _literal(inner["entity"])} if inner else tested}
    if "entities" in scope:
        return {"in": {"left": left, "right": {"Set": [_literal(each) for each in scope["entities"]]}}}
    return {scope["op"]: {"left": left, "right": _literal(scope["entity"])}}


def _literal(entity: Node) -> Node:
    return {"Value": {"__entity": entity}}


def evaluate(node: Node, world: World) -> Any:
    """Return the value of an expression. Fails: Failed as Cedar would; Unknown for what is not known here."""
    [(name, operand)] = node.items()
    if name == "Value":
        return _value(operand)
    if name == "Var":
        return world.variables[operand]
    if name in _LAZY:
        return _LAZY[name](operand, world)
    if name == "Set":
        return frozenset(evaluate(each, world) for each in operand)
    if name in _STRICT:
        return _STRICT[name](evaluate(operand["left"], world), evaluate(operand["right"], world))
    if name in ("!", "neg", "isEmpty"):
        value = evaluate(operand["arg"], world)
        return not value if name != "neg" else _bounded(-value)
    raise Unknown(name)


def parts(node: Node) -> Iterator[Node]:
    """Yield an expression and all expressions inside it."""
    yield node
    [(name, operand)] = node.items()
    if name == "Set":
        for each in operand:
            yield from parts(each)
    elif name not in ("Value", "Var") and isinstance(operand, dict):
        for key in ("left", "right", "arg", "if", "then", "else", "in"):
            if isinstance(operand.get(key), dict):
                yield from parts(operand[key])
    elif name not in ("Value", "Var"):
        raise Unknown(name)


def literal(value: Any) -> Any:
    """Return what a literal of the JSON form stands for."""
    return _value(value)


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        entity = value.get("__entity")
        if entity is None:
            raise Unknown("extension value")
        return Entity(entity["type"], entity["id"])
    if isinstance(value, list):
        return frozenset(_value(each) for each in value)
    return value


def _and(operand: Node, world: World) -> bool:
    return bool(evaluate(operand["left"], world)) and bool(evaluate(operand["right"], world))


def _or(operand: Node, world: World) -> bool:
    return bool(evaluate(operand["left"], world)) or bool(evaluate(operand["right"], world))


def _choose(operand: Node, world: World) -> Any:
    return evaluate(operand["then"] if evaluate(operand["if"], world) else operand["else"], world)


def _attribute(operand: Node, world: World) -> Any:
    left = evaluate(operand["left"], world)
    held = world.attributes.get(left) if isinstance(left, Entity) else left
    if held is None or operand["attr"] not in held:
        raise Failed
    return held[operand["attr"]]


def _has(operand: Node, world: World) -> bool:
    left = evaluate(operand["left"], world)
    held = world.attributes.get(left, {}) if isinstance(left, Entity) else left
    return operand["attr"] in held


def _is(operand: Node, world: World) -> bool:
    left = evaluate(operand["left"], world)
    if left.type != operand["entity_type"]:
        return False
    return "in" not in operand or _within(left, evaluate(operand["in"], world), world)


def _in(operand: Node, world: World) -> bool:
    return _within(evaluate(operand["left"], world), evaluate(operand["right"], world), world)


def _within(left: Entity, right: Any, world: World) -> bool:
    above = world.above.get(left, frozenset()) | {left}
    return bool(above & (right if isinstance(right, frozenset) else {right}))


def _like(operand: Node, world: World) -> bool:
    return matches(pattern_of(operand["pattern"]), evaluate(operand["left"], world))


def pattern_of(pattern: list[Any]) -> tuple[str | None, ...]:
    """Return a pattern's letters, with None for each star."""
    letters: list[str | None] = []
    for part in pattern:
        letters.extend([None] if part == "Wildcard" else part["Literal"])
    return tuple(letters)


@lru_cache(maxsize=1024)
def _compiled(pattern: tuple[str | None, ...]) -> re.Pattern[str]:
    return re.compile("".join(".*" if part is None else re.escape(part) for part in pattern), re.DOTALL)


def matches(pattern: tuple[str | None, ...], text: str) -> bool:
    """Say whether a whole text matches."""
    return _compiled(pattern).fullmatch(text) is not None


def _bounded(number: int) -> int:
    if not LEAST <= number <= GREATEST:
        raise Failed
    return number


_LAZY: Mapping[str, Callable[[Any, World], Any]] = {
    "&&": _and,
    "||": _or,
    "if-then-else": _choose,
    ".": _attribute,
    "has": _has,
    "is": _is,
    "in": _in,
    "like": _like,
}
_STRICT: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: _bounded(left + right),
    "-": lambda left, right: _bounded(left - right),
    "*": lambda left, right: _bounded(left * right),
    "contains": lambda left, right: right in left,
    "containsAll": lambda left, right: right <= left,
    "containsAny": lambda left, right: bool(left & right),
}
