r"""Owns the grammars: text files of rules and alternatives, and how a text is made of them.

A file holds rules; a rule is a line `@name` and its alternatives, one a line, or a block between `<<<` and `>>>` for an
alternative of several lines. Lines that start with `%` are remarks. Inside an alternative

    {name}            another rule, or a value (values.py)
    {name:2-4}        two to four of it, all different where that is possible, joined by a space
    {name:2-4:\n}     the same, joined by what stands after the second colon
    {name@key}        the same text each time within one document
    {^name}           with a capital first letter
    {a|b {name}|}     one of these; an empty one is allowed
    {{ and }}         braces;  \n and \t as usual

Every reference is resolved when the grammar is loaded: a rule that is missing is an error with its file and line.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "grammars"
DEPTH_MAX = 60
REFERENCE = re.compile(r"(\^?)([a-z][a-z0-9_]*)(?:@(\w+))?(?::(\d+)-(\d+)(?::(.*))?)?", re.S)


class GrammarError(ValueError):
    """A grammar file cannot be read: the message names file and line."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that another rule or a value fills."""

    name: str
    capital: bool
    key: str | None
    least: int
    most: int
    joint: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that one of some alternatives fills."""

    options: tuple[Sequence, ...]


Sequence = tuple["str | Reference | Choice", ...]
Rules = dict[str, list[Sequence]]


@dataclass(slots=True)
class Document:
    """What one document remembers while it is made: chance, fixed texts, and the time of its last log line."""

    rng: random.Random
    grammar: Grammar
    given: Mapping[str, str] = field(default_factory=dict)
    fixed: dict[tuple[str, str], str] = field(default_factory=dict)
    clock_s: float = 0.0

    def make(self, name: str) -> str:
        """Make one text of a rule or a value."""
        return self.grammar.expand(name, self)


Value = Callable[[Document], str]


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules and values together."""

    rules: Rules
    values: Mapping[str, Value]

    def text(self, name: str, rng: random.Random, **given: str) -> str:
        """Make one document; `given` are texts from outside, such as the goal of an attack."""
        return self.expand(name, Document(rng, self, given))

    def expand(self, name: str, document: Document, depth: int = 0) -> str:
        """Fill one rule; a value where no rule has the name."""
        if depth > DEPTH_MAX:
            raise GrammarError(f"{name}: nested deeper than {DEPTH_MAX}")
        if name in document.given:
            return document.given[name]
        options = self.rules.get(name)
        if options is None:
            return self.values[name](document)
        return self._sequence(document.rng.choice(options), document, depth + 1)

    def _sequence(self, sequence: Sequence, document: Document, depth: int) -> str:
        parts = []
        for part in sequence:
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, Choice):
                parts.append(self._sequence(document.rng.choice(part.options), document, depth))
            else:
                parts.append(self._reference(part, document, depth))
        return "".join(parts)

    def _reference(self, wanted: Reference, document: Document, depth: int) -> str:
        if wanted.key is not None:
            held = (wanted.name, wanted.key)
            if held not in document.fixed:
                document.fixed[held] = self.expand(wanted.name, document, depth)
            made = document.fixed[held]
        elif wanted.least == wanted.most == 1:
            made = self.expand(wanted.name, document, depth)
        else:
            several: list[str] = []
            for _ in range(document.rng.randint(wanted.least, wanted.most)):
                one = self.expand(wanted.name, document, depth)
                for _ in range(4):
                    if one not in several:
                        break
                    one = self.expand(wanted.name, document, depth)
                several.append(one)
            made = wanted.joint.join(several)
        return made[:1].upper() + made[1:] if wanted.capital else made


def load(paths: Iterable[Path], values: Mapping[str, Value]) -> Grammar:
    """Read grammar files into one grammar.

    Fails: GrammarError for a rule that is missing, empty or written twice, and for a brace that is not closed.
    """
    rules: Rules = {}
    asked: list[tuple[str, str]] = []
    for path in paths:
        for where, name, alternative in _alternatives(path, rules):
            sequence = parse(alternative, where)
            asked += [(where, each) for each in _names(sequence)]
            rules[name].append(sequence)
    for where, name in asked:
        if name not in rules and name not in values:
            raise GrammarError(f"{where}: no rule and no value is called {name!r}")
    for name, options in rules.items():
        if not options:
            raise GrammarError(f"the rule {name!r} has no alternative")
    return Grammar(rules, values)


def _alternatives(path: Path, rules: Rules) -> Iterable[tuple[str, str, str]]:
    """Yield (place, rule, alternative); enters each rule into `rules`."""
    name = ""
    block: list[str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        where = f"{path.name}:{number}"
        if block is not None:
            if line == ">>>":
                yield where, name, "\n".join(block)
                block = None
            else:
                block.append(line)
        elif line == "<<<":
            block = []
        elif line.startswith("@"):
            name = line[1:].strip()
            if name in rules:
                raise GrammarError(f"{where}: {name!r} is written twice")
            rules[name] = []
        elif line.strip() and not line.startswith("%"):
            if not name:
                raise GrammarError(f"{where}: an alternative before any rule")
            yield where, name, line
    if block is not None:
        raise GrammarError(f"{path.name}: a block is not closed")


def _names(sequence: Sequence) -> Iterable[str]:
    for part in sequence:
        if isinstance(part, Reference):
            yield part.name
        elif isinstance(part, Choice):
            for option in part.options:
                yield from _names(option)


def parse(text: str, where: str = "") -> Sequence:
    """Read one alternative."""
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    sequence, end = _parse(text, 0, where, inside=False)
    assert end == len(text)
    return sequence[0]


def _parse(text: str, at: int, where: str, *, inside: bool) -> tuple[list[Sequence], int]:
    """Read up to the closing brace (inside) or the end; give the options and where reading stopped."""
    options: list[Sequence] = []
    parts: list[str | Reference | Choice] = []
    literal: list[str] = []

    def close() -> None:
        if literal:
            parts.append("".join(literal))
            literal.clear()

    while at < len(text):
        char = text[at]
        if text.startswith(("{{", "}}"), at) and not (inside and char == "}"):
            literal.append(char)
            at += 2
        elif char == "{":
            close()
            part, at = _brace(text, at + 1, where)
            parts.append(part)
        elif inside and char in "|}":
            close()
            options.append(tuple(parts))
            parts = []
            at += 1
            if char == "}":
                return options, at
        elif char == "}":
            raise GrammarError(f"{where}: a brace is closed that was not opened")
        else:
            literal.append(char)
            at += 1
    if inside:
        raise GrammarError(f"{where}: a brace is not closed")
    close()
    return [tuple(parts)], at


def _brace(text: str, at: int, where: str) -> tuple[Reference | Choice, int]:
    options, end = _parse(text, at, where, inside=True)
    if len(options) > 1:
        return Choice(tuple(options)), end
    inner = text[at : end - 1]
    match = REFERENCE.fullmatch(inner)
    if match is None:
        if not all(isinstance(part, str) for part in options[0]):
            return Choice(tuple(options)), end  # braces that only hold together
        raise GrammarError(f"{where}: {inner!r} is neither a reference nor a choice")
    capital, name, key, least, most, joint = match.groups()
    return Reference(name, bool(capital), key, int(least or 1), int(most or 1), " " if joint is None else joint), end
