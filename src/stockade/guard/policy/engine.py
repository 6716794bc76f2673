"""The policy engine: facts in, verdicts out. Owns evaluation, its failures and the memory of answers.

Never fails open: Cedar skips a rule whose evaluation errors, so a broken forbid would let everything pass; here any
error denies, and so does an exception or an answer that is not one. Source: docs.cedarpolicy.com, "Authorization"
(read November 2026); docs/decisions 0013.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

import cedarpy
import orjson

from stockade.core.decisions import Decision, Effect, Verdict, strongest
from stockade.core.errors import ConfigError
from stockade.core.facts import Action, CallFacts, CodeFacts, FindingFacts, Subject, ToolFacts
from stockade.core.principal import PrincipalKind
from stockade.guard.policy.rules import NOT_LOADED, PolicySource, Rule, read_rules

MEMO_ENTRIES_MAX = 16_384
"""Answers kept, the least recently used go first. An entry holds about 1 KB, so at most some 16 MB."""

NO_PERMIT = "no-permit"
"""The rule id of a default deny."""

EVALUATION = "evaluation"
"""Stands in `Verdict.failed` when evaluation as a whole failed, so that no rule can be named."""

_FAILED_RULE = re.compile(r"policy `([^`]+)`")

_Question = tuple[Action, CallFacts, Subject]


class PolicyEngine:
    """An immutable set of rules and the answers it gave."""

    __slots__ = ("_memo", "_order", "_policies", "_rules", "_schema", "digest")

    def __init__(self, rules: Sequence[Rule], schema: cedarpy.Schema, digest: str) -> None:
        """Keep checked rules; use `load`."""
        self.digest = digest
        self._schema = schema
        self._rules = {rule.id: rule for rule in rules}
        self._order = {rule.id: number for number, rule in enumerate(rules)}
        # Cedar names either the permits or the forbids that fired. A forbid that only flags must not hide that nothing
        # permits, so Cedar is asked which rules fire (each as a permit) and what follows is decided in `_verdict`.
        static = {rule.id: {**rule.body, "effect": "permit"} for rule in rules}
        document = {"templates": {}, "staticPolicies": static, "templateLinks": []}
        self._policies = cedarpy.PolicySet.from_json_str(orjson.dumps(document).decode())
        self._memo: dict[_Question, Verdict] = {}

    @classmethod
    def load(cls, sources: Sequence[PolicySource], schema: str) -> PolicyEngine:
        """Return an engine for these sources; their order does not matter.

        Fails: ConfigError naming the file, the line and what is wrong.
        """
        ordered = sorted(sources)
        for one, other in pairwise(ordered):
            if one.name == other.name:
                raise ConfigError(f"Two policy files are named {one.name}.", hint=NOT_LOADED)
        try:
            parsed = cedarpy.Schema.from_str(schema)
        except ValueError as error:
            raise ConfigError(f"The policy schema cannot be read: {error}", hint=NOT_LOADED) from error
        rules = read_rules(ordered, parsed)
        if not rules:
            raise ConfigError("There is no policy rule, so everything would be denied.", hint=NOT_LOADED)
        canonical = orjson.dumps([schema, [[source.name, source.text] for source in ordered]])
        return cls(rules, parsed, "sha256:" + sha256(canonical).hexdigest())

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Return the ids of all rules, in order."""
        return tuple(self._rules)

    def authorise(self, call: CallFacts) -> Verdict:
        """Say whether this caller may call this model at all: ALLOW, FLAG or DENY."""
        return self._answer((Action.FORWARD, call, None))

    def call_tool(self, call: CallFacts, tool: ToolFacts) -> Verdict:
        """Say whether this tool call of the model may reach the client: ALLOW, FLAG or DENY."""
        return self._answer((Action.CALL_TOOL, call, tool))

    def write_code(self, call: CallFacts, code: CodeFacts) -> Verdict:
        """Say whether this file may be written in the call's workspace: ALLOW, FLAG or DENY."""
        return self._answer((Action.WRITE_CODE, call, code))

    def decide(self, action: Action, call: CallFacts, findings: Sequence[FindingFacts]) -> Decision:
        """Judge the findings of one side of an exchange; without findings the effect is ALLOW."""
        verdicts = tuple([self._answer((action, call, facts)) for facts in findings])
        return Decision(strongest([verdict.effect for verdict in verdicts]), verdicts, self.digest)

    def _answer(self, question: _Question) -> Verdict:
        """Return the remembered verdict, or find it and remember it."""
        memo = self._memo
        verdict = memo.pop(question, None)
        if verdict is None:
            verdict = self._evaluate(question)
            if len(memo) >= MEMO_ENTRIES_MAX:
                memo.pop(next(iter(memo)), None)
        memo[question] = verdict
        return verdict

    def _evaluate(self, question: _Question) -> Verdict:
        """Ask Cedar; whatever goes wrong is a deny."""
        try:
            result = cedarpy.is_authorized(_request(question), self._policies, self._entities(question), self._schema)
            fired = sorted(result.diagnostics.reasons, key=self._order.__getitem__)
            errors = list(result.diagnostics.errors)
            answered = result.decision is not cedarpy.Decision.NoDecision
        except Exception:  # noqa: BLE001 - foreign code: whatever it raises, the answer is no
            return _failure((EVALUATION,))
        if errors or not answered:
            named = {found for error in errors for found in _FAILED_RULE.findall(error) if found in self._order}
            return _failure(tuple(sorted(named, key=self._order.__getitem__)) or (EVALUATION,))
        return self._verdict([self._rules[rule_id] for rule_id in fired])

    def _verdict(self, fired: list[Rule]) -> Verdict:
        """Return what the fired rules come to: the strongest forbid, else the permits; without a permit a deny."""
        effects = [rule.effect or Effect.ALLOW for rule in fired]
        effect = strongest(effects)
        if Effect.ALLOW not in effects and effect is not Effect.DENY:
            return Verdict(Effect.DENY, (NO_PERMIT,), (), "No rule permits this.")
        deciding = [rule for rule in fired if (rule.effect or Effect.ALLOW) is effect]
        return Verdict(effect, tuple(rule.id for rule in deciding), (), deciding[0].reason)

    def _entities(self, question: _Question) -> cedarpy.Entities:
        """Return the caller with teams and tenant, the model, the workspace, and the tool if one is asked about."""
        _, call, subject = question
        tenant = _uid("Tenant", call.tenant)
        teams = [_uid("Team", team) for team in call.teams]
        place = call.workspace
        document = [
            _entity(tenant),
            *[_entity(team, parents=[tenant]) for team in teams],
            _entity(_caller(call), {"roles": list(call.roles)}, [*teams, tenant]),
            _entity(_uid("Model", call.model), {"listed": call.listed, "approved": call.approved, "name": call.model}),
            _entity(
                _uid("Workspace", place.id),
                {
                    "data_class": place.data_class,
                    "environment": place.environment,
                    "sensitivity": place.sensitivity,
                },
            ),
        ]
        if isinstance(subject, ToolFacts):
            document.append(_entity(_uid("Tool", subject.name), {"name": subject.name, "server": subject.server}))
        return cedarpy.Entities.from_json_str(orjson.dumps(document).decode(), self._schema)


def _request(question: _Question) -> dict[str, object]:
    """Return a question in the shape that Cedar asks for."""
    action, call, subject = question
    context: dict[str, object] = {"dialect": call.dialect, "asserted_by": call.asserted_by}
    place = {"__entity": _uid("Workspace", call.workspace.id)}
    model = _uid("Model", call.model)
    resource = model
    if isinstance(subject, ToolFacts):
        resource = _uid("Tool", subject.name)
        context |= {"model": {"__entity": model}, "workspace": place}
    elif isinstance(subject, CodeFacts):
        resource = _uid("Workspace", call.workspace.id)
        context |= {"model": {"__entity": model}, **subject._asdict()}
    elif subject is not None:
        context |= {"workspace": place, **subject._asdict()}
    else:
        context["workspace"] = place
    return {
        "principal": _caller(call),
        "action": _uid("Action", action),
        "resource": resource,
        "context": context,
    }


def _caller(call: CallFacts) -> dict[str, str]:
    return _uid("Person" if call.kind is PrincipalKind.PERSON else "Key", call.principal)


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": f"Stockade::{kind}", "id": name}


def _entity(
    uid: dict[str, str], attributes: dict[str, object] | None = None, parents: Sequence[dict[str, str]] = ()
) -> dict[str, object]:
    return {"uid": uid, "attrs": attributes or {}, "parents": list(parents)}


def _failure(failed: tuple[str, ...]) -> Verdict:
    """Return the deny that stands for a policy that could not be evaluated."""
    return Verdict(Effect.DENY, (), failed, "The policy could not be evaluated, so the answer is no.")
