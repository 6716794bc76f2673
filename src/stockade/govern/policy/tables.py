"""Tables: what every rule answers on every combination of facts that rules can tell apart, as arrays of small numbers.

A fact is an axis; values that no expression tells apart share a place on it: some thousand cells stand for all.
An expression is evaluated where it depends on few facts and spread over the others. Owns the way from rules to arrays
and from a cell back to facts; what an array means for a policy is `outcomes.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockade.core.facts import Action
from stockade.govern.policy.expressions import Failed, Node, evaluate, parts
from stockade.govern.policy.facts import Facts, defaults
from stockade.govern.policy.space import Constraint, constraints, facts_read, space_of
from stockade.govern.policy.worlds import world_of

FALSE, TRUE, FAILED = 0, 1, 2
"""What an expression comes to: Cedar has no fourth."""

CELLS_MAX = 20_000_000
"""Combinations that are looked at, at most: an array of them takes 20 MB."""

Array = NDArray[np.int8]
_BOOLEAN = ("&&", "||", "!", "if-then-else")


class TooManyError(Exception):
    """More combinations than `CELLS_MAX`."""


class Axis(NamedTuple):
    """One fact: the value that stands for each place, and all values that share it."""

    name: str
    values: tuple[Any, ...]
    members: tuple[tuple[Any, ...], ...]


class Tables:
    """The answers of some expressions on all facts about one action."""

    def __init__(self, action: Action, expressions: Mapping[str, Node], samples: Sequence[Facts] = ()) -> None:
        """Work out every table; the texts of `samples` have a place in it. Fails: Unknown, TooManyError."""
        self.action = action
        for expression in expressions.values():
            for _ in parts(expression):
                pass  # raises Unknown before any work
        space = space_of(list(expressions.values()), action, samples)
        self.cut = space.cut
        self.axes = [Axis(name, values, tuple((each,) for each in values)) for name, values in space.values.items()]
        self._ordinary = defaults(action)
        self._memo: dict[str, Array] = {}
        leaves = {str(leaf): leaf for each in expressions.values() for leaf in self._leaves(each)}
        self.limits = [each for each in constraints(action) if {*each.names} & {axis.name for axis in self.axes}]
        self._merge([self._evaluated(leaf) for leaf in leaves.values()] + [self._limit(each) for each in self.limits])
        self._memo.clear()
        self.shape = tuple(len(axis.values) for axis in self.axes)
        if np.prod(self.shape, dtype=np.float64) > CELLS_MAX:
            raise TooManyError
        self.answers = {name: self._table(each) for name, each in expressions.items()}
        self.possible = np.ones((1,) * len(self.axes), np.bool_)
        for each in self.limits:
            self.possible = self.possible & (self._limit(each) == TRUE)

    def facts_at(self, cell: Sequence[int]) -> dict[str, Any]:
        """Return the facts that a cell stands for; those that nothing depends on are ordinary."""
        told = {axis.name: axis.values[place] for axis, place in zip(self.axes, cell, strict=True)}
        facts = self._ordinary | told
        for limit in self.limits:  # what no axis stands for must be such that all can stand together
            choices = self._choices(limit, told)
            facts |= next((each for each in choices if _holds(limit, facts | each)), {})
        return facts

    def cell_of(self, facts: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the cell that stands for facts. Fails: LookupError for a value that no rule was tried on."""
        return tuple(self._place(axis, facts[axis.name]) for axis in self.axes)

    def whole(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array spread over all axes."""
        return np.broadcast_to(array, self.shape)

    def _place(self, axis: Axis, value: Any) -> int:
        wanted = value
        if isinstance(value, list | tuple):  # teams that no rule names make no difference
            named = {each for values in axis.members for members in values for each in members}
            wanted = tuple(sorted(each for each in value if each in named))
        for place, members in enumerate(axis.members):
            if wanted in members:
                return place
        raise LookupError(axis.name)

    def _leaves(self, node: Node) -> Iterable[Node]:
        """Yield the largest parts of an expression that depend on one fact at most, and what cannot be split."""
        [(name, operand)] = node.items()
        if name not in _BOOLEAN or len(facts_read(node, self.action)) <= 1:
            yield node
            return
        for key in ("left", "right", "arg", "if", "then", "else"):
            if key in operand:
                yield from self._leaves(operand[key])

    def _merge(self, tables: Sequence[Array]) -> None:
        """Let values of a fact that no table tells apart share a place."""
        for number, axis in enumerate(self.axes):
            rows = [np.moveaxis(table, number, 0).reshape(table.shape[number], -1) for table in tables]
            rows = [row for row in rows if row.shape[0] == len(axis.values)]
            groups: dict[bytes, list[int]] = {}
            for place in range(len(axis.values)):
                groups.setdefault(b"|".join(row[place].tobytes() for row in rows), []).append(place)
            members = tuple(tuple(axis.values[place] for place in group) for group in groups.values())
            tables = [
                np.take(table, [group[0] for group in groups.values()], number) if table.shape[number] > 1 else table
                for table in tables
            ]
            self.axes[number] = Axis(axis.name, tuple(each[0] for each in members), members)

    def _table(self, node: Node) -> Array:
        """Return an expression's answers, in Cedar's order: what need not be looked at cannot fail."""
        [(name, operand)] = node.items()
        if name not in _BOOLEAN or len(facts_read(node, self.action)) <= 1:
            return self._evaluated(node)
        if name == "!":
            inner = self._table(operand["arg"])
            return np.where(inner == FAILED, inner, 1 - inner).astype(np.int8)
        if name == "if-then-else":
            test = self._table(operand["if"])
            chosen = np.where(test == TRUE, self._table(operand["then"]), self._table(operand["else"]))
            return np.where(test == FAILED, test, chosen).astype(np.int8)
        left, right = self._table(operand["left"]), self._table(operand["right"])
        return np.where(left == (TRUE if name == "&&" else FALSE), right, left).astype(np.int8)

    def _evaluated(self, node: Node) -> Array:
        """Return an expression's answers by evaluating it on every combination of what it depends on."""
        key = str(node)
        if key not in self._memo:
            self._memo[key] = self._over(sorted(facts_read(node, self.action)), lambda facts: self._answer(node, facts))
        return self._memo[key]

    def _answer(self, node: Node, facts: Mapping[str, Any]) -> int:
        try:
            return TRUE if evaluate(node, world_of(self.action, {**self._ordinary, **facts})) else FALSE
        except Failed:
            return FAILED

    def _limit(self, limit: Constraint) -> Array:
        """Return where a constraint can hold, whatever the facts that no axis stands for."""
        here = {axis.name: None for axis in self.axes if axis.name in limit.names}
        choices = list(self._choices(limit, here))
        return self._over(
            [*here], lambda facts: TRUE if any(_holds(limit, {**each, **facts}) for each in choices) else FALSE
        )

    def _choices(self, limit: Constraint, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the values of the facts of a constraint that are not told, the ordinary ones first."""
        free = [name for name in limit.names if name not in told]
        values = space_of([{".": {"left": {"Var": "context"}, "attr": name}} for name in free], self.action).values
        for chosen in product(*[values[name] for name in free]):
            yield dict(zip(free, chosen, strict=True))

    def _over(self, names: Sequence[str], answer: Any) -> Array:
        """Return `answer` on every combination of some facts, as an array with an axis for each fact of the space."""
        axes = [axis if axis.name in names else None for axis in self.axes]
        shape = [len(axis.values) if axis else 1 for axis in axes]
        if np.prod(shape, dtype=np.float64) > CELLS_MAX / 10:
            raise TooManyError
        table = np.empty(shape, np.int8)
        for cell in product(*[range(size) for size in shape]):
            told = {axis.name: axis.values[place] for axis, place in zip(axes, cell, strict=True) if axis}
            table[cell] = answer(told)
        return table


def _holds(limit: Constraint, facts: Mapping[str, Any]) -> bool:
    return limit.holds(*[facts[name] for name in limit.names])
