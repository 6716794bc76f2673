"""A second Cedar in a hundred lines: the words of its specification over the JSON form, to hold the engine against.

Written from docs.cedarpolicy.com and apart from `govern/policy/expressions.py`, which serves the analysis: an answer is
a value or FAULT, carried upwards by hand. Knows what strict validation lets through under our schema.
"""

from __future__ import annotations

import fnmatch
import re
from typing import Any

import orjson

from stockade.guard.policy.questions import Question, entities_of, request_of
from stockade.guard.policy.rules import Rule

FAULT = object()
ORDER = ["allow", "flag", "pseudonymise", "redact", "withhold", "hold", "deny"]


def answer(rules: list[Rule], question: Question) -> tuple[str, tuple[str, ...], tuple[str, ...], str | None, Any, Any]:
    """Return (effect, rules, failed, shadow, shadow rules, shadow failed)."""
    results = {rule.id: fires(rule, question) for rule in rules}
    failed = tuple(rule.id for rule in rules if results[rule.id] is FAULT and not rule.shadow)
    if failed:
        return "deny", (), failed, None, (), ()
    said = [(rule.id, rule.effect or "allow") for rule in rules if results[rule.id] is True and not rule.shadow]
    effect = max([name for _, name in said], key=ORDER.index, default="allow")
    deciding = tuple(rule_id for rule_id, its in said if its == effect)
    if effect != "deny" and not any(name == "allow" for _, name in said):
        effect, deciding = "deny", ("no-permit",)
    tried = [rule for rule in rules if rule.shadow and results[rule.id] is True]
    broken = tuple(rule.id for rule in rules if rule.shadow and results[rule.id] is FAULT)
    if not tried and not broken:
        return effect, deciding, (), None, (), ()
    would = "deny" if broken else max([effect, *[str(rule.effect) for rule in tried]], key=ORDER.index)
    return effect, deciding, (), would, tuple(rule.id for rule in tried), broken


def fires(rule: Rule, question: Question) -> Any:
    """Say whether a rule's condition holds: True, False or FAULT."""
    request = request_of(question)
    tool = question.subject if hasattr(question.subject, "server") else None
    store = {key(each["uid"]): each for each in orjson.loads(entities_of(question.call, tool))}
    scope = {name: ("entity", key(request[name])) for name in ("principal", "action", "resource")}
    world = {**scope, "context": {name: plain(value) for name, value in request["context"].items()}}
    for name in scope:
        if in_scope(rule.body[name], world[name][1], store) is False:
            return False
    for each in rule.body.get("conditions", []):
        value = value_of(each["body"], world, store)
        if value is FAULT:
            return FAULT
        if value is (each["kind"] == "unless"):
            return False
    return True


def in_scope(scope: Any, uid: Any, store: Any) -> bool:
    match scope["op"]:
        case "All":
            return True
        case "==":
            return uid == key(scope["entity"])
        case "is":
            return uid[0] == scope["entity_type"] and (
                "in" not in scope or below(uid, key(scope["in"]["entity"]), store)
            )
    return any(below(uid, key(each), store) for each in scope.get("entities") or [scope["entity"]])


def value_of(node: Any, world: Any, store: Any) -> Any:
    """Return what an expression is: bool, int, str, ("entity", uid), frozenset, dict, or FAULT."""
    ((name, operand),) = node.items()
    if name == "Value":
        return plain(operand)
    if name == "Var":
        return world[operand]
    if name in ("&&", "||"):
        left = value_of(operand["left"], world, store)
        return left if left is FAULT or left is (name == "||") else value_of(operand["right"], world, store)
    if name == "if-then-else":
        test = value_of(operand["if"], world, store)
        return FAULT if test is FAULT else value_of(operand["then" if test else "else"], world, store)
    if name == "Set":
        items = [value_of(each, world, store) for each in operand]
        return FAULT if FAULT in items else frozenset(items)
    inner = [value_of(operand[part], world, store) for part in ("left", "arg", "right") if part in operand]
    return FAULT if any(each is FAULT for each in inner) else operate(name, operand, inner, store)


def operate(name: str, operand: Any, inner: list[Any], store: Any) -> Any:  # noqa: PLR0911 - a line an operator
    one, other = inner[0], inner[-1]
    match name:
        case "." | "has":
            held = store.get(one[1], {"attrs": {}})["attrs"] if isinstance(one, tuple) else one
            found = plain(held[operand["attr"]]) if operand["attr"] in held else FAULT
            return found is not FAULT if name == "has" else found
        case "!":
            return not one
        case "==" | "!=":
            return (one == other) is (name == "==")
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case ">=":
            return one >= other
        case "+" | "-" | "*" | "neg":
            number = {"+": lambda: one + other, "-": lambda: one - other, "*": lambda: one * other, "neg": lambda: -one}
            result = number[name]()
            return result if -(2**63) <= result < 2**63 else FAULT
        case "contains":
            return other in one
        case "containsAll":
            return other <= one
        case "containsAny":
            return not one.isdisjoint(other)
        case "isEmpty":
            return not one
        case "in":
            wanted = other if isinstance(other, frozenset) else [other]
            return any(below(one[1], each[1], store) for each in wanted)
        case "is":
            inside = "in" not in operand or below(one[1], plain(operand["in"]["Value"])[1], store)
            return one[1][0] == operand["entity_type"] and inside
        case "like":
            parts = ["*" if each == "Wildcard" else f"[{each['Literal']}]" for each in operand["pattern"]]
            return re.match(fnmatch.translate("".join(parts)), one) is not None
    raise AssertionError(name)


def below(uid: Any, target: Any, store: Any) -> bool:
    return uid == target or any(below(key(each), target, store) for each in store.get(uid, {"parents": []})["parents"])


def key(uid: Any) -> tuple[str, str]:
    return str(uid["type"]), str(uid["id"])


def plain(value: Any) -> Any:
    if isinstance(value, dict) and "__entity" in value:
        return "entity", key(value["__entity"])
    return frozenset(plain(each) for each in value) if isinstance(value, list) else value
