"""Measure what policy costs a request: the answers it remembers, and those it has to ask Cedar for.

    ./dev bench policy [PACK...]

Prints microseconds of CPU and, since a shared machine makes those vary, how many times a SHA-256 of 8 KB that is,
measured in the same breath. Each figure is the least of several rounds: what else the machine does can only add.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from itertools import count
from time import process_time

from stockade.core.facts import Action
from stockade.govern.policy.facts import question_of
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.questions import Question
from stockade.stores.policy_files import load_policy

ROUNDS = 7
YARD = bytes(8192)
CALLERS = count()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="./dev bench policy", description=__doc__)
    parser.add_argument("packs", nargs="*", default=["baseline", "coding-agent", "strict", "shadow"])
    for pack in parser.parse_args().packs:
        engine = load_policy([pack])
        asked = {
            "a call": [question_of(Action.FORWARD, {"teams": ("a", "b"), "workspace": "w", "asserted_by": "key"})],
            "a call, 3 findings, 1 tool": ordinary(),
        }
        for name, questions in asked.items():
            warm = least(partial(repeat, engine, questions, 200)) / 200
            cold = least(partial(fresh, engine, questions, 50)) / 50
            yard = least(partial(repeat_yard, 200)) / 200
            print(
                f"{pack:<14}{name:<28}{len(engine.rules):>3} rules"
                f"{warm * 1e6:>8.1f} us remembered ({warm / yard:.2f} yards)"
                f"{cold * 1e6:>8.0f} us cold ({cold / yard:.1f} yards)"
            )
    return 0


def ordinary() -> list[Question]:
    """Return what an ordinary request of an agent asks: the call, three findings, a tool call of the answer."""
    place = {"teams": ("a", "b"), "workspace": "w", "asserted_by": "key", "sensitivity": 2}
    return [
        question_of(Action.FORWARD, place),
        question_of(Action.PROMPT, place),
        question_of(Action.PROMPT, {**place, "category": "personal_data", "channel": "tool_result"}),
        question_of(Action.COMPLETE, {**place, "origin": "conversation", "channel": "assistant"}),
        question_of(Action.CALL_TOOL, {**place, "tool": "Bash"}),
    ]


def repeat(engine: PolicyEngine, questions: Sequence[Question], times: int) -> None:
    """Ask again what was asked; each question is made anew, as a request makes it."""
    for _ in range(times):
        for action, call, subject in questions:
            engine.answer(Question(action, call, subject))


def fresh(engine: PolicyEngine, questions: Sequence[Question], times: int) -> None:
    """Ask for callers that were never seen."""
    for _ in range(times):
        name = f"k-{next(CALLERS)}"
        for action, call, subject in questions:
            engine.answer(Question(action, call._replace(principal=name), subject))


def repeat_yard(times: int) -> None:
    """Take the measure."""
    for _ in range(times):
        sha256(YARD).digest()


def least(work: Callable[[], None]) -> float:
    """Return the least CPU time of some rounds, in seconds."""
    found = []
    for _ in range(ROUNDS):
        begun = process_time()
        work()
        found.append(process_time() - begun)
    return min(found)


if __name__ == "__main__":
    sys.exit(main())
