"""Guard and core are pure in what import-linter cannot see: calls, attributes and syntax."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, modules

CALLS = {"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint"}
ATTRIBUTES = {
    "now",
    "utcnow",
    "today",
    "uuid1",
    "uuid4",
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
    "urandom",
}
MODULES = {"urllib.request", "urllib.error", "urllib.robotparser"}


def impurities(source: str) -> list[str]:
    """Name what a module does that a pure one does not, each with its line."""
    return [f"line {line}: {what}" for node in ast.walk(ast.parse(source)) for line, what in of_node(node)]


def of_node(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Name what one node does that pure code does not."""
    match node:
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            yield node.lineno, type(node).__name__
        case ast.Global():
            yield node.lineno, "global"
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield node.lineno, name
        case ast.Call(func=ast.Attribute(attr=name)) if name in ATTRIBUTES:
            yield node.lineno, name
        case ast.Import(names=names):
            yield from ((node.lineno, alias.name) for alias in names if alias.name in MODULES)
        case ast.ImportFrom(module=module, names=names):
            wanted = {f"{module}.{alias.name}" for alias in names} | {module}
            yield from ((node.lineno, str(name)) for name in wanted & MODULES)


@pytest.mark.parametrize("path", modules("guard", "core"), ids=str)
def test_guard_and_core_are_pure(path: Path) -> None:
    assert impurities((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "async def f(): ...",
        "open('x')",
        "datetime.now()",
        "datetime.datetime.now(UTC)",
        "uuid.uuid4()",
        "import urllib.request",
        "from urllib import request",
        "from urllib.request import urlopen",
        "def f():\n    global x",
    ],
)
def test_what_is_impure_is_seen(source: str) -> None:
    assert impurities(source)


@pytest.mark.parametrize(
    "source", ["import urllib.parse", "from urllib.parse import unquote", "re.compile('x')", "f(now=1)"]
)
def test_what_is_pure_passes(source: str) -> None:
    assert impurities(source) == []
