"""Owns excerpts: pieces of a file, of sizes as they reach a model, each with the kind of text that it is."""

from __future__ import annotations

import ast
import gzip
import random
import re
from collections.abc import Iterator
from pathlib import Path

PIECES_PER_FILE = 8
SIZES = (120, 300, 600, 600, 1_200, 1_200, 2_500, 5_000, 8_000)
REMARKS = re.compile(r"(?:^[ \t]*#(?!!)[^\n]{20,}\n){2,}", re.M)


def excerpts(path: Path, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (category, text) of some pieces of a file; an unreadable file yields none."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError):
        return
    if path.name == "METADATA":
        text = text.partition("\n\n")[2]
    if path.suffix == ".py":
        yield from _docstrings(text, rng)
        yield from (("remarks", match[0].rstrip()) for match in list(REMARKS.finditer(text))[:2])
    category = {".py": "code", ".pyi": "code", ".js": "code", ".c": "code", ".h": "code", ".json": "data"}.get(
        path.suffix, "documentation"
    )
    for _ in range(min(PIECES_PER_FILE, 1 + len(text) // 1_500)):
        piece = _piece(text, rng)
        if len(piece.strip()) > 40:
            yield category, piece


def _piece(text: str, rng: random.Random) -> str:
    """Cut a piece at the ends of lines."""
    size = rng.choice(SIZES)
    if len(text) <= size:
        return text.strip("\n")
    start = rng.randrange(len(text) - size)
    begin = text.find("\n", start) + 1
    end = text.rfind("\n", begin, begin + size)
    return text[begin : end if end > begin else begin + size].strip("\n")


def _docstrings(text: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)]
    long = [each for each in found if each and len(each) > 80]
    for each in rng.sample(long, k=min(len(long), 4)):
        yield "docstring", each[:8_000]
