"""Rules: policy text made into rules that can be trusted to fire. Owns what a rule must say beside what Cedar checks.

Cedar's parser names no line, so each rule is parsed alone and an error names the line where its rule begins. Never
evaluates a rule. A rule that could silently never fire (a misspelt category) is an error here, not a surprise later.
Source: the Cedar policy grammar, docs.cedarpolicy.com (read November 2026): strings, `//` comments, `;` ends a policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple, NoReturn

import cedarpy
import orjson

from stockade.core.decisions import Effect
from stockade.core.errors import ConfigError
from stockade.core.facts import Action, Ground, Origin
from stockade.core.findings import Category
from stockade.core.principal import WorkspaceSource
from stockade.core.segments import Channel, Kind

WRITABLE_EFFECTS = frozenset(Effect) - {Effect.ALLOW}
"""What @effect may say. A forbid that allows is a contradiction."""

APPROVALS_MAX = 5
"""How many people a rule may ask for."""

NOT_LOADED = "The policy was not loaded."

_CALL_EFFECTS = frozenset({Effect.DENY, Effect.FLAG})
_HOLDING = frozenset({Action.PROMPT, Action.CALL_TOOL})
_JUDGING = frozenset({Action.PROMPT, Action.COMPLETE})
_ANNOTATIONS = frozenset({"approvals", "effect", "id", "mode", "reason"})
_MODES = frozenset({"enforce", "shadow"})
_MODE = re.compile(r'@mode\s*\(\s*"(?:[^"\\]|\\.)*"\s*\)\s*')
_RULE_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|;', re.DOTALL)
_BLANK = re.compile(r"(?:\s+|//[^\n]*)*")

_WORDS: dict[str, frozenset[str]] = {
    "category": frozenset(Category),
    "channel": frozenset(Channel),
    "kind": frozenset(Kind),
    "origin": frozenset(Origin),
    "asserted_by": frozenset(WorkspaceSource),
    "ground": frozenset(Ground),
}
"""Facts that take one of a few words; comparing them with any other word is a typing error."""


class PolicySource(NamedTuple):
    """One policy file: its name (relative to the policy folder, the same on every machine) and its text.

    `in_shadow` puts every rule that stops or changes something in shadow, but for those that `enforced` names.
    """

    name: str
    text: str
    in_shadow: bool = False
    enforced: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a rule stands: the file's name, the line (from 1), and the offsets of its text in the file."""

    name: str
    line: int
    start: int = 0
    end: int = 0


class Rule(NamedTuple):
    """One rule: its Cedar JSON form and what its annotations say. `effect` is None for a permit.

    `shadow` says that it is only tried. `version` names the text of the rule, whatever its mode: evidence that was
    gathered in shadow is evidence of the same rule in force. `approvals` is how many people must
    say yes to what it holds.
    """

    id: str
    effect: Effect | None
    reason: str
    body: dict[str, object]
    shadow: bool
    version: str
    place: Place
    approvals: int = 1


def read_rules(sources: Sequence[PolicySource], schema: cedarpy.Schema) -> list[Rule]:
    """Return the rules of all sources in order.

    Fails: ConfigError naming file, line and what is wrong.
    """
    rules: list[Rule] = []
    places: dict[str, Place] = {}
    for source in sources:
        for place, text in _statements(source):
            rule = _in_mode(_read_rule(place, text, schema), source)
            if rule.id in places:
                first = places[rule.id]
                _refuse(place, f'@id("{rule.id}") already names the rule at {first.name}, line {first.line}')
            places[rule.id] = place
            rules.append(rule)
    for source in sources:
        if gone := sorted(set(source.enforced) - {rule.id for rule in rules if rule.place.name == source.name}):
            raise ConfigError(f'{source.name} has no rule "{gone[0]}" to take out of shadow.', hint=NOT_LOADED)
    return rules


def _in_mode(rule: Rule, source: PolicySource) -> Rule:
    """Return the rule as its file is used: in shadow where the whole file is, unless it only permits or flags."""
    if not source.in_shadow or rule.effect in (None, Effect.FLAG) or rule.id in source.enforced:
        return rule
    return rule._replace(shadow=True)


def _statements(source: PolicySource) -> Iterator[tuple[Place, str]]:
    """Yield each policy's text with its place; what follows the last `;` counts as one, for the parser to judge."""
    start = 0
    ends = [match.end() for match in _LEXEME.finditer(source.text) if match.group() == ";"]
    for end in [*ends, len(source.text)]:
        blank = _BLANK.match(source.text, start, end)
        begin = blank.end() if blank else start
        if begin < end:
            yield Place(source.name, source.text.count("\n", 0, begin) + 1, begin, end), source.text[begin:end]
        start = end


def _read_rule(place: Place, text: str, schema: cedarpy.Schema) -> Rule:
    """Return one rule, checked."""
    try:
        parsed = orjson.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        _refuse(place, f"this rule cannot be read: {error}")
    bodies = list(parsed["staticPolicies"].values())
    if len(bodies) != 1:
        _refuse(place, "a template cannot be used here; write the rule without ?principal and ?resource")
    body: dict[str, object] = bodies[0]
    annotations = body.get("annotations")
    said: dict[str, str] = annotations if isinstance(annotations, dict) else {}
    rule_id = said.get("id") or ""
    if not _RULE_ID.fullmatch(rule_id):
        _refuse(place, "a rule needs an @id of lower-case words joined by hyphens")
    if not (said.get("reason") or "").strip():
        _refuse(place, f'rule "{rule_id}" needs a @reason: one sentence for the person it happens to')
    if unknown := sorted(said.keys() - _ANNOTATIONS):
        _refuse(place, f'rule "{rule_id}" has an unknown annotation @{unknown[0]}; known: {_listed(_ANNOTATIONS)}')
    effect = _effect(place, rule_id, body, said)
    if said.get("mode", "enforce") not in _MODES:
        _refuse(place, f'rule "{rule_id}" has an unknown @mode; it is one of {_listed(_MODES)}')
    shadow = said.get("mode") == "shadow"
    if shadow and effect is None:
        _refuse(place, f'rule "{rule_id}" permits, and a permit in shadow would change nothing that it could show')
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        what = "; ".join(error.error for error in result.errors) or "it does not fit the schema"
        _refuse(place, f'rule "{rule_id}": {what.replace("`policy0`", f"`{rule_id}`")}')
    for fact, word in _compared_words(body):
        if fact in _WORDS and word not in _WORDS[fact]:
            _refuse(place, f'rule "{rule_id}": context.{fact} is never "{word}"; it is one of {_listed(_WORDS[fact])}')
    version = sha256(_MODE.sub("", text).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    approvals = _approvals(place, rule_id, effect, said.get("approvals"))
    return Rule(rule_id, effect, said["reason"].strip(), body, shadow, version, place, approvals)


def _effect(place: Place, rule_id: str, body: dict[str, object], said: dict[str, str]) -> Effect | None:
    """Return what a rule does: None for a permit, DENY for a forbid that does not say."""
    if body["effect"] == "permit":
        if "effect" in said:
            _refuse(place, f'rule "{rule_id}" permits, so it cannot have an @effect; write forbid')
        return None
    if "effect" not in said:
        return Effect.DENY
    if said["effect"] not in WRITABLE_EFFECTS:
        _refuse(place, f'rule "{rule_id}" has an unknown @effect; it is one of {_listed(WRITABLE_EFFECTS)}')
    effect = Effect(said["effect"])
    if effect is Effect.HOLD and not _is_only(body["action"], _HOLDING):
        _refuse(
            place,
            f'rule "{rule_id}" holds, so it must name what can be asked for again: '
            'action == Stockade::Action::"call_tool" or "prompt"',
        )
    if effect not in _CALL_EFFECTS | {Effect.HOLD} and not _is_only(body["action"], _JUDGING):
        _refuse(
            place, f'rule "{rule_id}" changes text, so it must name the action: action == Stockade::Action::"prompt"'
        )
    return effect


def _approvals(place: Place, rule_id: str, effect: Effect | None, said: str | None) -> int:
    """Return how many people must say yes."""
    if said is None:
        return 1
    if effect is not Effect.HOLD:
        _refuse(
            place, f'rule "{rule_id}" does not hold, so nobody can approve: @approvals stands beside @effect("hold")'
        )
    if said not in {str(number) for number in range(1, APPROVALS_MAX + 1)}:
        _refuse(place, f'rule "{rule_id}": @approvals is a number of people from 1 to {APPROVALS_MAX}')
    return int(said)


def _is_only(action: object, allowed: frozenset[Action]) -> bool:
    """Say whether an action constraint leaves only these actions."""
    if not isinstance(action, dict):
        return False
    named = [action.get("entity")] if action["op"] == "==" else action.get("entities", [])
    ids = {entity.get("id") for entity in named if isinstance(entity, dict)}
    return bool(ids) and ids <= allowed and len(ids) == len(named)


def _compared_words(node: object) -> Iterator[tuple[str, str]]:
    """Yield (fact, word) for each comparison of `context.fact` with a literal word, in either order, sets included."""
    if isinstance(node, dict):
        left, right = node.get("left"), node.get("right")
        for fact_side, word_side in ((left, right), (right, left)):
            fact = _context_fact(fact_side)
            if fact:
                yield from ((fact, word) for word in _literal_words(word_side))
        for child in node.values():
            yield from _compared_words(child)
    elif isinstance(node, list):
        for child in node:
            yield from _compared_words(child)


def _context_fact(node: object) -> str:
    """Return the name of a fact when `node` is `context.<fact>`."""
    access = node.get(".") if isinstance(node, dict) else None
    if isinstance(access, dict) and access.get("left") == {"Var": "context"}:
        return str(access.get("attr"))
    return ""


def _literal_words(node: object) -> Iterator[str]:
    """Yield the strings of a literal or of a set of literals."""
    if not isinstance(node, dict):
        return
    if isinstance(node.get("Value"), str):
        yield node["Value"]
    elif isinstance(node.get("Set"), list):
        for item in node["Set"]:
            yield from _literal_words(item)


def _listed(words: frozenset[str] | frozenset[Effect]) -> str:
    return ", ".join(sorted(words))


def _refuse(place: Place, what: str) -> NoReturn:
    """Raise the error that names file, line and fault."""
    raise ConfigError(f"{place.name}, line {place.line}: {what}", hint=NOT_LOADED)
