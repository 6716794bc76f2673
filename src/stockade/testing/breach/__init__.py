"""The assume-breach suite: agent tasks in which the model obeys every planted instruction, and honest ones."""

from stockade.testing.breach.catalog import load
from stockade.testing.breach.rendering import WIRES, Wire, script
from stockade.testing.breach.task import Answer, Call, Counts, Domain, Kind, Result, Said, Split, Task, Told, Tool, Way

__all__ = [
    "WIRES",
    "Answer",
    "Call",
    "Counts",
    "Domain",
    "Kind",
    "Result",
    "Said",
    "Split",
    "Task",
    "Told",
    "Tool",
    "Way",
    "Wire",
    "load",
    "script",
]
