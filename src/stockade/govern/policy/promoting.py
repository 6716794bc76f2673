"""Promoting: the evidence for a rule in shadow, and the edit that brings it into force.

Evidence counts where the rule stood with the very text that it has now: a record names its policy, and the events of
the ledger name the rules in shadow under each policy with the versions of their texts. The edit changes one annotation,
or the line by which a file takes a pack in shadow; every other byte stays, and the whole set is loaded before it is
written.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from stockade.core.decisions import Effect, strongest
from stockade.core.errors import ConfigError
from stockade.govern.policy.facts import told
from stockade.govern.policy.recorded import Asked, questions
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import Rule
from stockade.stores.ledger_reader import Entry
from stockade.stores.policy_files import PolicyFile, bases, policy_files, schema

SAMPLES_MAX = 5
_SHADOW = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|(?P<mode>@mode\s*\(\s*"shadow"\s*\))', re.DOTALL)


@dataclass(slots=True)
class Evidence:
    """What a rule in shadow did on recorded traffic, under its present text.

    `exchanges` counts those that were judged while it stood, `fired` the questions on which it fired. `effects` counts
    (what was done, what would have been done).
    """

    rule: Rule
    exchanges: int = 0
    fired: int = 0
    failed: int = 0
    first: str = ""
    last: str = ""
    touched: set[str] = field(default_factory=set)
    principals: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    what: Counter[str] = field(default_factory=Counter)
    effects: Counter[tuple[Effect, Effect]] = field(default_factory=Counter)
    samples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Return on how many questions the rule would have changed what was done."""
        return sum(count for (done, would), count in self.effects.items() if done is not would)


class Edit(NamedTuple):
    """A file as it is and as it is to be."""

    file: PolicyFile
    before: str
    after: str


def evidence(rule: Rule, read: Callable[[], Iterable[Entry]]) -> Evidence:
    """Return what the ledger, read twice, tells of a rule in shadow."""
    found = Evidence(rule)
    name = f"{rule.id}@{rule.version}"
    policies = {
        entry.fields.get("subject")
        for entry in read()
        if entry.fields.get("kind") == "event" and name in entry.fields.get("rules", ())
    }
    for entry in read():
        fields = entry.fields
        alone = fields.get("kind") == "outcome" and not fields.get("intent")
        found.exchanges += (fields.get("kind") == "intent" or alone) and fields.get("policy") in policies
    for asked in questions(read()):
        if asked.policy in policies and rule.id in asked.shadow_rules:
            _count(found, asked)
    return found


def _count(found: Evidence, asked: Asked) -> None:
    done = Effect(asked.effect)
    found.fired += 1
    found.first = found.first or asked.at
    found.last = asked.at
    found.touched.add(asked.exchange)
    found.principals[asked.facts["principal"]] += 1
    found.models[asked.facts["model"]] += 1
    found.what[asked.facts.get("tool") or asked.facts.get("rule") or asked.action] += 1
    found.effects[done, strongest([done, found.rule.effect or Effect.ALLOW])] += 1
    if len(found.samples) < SAMPLES_MAX:
        found.samples.append((asked.exchange, told(asked.action, asked.facts)))


def edit_for(names: Sequence[str], rule_id: str) -> Edit:
    """Return the edit that brings a rule into force. Fails: ConfigError, also where the policy would not load."""
    files = policy_files(names)
    engine = PolicyEngine.load([file.source for file in files], schema())
    rule = engine.rules.get(rule_id)
    if rule is None:
        raise ConfigError(f'There is no rule "{rule_id}".', hint="Its @id is meant.")
    if not rule.shadow:
        raise ConfigError(f'The rule "{rule_id}" is in force already.')
    home = next(file for file in files if file.source.name == rule.place.name)
    edit = _of_annotation(home, rule) if _annotated(home, rule) else _of_line(files, home, rule)
    if edit.file.shipped:
        raise ConfigError(
            f'The rule "{rule_id}" stands in {edit.file.source.name}, which is not yours to edit.',
            hint=f"Write a file with the line // builds on: {Path(home.source.name).stem} in shadow except {rule_id}",
        )
    _check(engine, names, edit, rule_id)
    return edit


def _check(engine: PolicyEngine, names: Sequence[str], edit: Edit, rule_id: str) -> None:
    """Load the set as it will be; nothing but the mode of the one rule may differ."""
    texts = {edit.file.path: edit.after}
    after = PolicyEngine.load([file.source for file in policy_files(names, texts)], schema())
    modes = {rule.id: rule.shadow for rule in engine.rules.values()} | {rule_id: False}
    if {rule.id: rule.shadow for rule in after.rules.values()} != modes:
        raise ConfigError("The edit would change more than one rule, so nothing was written.")


def write(edit: Edit) -> None:
    """Put the edited file in the place of the old one, whole or not at all. Fails: ConfigError."""
    path = edit.file.path
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.read_bytes() != edit.before.encode("utf-8"):
            raise ConfigError(f"{path} has changed meanwhile, so nothing was written.", hint="Try again.")
        with beside.open("wb") as file:
            file.write(edit.after.encode("utf-8"))
            file.flush()
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _annotated(home: PolicyFile, rule: Rule) -> bool:
    annotations = rule.body.get("annotations")
    return isinstance(annotations, dict) and annotations.get("mode") == "shadow" and not home.source.in_shadow


def _of_annotation(home: PolicyFile, rule: Rule) -> Edit:
    """Write enforce where the rule says shadow."""
    text, place = home.source.text, rule.place
    for found in _SHADOW.finditer(text, place.start, place.end):
        if found["mode"]:
            after = text[: found.start()] + found["mode"].replace('"shadow"', '"enforce"') + text[found.end() :]
            return Edit(home, text, after)
    raise ConfigError(f'The @mode of rule "{rule.id}" was not found in {home.source.name}.')


def _of_line(files: Sequence[PolicyFile], home: PolicyFile, rule: Rule) -> Edit:
    """Except the rule from a pack that a file takes in shadow, in its line or in a line of its own below."""
    pack = Path(home.source.name).stem
    for file in sorted(files, key=lambda file: file.shipped):
        lines = [base for base in bases(file.source.name, file.source.text) if base.in_shadow]
        if not lines:
            continue
        text = file.source.text
        own = next((base for base in lines if base.pack == pack), None)
        at = own.end if own else lines[0].end
        added = f"\n// builds on: {pack} in shadow except {rule.id}"
        if own is not None:
            added = f", {rule.id}" if own.enforced else f" except {rule.id}"
        return Edit(file, text, text[:at] + added + text[at:])
    raise ConfigError(f'The rule "{rule.id}" is in shadow by no line that can be edited.')
