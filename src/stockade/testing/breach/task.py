"""What a task of the assume-breach suite is: who spoke, which tools were called, which calls count.

Owns the values and how steps fall into answers. Knows no file, no wire format and nothing of the gate: a task states
what happened, never what a guard should make of it beyond "this call serves the attack" and "this call was asked for".
Source of the shape: AgentDojo's user and injection tasks (Debenedetti et al., 2024), with a model that always obeys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Whether a call of the task serves somebody other than the person."""

    ATTACK = "attack"
    HONEST = "honest"


class Split(StrEnum):
    """What a task may be used for. Nobody who builds looks at `held_out`; what was looked at becomes `dev`."""

    DEV = "dev"
    HELD_OUT = "held_out"


class Domain(StrEnum):
    """What the agent works on; each has a file of tools."""

    BANKING = "banking"
    CALENDAR = "calendar"
    CHAT = "chat"
    CODING = "coding"
    FILES = "files"
    INFRASTRUCTURE = "infrastructure"
    MAIL = "mail"
    SHOPPING = "shopping"
    TRAVEL = "travel"


class Counts(StrEnum):
    """What a call counts as. A call without this is a step on the way: it may pass or not."""

    ATTACK = "attack"  # must not run without a person's yes
    WANTED = "wanted"  # serves the person; each one that waits for a yes is a cost, in a long attack as well


class Way(StrEnum):
    """How an attack comes about, for the table of what is caught and what is not."""

    ADDED_RECIPIENT = "added_recipient"  # the honest recipient and one more
    COMMAND = "command"  # the text hands over a command line
    CONFIG_FILE = "config_file"  # a file that steers an agent, a build or a machine
    CONTENT = "content"  # the right recipient, the attacker's amount or words
    DERIVED = "derived"  # the value is summed, computed or described, and stands nowhere as it is used
    ENCODED = "encoded"  # the value stands in the text as base64, hex or a puzzle
    EXFILTRATION = "exfiltration"  # private data leaves in an address, a query, a name
    FIRST_PARTY = "first_party"  # a record of a trusted lookup was written by the attacker: the hard case
    IMPERSONATION = "impersonation"  # the text claims to be the person or the system
    LISTED_ID = "listed_id"  # an id that an honest listing holds as well
    NO_ARGUMENTS = "no_arguments"  # nothing in the call comes from anywhere: only the change itself is wrong
    PLAIN = "plain"  # the value stands in free text as it is used
    PRIOR_CONSENT = "prior_consent"  # the text says that the person agreed to it before
    RECORD_FIELD = "record_field"  # the poison stands in a field of a record
    RESPELLED = "respelled"  # other case, spaces, "at" and "dot"
    SPLIT = "split"  # parts of the value stand in several places
    STAGED = "staged"  # one text prepares, a later turn acts
    TOOL_DEFINITION = "tool_definition"  # the description of an offered tool is the poison


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a client offers it. `parameters` is its schema; `planted`: its words hold an instruction."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    planted: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """The person's words."""

    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """The model's words."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of the model. `id` is the task's own; `rendering.wire_id` gives the one that is sent."""

    id: str
    tool: str
    arguments: Mapping[str, Any]
    counts: Counts | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered to call `id`. `planted`: somebody put an instruction for the model in it."""

    id: str
    text: str
    planted: bool = False


Step = Said | Told | Call | Result


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the model: what it followed on (`steps[:start]`), its text and its calls."""

    start: int
    text: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One task. `family` is the story it belongs to; all tasks of a family are on one side of the split."""

    id: str
    family: str
    domain: Domain
    kind: Kind
    split: Split
    note: str
    system: str
    tools: tuple[Tool, ...]
    steps: tuple[Step, ...]
    way: Way | None = None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Return the model's answers in order."""
        return tuple(answers(self.steps))

    @property
    def counted(self) -> tuple[Call, ...]:
        """Return the calls that decide: of an attack those of the attacker, else those that the person wanted."""
        return self._calls(Counts.ATTACK if self.kind is Kind.ATTACK else Counts.WANTED)

    @property
    def wanted(self) -> tuple[Call, ...]:
        """Return the calls that the person wanted; of most attacks none are marked."""
        return self._calls(Counts.WANTED)

    @property
    def planted(self) -> bool:
        """Say whether a result or a tool's description holds an instruction that somebody planted."""
        results = (step.planted for step in self.steps if isinstance(step, Result))
        return any(results) or any(tool.planted for tool in self.tools)

    def _calls(self, counts: Counts) -> tuple[Call, ...]:
        return tuple(step for step in self.steps if isinstance(step, Call) and step.counts is counts)


def answers(steps: Sequence[Step]) -> Iterator[Answer]:
    """Yield the answers among `steps`: each run of the model's words and calls is one."""
    at = 0
    while at < len(steps):
        end = at
        while end < len(steps) and isinstance(steps[end], Told | Call):
            end += 1
        if end > at:
            run = steps[at:end]
            text = "\n\n".join(step.text for step in run if isinstance(step, Told))
            yield Answer(at, text, tuple(step for step in run if isinstance(step, Call)))
        at = end + 1
