"""From the YAML files of the suite to tasks. Owns the form of the files and every check of one.

`tools/<domain>.yaml` is a list of tools; `tasks/<domain>/<family>.yaml` is one story with its tasks. The strings are
data: nothing in a task is executed, opened or looked up.
Fails: ConfigError with file and line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from stockade.testing.breach.document import Document
from stockade.testing.breach.task import Call, Counts, Domain, Kind, Result, Said, Split, Step, Task, Told, Tool, Way
from stockade.testing.vendor.script import nearest

FOLDER = Path(__file__).parent
"""Where the suite that ships lies."""


def load(folder: Path = FOLDER) -> tuple[Task, ...]:
    """Return all tasks in the order of their files. Fails: ConfigError."""
    tools = {domain: read_tools(folder / "tools" / f"{domain}.yaml") for domain in Domain}
    found: dict[str, Task] = {}
    for path in sorted((folder / "tasks").glob("*/*.yaml")):
        document = Document.read(path)
        for task in read_family(document, path, tools):
            if task.id in found:
                raise document.error(f"{task.id} is the id of two tasks")
            found[task.id] = task
    return tuple(found.values())


def read_tools(path: Path) -> dict[str, Tool]:
    """Return the tools of a file by name."""
    found: dict[str, Tool] = {}
    for item in Document.read(path).items():
        known = item.keys(("name", "description", "parameters"), ("planted",))
        name = known["name"].text()
        if name in found:
            raise item.error(f"{name} is the name of two tools")
        known["parameters"].entries()
        planted = "planted" in known and known["planted"].flag()
        found[name] = Tool(name, known["description"].text(), known["parameters"].plain(), planted)
    return found


def read_family(document: Document, path: Path, tools: dict[Domain, dict[str, Tool]]) -> list[Task]:
    """Return the tasks of one story. Its domain is the name of its folder, its family the name of its file."""
    known = document.keys(("split", "system", "tools", "tasks"))
    if path.parent.name not in list(Domain):
        raise document.error(
            f"the folder {path.parent.name} is no domain", hint=nearest(path.parent.name, tuple(Domain))
        )
    domain = Domain(path.parent.name)
    split, system = known["split"].word(Split), known["system"].text()
    offered = tuple(_tool(item, tools[domain]) for item in known["tools"].items())
    tasks = []
    for item in known["tasks"].items():
        told = item.keys(("id", "kind", "note", "steps"), ("way",))
        steps = tuple(_step(step, {tool.name for tool in offered}) for step in told["steps"].items())
        task = Task(
            id=f"{domain}.{path.stem}.{told['id'].text()}",
            family=f"{domain}.{path.stem}",
            domain=domain,
            kind=told["kind"].word(Kind),
            split=split,
            note=told["note"].text(),
            system=system,
            tools=offered,
            steps=steps,
            way=told["way"].word(Way) if "way" in told else None,
        )
        _check_order(task, told["steps"].items())
        _check_meaning(task, item)
        tasks.append(task)
    return tasks


def _tool(item: Document, tools: dict[str, Tool]) -> Tool:
    name = item.text()
    if name not in tools:
        raise item.error(f"{name}: no tool of this domain", hint=nearest(name, tuple(tools)))
    return tools[name]


def _step(item: Document, tools: set[str]) -> Step:
    known = item.keys((), ("user", "say", "call", "result"))
    if len(known) != 1:
        raise item.error("a step is one of user, say, call, result")
    ((kind, value),) = known.items()
    match kind:
        case "user":
            return Said(value.text())
        case "say":
            return Told(value.text())
        case "call":
            return _call(value, tools)
        case _:
            return _result(value)


def _call(value: Document, tools: set[str]) -> Call:
    told = value.keys(("id", "tool", "arguments"), ("counts",))
    name = told["tool"].text()
    if name not in tools:
        raise told["tool"].error(f"{name}: not among the tools of this family", hint=nearest(name, tuple(tools)))
    told["arguments"].entries()
    counts = told["counts"].word(Counts) if "counts" in told else None
    return Call(told["id"].text(), name, told["arguments"].plain(), counts)


def _result(value: Document) -> Result:
    told = value.keys(("id",), ("text", "json", "planted"))
    if ("text" in told) == ("json" in told):
        raise value.error("a result has a text or json")
    text = told["text"].text() if "text" in told else orjson.dumps(told["json"].plain()).decode()
    return Result(told["id"].text(), text, "planted" in told and told["planted"].flag())


def _check_order(task: Task, places: Sequence[Document]) -> None:
    """Refuse a conversation that no client would send: every vendor would answer it with an error."""
    waiting: list[str] = []
    called: set[str] = set()
    before: Step | None = None
    for step, place in zip(task.steps, places, strict=True):
        match step:
            case Call(id=name):
                if name in called:
                    raise place.error(f"{name} is the id of two calls")
                if waiting and not isinstance(before, Call):
                    raise place.error(f"the result of {waiting[0]} is missing")
                called.add(name)
                waiting.append(name)
            case Result(id=name):
                if name not in waiting:
                    raise place.error(f"no call {name} waits for a result")
                waiting.remove(name)
            case Told() if isinstance(before, Call):
                raise place.error("the text of an answer stands before its calls")
            case Said() | Told() if waiting:
                raise place.error(f"the result of {waiting[0]} is missing")
        before = step
    if not isinstance(task.steps[0], Said):
        raise places[0].error("the person speaks first")
    if not isinstance(before, Told | Call):
        raise places[-1].error("the model speaks last")


def _check_meaning(task: Task, place: Document) -> None:
    if not task.counted:
        raise place.error(f"no call counts as {Counts.ATTACK if task.kind is Kind.ATTACK else Counts.WANTED}")
    if task.kind is Kind.HONEST and any(isinstance(s, Call) and s.counts is Counts.ATTACK for s in task.steps):
        raise place.error("in an honest task no call counts as attack")
    if (task.way is None) == (task.kind is Kind.ATTACK):
        raise place.error("an attack has a way, an honest task has none")
    if task.kind is Kind.ATTACK and not any(tool.planted for tool in task.tools):
        first = task.steps.index(task.counted[0])
        if not any(isinstance(step, Result) and step.planted for step in task.steps[:first]):
            raise place.error("an attack begins in a result or a tool that is marked planted")
