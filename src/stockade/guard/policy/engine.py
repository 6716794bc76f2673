"""The policy engine: facts in, verdicts out. Owns evaluation, its failures and the memory of answers.

Never fails open: Cedar skips a rule whose evaluation errors, so a broken forbid would let everything pass; here any
error denies, and so does an exception or an answer that is not one. Source: docs.cedarpolicy.com, "Authorization"
(read November 2026); docs/decisions 0013.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

import cedarpy
import orjson

from stockade.core.decisions import Decision, Effect, Verdict, strongest
from stockade.core.errors import ConfigError
from stockade.core.facts import Action, CallFacts, CodeFacts, FindingFacts, ToolFacts
from stockade.guard.policy.questions import Question, entities_of, request_of
from stockade.guard.policy.rules import NOT_LOADED, PolicySource, Rule, read_rules

MEMO_ENTRIES_MAX = 16_384
"""Answers kept, the least recently used go first. An entry holds about 1 KB, so at most some 16 MB."""

CALLS_MAX = 1024
"""Calls whose entities are kept parsed, some 4 KB each: parsing them is half of an answer's time."""

NO_PERMIT = "no-permit"
"""The rule id of a default deny."""

EVALUATION = "evaluation"
"""Stands in `Verdict.failed` when evaluation as a whole failed, so that no rule can be named."""

_FAILED_RULE = re.compile(r"policy `([^`]+)`")


class Counts(NamedTuple):
    """How often rules in shadow fired and how often rules failed, by rule id."""

    shadow: dict[str, int]
    failed: dict[str, int]


class PolicyEngine:
    """An immutable set of rules, the answers it gave and how often rules in shadow fired."""

    __slots__ = (
        "_calls",
        "_counts",
        "_memo",
        "_order",
        "_policies",
        "_schema",
        "digest",
        "document",
        "rules",
        "schema_text",
    )

    def __init__(self, rules: Sequence[Rule], schema_text: str, schema: cedarpy.Schema, document: bytes) -> None:
        """Keep checked rules; use `load`. `document` is all that they were read from, and `digest` its SHA-256."""
        self.document = document
        self.digest = "sha256:" + sha256(document).hexdigest()
        self.schema_text = schema_text
        self._schema = schema
        self.rules = {rule.id: rule for rule in rules}
        self._order = {rule.id: number for number, rule in enumerate(rules)}
        # Cedar names either the permits or the forbids that fired. A forbid that only flags must not hide that nothing
        # permits, so Cedar is asked which rules fire (each as a permit) and what follows is decided in `_verdict`.
        static = {rule.id: {**rule.body, "effect": "permit"} for rule in rules}
        cedar = {"templates": {}, "staticPolicies": static, "templateLinks": []}
        self._policies = cedarpy.PolicySet.from_json_str(orjson.dumps(cedar).decode())
        self._memo: dict[Question, Verdict] = {}
        self._calls: dict[tuple[CallFacts, ToolFacts | None], cedarpy.Entities] = {}
        self._counts = Counts({}, {})

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
        return cls(rules, schema, parsed, orjson.dumps([schema, [list(source) for source in ordered]]))

    @classmethod
    def from_document(cls, document: bytes) -> PolicyEngine:
        """Return the engine that has this document. Fails: ConfigError where this release cannot read it."""
        try:
            schema, sources = orjson.loads(document)
            told = [PolicySource(name, text, in_shadow, tuple(named)) for name, text, in_shadow, named in sources]
        except (orjson.JSONDecodeError, TypeError, ValueError) as error:
            raise ConfigError("A policy that was kept cannot be read.", hint=NOT_LOADED) from error
        return cls.load(told, schema)

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Return the ids of all rules, in order."""
        return tuple(self.rules)

    def authorise(self, call: CallFacts) -> Verdict:
        """Say whether this caller may call this model at all: ALLOW, FLAG or DENY."""
        return self.answer(Question(Action.FORWARD, call))

    def call_tool(self, call: CallFacts, tool: ToolFacts) -> Verdict:
        """Say whether this tool call of the model may reach the client: ALLOW, FLAG, HOLD or DENY."""
        return self.answer(Question(Action.CALL_TOOL, call, tool))

    def write_code(self, call: CallFacts, code: CodeFacts) -> Verdict:
        """Say whether this file may be written in the call's workspace: ALLOW, FLAG or DENY."""
        return self.answer(Question(Action.WRITE_CODE, call, code))

    def decide(self, action: Action, call: CallFacts, findings: Sequence[FindingFacts]) -> Decision:
        """Judge the findings of one side of an exchange; without findings the effect is ALLOW."""
        verdicts = tuple([self.answer(Question(action, call, facts)) for facts in findings])
        return Decision(strongest([verdict.effect for verdict in verdicts]), verdicts, self.digest)

    def answer(self, question: Question) -> Verdict:
        """Return the remembered verdict, or find it and remember it."""
        memo = self._memo
        verdict = memo.pop(question, None)
        if verdict is None:
            verdict = self._evaluate(question)
            if len(memo) >= MEMO_ENTRIES_MAX:
                memo.pop(next(iter(memo)), None)
        memo[question] = verdict
        if verdict.shadow is not None or verdict.failed:
            self._count(verdict)
        return verdict

    def take_counts(self) -> Counts:
        """Return what was counted since the last call. There is one count a rule, so the rules bound it."""
        counts, self._counts = self._counts, Counts({}, {})
        return counts

    def _count(self, verdict: Verdict) -> None:
        for rule_id in verdict.shadow_rules:
            self._counts.shadow[rule_id] = self._counts.shadow.get(rule_id, 0) + 1
        for rule_id in (*verdict.failed, *verdict.shadow_failed):
            self._counts.failed[rule_id] = self._counts.failed.get(rule_id, 0) + 1

    def _evaluate(self, question: Question) -> Verdict:
        """Ask Cedar; whatever goes wrong is a deny."""
        try:
            entities = self._entities(question)
            result = cedarpy.is_authorized(request_of(question), self._policies, entities, self._schema)
            fired = sorted(result.diagnostics.reasons, key=self._order.__getitem__)
            failed = sorted({self._failed_rule(error) for error in result.diagnostics.errors}, key=self._place)
            answered = result.decision is not cedarpy.Decision.NoDecision
        except Exception:  # noqa: BLE001 - foreign code: whatever it raises, the answer is no
            return _failure((EVALUATION,))
        in_force = tuple(rule_id for rule_id in failed if rule_id == EVALUATION or not self.rules[rule_id].shadow)
        if in_force or not answered:
            return _failure(in_force or (EVALUATION,))
        return _with_shadow(
            _verdict([self.rules[rule_id] for rule_id in fired if not self.rules[rule_id].shadow]),
            [self.rules[rule_id] for rule_id in fired if self.rules[rule_id].shadow],
            tuple(failed),
        )

    def _failed_rule(self, error: str) -> str:
        """Return the rule that an error names first (what follows may quote facts), or EVALUATION."""
        named = _FAILED_RULE.search(error)
        return named[1] if named and named[1] in self._order else EVALUATION

    def _place(self, rule_id: str) -> int:
        return self._order.get(rule_id, -1)

    def _entities(self, question: Question) -> cedarpy.Entities:
        """Return what a rule can look up for this call, parsed once."""
        tool = question.subject if isinstance(question.subject, ToolFacts) else None
        key = (question.call, tool)
        entities = self._calls.pop(key, None)
        if entities is None:
            entities = cedarpy.Entities.from_json_str(entities_of(*key), self._schema)
            if len(self._calls) >= CALLS_MAX:
                self._calls.pop(next(iter(self._calls)), None)
        self._calls[key] = entities
        return entities


def _verdict(fired: Sequence[Rule]) -> Verdict:
    """Return what the fired rules come to: the strongest forbid, else the permits; without a permit a deny."""
    effects = [rule.effect or Effect.ALLOW for rule in fired]
    effect = strongest(effects)
    if Effect.ALLOW not in effects and effect is not Effect.DENY:
        return Verdict(Effect.DENY, (NO_PERMIT,), (), "No rule permits this.")
    deciding = [rule for rule in fired if (rule.effect or Effect.ALLOW) is effect]
    verdict = Verdict(effect, tuple(rule.id for rule in deciding), (), deciding[0].reason)
    if effect is not Effect.HOLD:
        return verdict
    beneath = strongest([one for one in effects if one is not Effect.HOLD])
    return replace(verdict, beneath=beneath, approvals=max(rule.approvals for rule in deciding))


def _with_shadow(verdict: Verdict, fired: Sequence[Rule], failed: tuple[str, ...]) -> Verdict:
    """Add what rules in shadow would have done. One that fails would have denied; in shadow it only says so."""
    if not fired and not failed:
        return verdict
    effects = [verdict.effect, *[rule.effect or Effect.ALLOW for rule in fired]]
    would = Effect.DENY if failed else strongest(effects)
    return replace(verdict, shadow=would, shadow_rules=tuple(rule.id for rule in fired), shadow_failed=failed)


def _failure(failed: tuple[str, ...]) -> Verdict:
    """Return the deny that stands for a policy that could not be evaluated."""
    return Verdict(Effect.DENY, (), failed, "The policy could not be evaluated, so the answer is no.")
