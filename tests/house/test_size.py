"""Files and functions stay short enough to read whole."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT, python_files

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def long_functions(source: str) -> list[str]:
    """Name the functions past the bound, each with its length."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                found.append(f"{node.name} has {lines} lines")
    return found


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_files_and_functions_are_short(path: Path) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert source.count("\n") <= FILE_LINES_MAX, "split it by what its parts own"
    assert long_functions(source) == []


def test_a_long_function_is_seen() -> None:
    assert long_functions("def f():\n" + "    x = 1\n" * 69) == []
    assert long_functions("def f():\n" + "    x = 1\n" * 70) == ["f has 71 lines"]
