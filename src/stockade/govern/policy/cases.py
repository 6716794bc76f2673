"""Cases: what a policy is expected to answer, in YAML beside it. Owns their form and the verdict on each.

A case says the facts, the effect and the rules that decide; `also` varies the facts without changing the answer,
`unless` varies them so that those rules no longer decide: the near misses. A file may say statements to prove as well.
Strict as `stockade.yaml` is: a key that nobody reads is an error with its line, never an expectation that is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from stockade.config.keys import Complaint, Key
from stockade.config.reader import read_section
from stockade.core.decisions import Effect, Verdict
from stockade.core.facts import Action
from stockade.govern.policy.facts import NUMBERS, WORDS, Facts, defaults, question_of, told
from stockade.guard.policy.engine import PolicyEngine
from stockade.stores.policy_files import PACK_NAME

SUFFIX = ".cases.yaml"
"""Cases of `own.cedar` stand in `own.cases.yaml`."""


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        return "" if text in words else "must be one of " + ", ".join(sorted(words))

    return check


def _word(name: str) -> Key:
    return Key("word", "As policy is told.", check=_one_of(WORDS[name]))


def _number(name: str) -> Key:
    return Key("number", "As policy is told.", low=NUMBERS[name][0], high=NUMBERS[name][1])


_TEXT = Key("text", "As policy is told.", empty=True)
_YES = Key("true or false", "As policy is told.")


@dataclass(frozen=True, slots=True)
class Said:
    """The facts that are not as in an ordinary question (`facts.py`)."""

    action: Annotated[str | None, Key("action", "What is asked.", check=_one_of(tuple(Action)))] = None
    tenant: Annotated[str | None, _TEXT] = None
    principal: Annotated[str | None, _TEXT] = None
    principal_kind: Annotated[str | None, _word("principal_kind")] = None
    teams: Annotated[tuple[str, ...] | None, _TEXT] = None
    roles: Annotated[tuple[str, ...] | None, _word("roles")] = None
    model: Annotated[str | None, _TEXT] = None
    listed: Annotated[bool | None, _YES] = None
    approved: Annotated[bool | None, _YES] = None
    dialect: Annotated[str | None, _TEXT] = None
    workspace: Annotated[str | None, _TEXT] = None
    environment: Annotated[str | None, _word("environment")] = None
    sensitivity: Annotated[int | None, _number("sensitivity")] = None
    data_class: Annotated[str | None, _word("data_class")] = None
    asserted_by: Annotated[str | None, _word("asserted_by")] = None
    detector: Annotated[str | None, _TEXT] = None
    rule: Annotated[str | None, _TEXT] = None
    category: Annotated[str | None, _word("category")] = None
    severity: Annotated[int | None, _number("severity")] = None
    score: Annotated[int | None, _number("score")] = None
    channel: Annotated[str | None, _word("channel")] = None
    kind: Annotated[str | None, _word("kind")] = None
    editable: Annotated[bool | None, _YES] = None
    encoded: Annotated[bool | None, _YES] = None
    origin: Annotated[str | None, _word("origin")] = None
    latest: Annotated[bool | None, _YES] = None
    tool: Annotated[str | None, _TEXT] = None
    server: Annotated[str | None, _TEXT] = None
    changes_state: Annotated[bool | None, _YES] = None
    sends_out: Annotated[bool | None, _YES] = None
    read_untrusted: Annotated[bool | None, _YES] = None
    read_private: Annotated[bool | None, _YES] = None
    asked: Annotated[bool | None, _YES] = None
    ground: Annotated[str | None, _word("ground")] = None
    path: Annotated[str | None, _TEXT] = None
    language: Annotated[str | None, _TEXT] = None

    def facts(self) -> dict[str, Any]:
        """Return what is said, without the action."""
        said = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "action"}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation and its variations."""

    name: Annotated[str, Key("text", "What is shown when it fails.")]
    facts: Annotated[Said, Key("section", "The facts; what they do not say is ordinary.")]
    effect: Annotated[str, Key("effect", "What policy answers.", check=_one_of(tuple(Effect)))]
    rules: Annotated[tuple[str, ...], Key("rule ids", "Those that decide, or fire in shadow.")]
    shadow: Annotated[
        str | None, Key("effect", "What the rules in shadow would have made of it.", check=_one_of(tuple(Effect)))
    ] = None
    also: Annotated[tuple[Said, ...], Key("list of sections", "Facts changed without changing the answer.")] = ()
    unless: Annotated[tuple[Said, ...], Key("list of sections", "Facts changed so that the rules do not decide.")] = ()

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        if self.facts.action is None:
            return Complaint("facts", "must say the action")
        if any(each.action not in (None, self.facts.action) for each in (*self.also, *self.unless)):
            return Complaint("name", "a variation cannot change the action; write a case of its own")
        known = defaults(Action(self.facts.action))
        for said in (self.facts, *self.also, *self.unless):
            if unknown := sorted(said.facts().keys() - known.keys()):
                return Complaint("facts", f"{self.facts.action} is told nothing of {unknown[0]}")
        return None


@dataclass(frozen=True, slots=True)
class Cases:
    """A file of cases."""

    policy: Annotated[
        tuple[str, ...],
        Key("packs and paths", "What is tried, where it is not the .cedar file of the same name.", name=PACK_NAME),
    ] = ()
    cases: Annotated[tuple[Case, ...], Key("list of sections", "What is expected.")] = ()
    prove: Annotated[tuple[str, ...], Key("statements", "What holds of all facts (`stockade policy prove`).")] = ()


class Tried(NamedTuple):
    """One set of facts of a case with the answer and what is wrong with it, "" when nothing is."""

    case: Case
    facts: Facts
    verdict: Verdict
    fault: str


def read_cases(path: Path) -> Cases:
    """Return the cases of a file. Fails: ConfigError with file, line and what was meant."""
    return read_section(path, Cases)


def run_cases(engine: PolicyEngine, cases: Sequence[Case]) -> Iterator[Tried]:
    """Yield every variation of every case with its answer."""
    for case in cases:
        base = case.facts.facts()
        for change in ({}, *[said.facts() for said in case.also]):
            yield _tried(engine, case, base | change, decides=True)
        for said in case.unless:
            yield _tried(engine, case, base | said.facts(), decides=False)


def _tried(engine: PolicyEngine, case: Case, facts: Facts, *, decides: bool) -> Tried:
    action = Action(str(case.facts.action))
    verdict = engine.answer(question_of(action, facts))
    fired = {*verdict.rules, *verdict.shadow_rules}
    fault = ""
    if unknown := [rule for rule in case.rules if rule not in engine.rules and rule != "no-permit"]:
        fault = f"there is no rule {unknown[0]}"
    elif not decides:
        still = sorted(fired & set(case.rules))
        fault = f"{still[0]} decides all the same" if still else ""
    elif verdict.effect != case.effect:
        fault = f"it is {verdict.effect} by {', '.join(verdict.rules + verdict.failed)}, not {case.effect}"
    elif missing := [rule for rule in case.rules if rule not in fired]:
        fault = f"{missing[0]} does not decide; {', '.join(verdict.rules)} does"
    elif case.shadow is not None and verdict.shadow != case.shadow:
        fault = f"in shadow it is {verdict.shadow or 'nothing'}, not {case.shadow}"
    return Tried(case, facts, verdict, f"{told(action, facts)}: {fault}" if fault else "")
