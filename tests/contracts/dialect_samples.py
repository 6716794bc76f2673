"""The dialects that there are, their samples, and an independent reading of both, for the contract's tests."""

import importlib
import json
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from stockade.guard import dialects
from stockade.guard.dialects.dialect import Operation, Route, StreamEvent

PACKAGES = {
    found.name: importlib.import_module(f"{dialects.__name__}.{found.name}")
    for found in pkgutil.iter_modules(dialects.__path__)
    if found.ispkg
}
DIALECTS: dict[str, Any] = {name: package.DIALECT for name, package in PACKAGES.items()}
Sample = tuple[str, str, bytes]


def samples(kind: str, pattern: str) -> list[Any]:
    """List (dialect, name, bytes) of each sample of a kind."""
    return [
        pytest.param((name, path.stem, path.read_bytes()), id=f"{name}-{path.stem}")
        for name, package in PACKAGES.items()
        for path in sorted((Path(str(package.__file__)).parent / "samples" / kind).glob(pattern))
    ]


REQUESTS, ANSWERS, STREAMS = samples("requests", "*.json"), samples("answers", "*.json"), samples("streams", "*.sse")
VALUES = {kind: [param.values[0] for param in found] for kind, found in
          (("requests", REQUESTS), ("answers", ANSWERS), ("streams", STREAMS))}  # fmt: skip


def route(dialect: Any, operation: Operation = Operation.GENERATE) -> Route:
    return next(r for r in dialect.routes if r.operation is operation)


def parsed(kind: str, sample: Sample) -> Any:
    dialect = DIALECTS[sample[0]]
    if kind == "requests":
        return dialect.parse_request(route(dialect), sample[2], "")
    operation = {"count": Operation.COUNT, "models": Operation.MODELS}.get(sample[1], Operation.GENERATE)
    return dialect.parse_answer(route(dialect, operation), sample[2])


def applied(kind: str, sample: Sample, read: Any, texts: dict[int, str]) -> bytes:
    dialect = DIALECTS[sample[0]]
    apply = dialect.apply_request if kind == "requests" else dialect.apply_answer
    return bytes(apply(sample[2], read, texts))


def tokens(raw: bytes | str) -> list[tuple[bool, str, str]]:
    """List (is a key, text, the key it stands under) of every string, read by the standard library."""
    found: list[tuple[bool, str, str]] = []

    def walk(node: object, under: str) -> None:
        if isinstance(node, str):
            found.append((False, node, under))
        elif isinstance(node, tuple):
            for key, child in node:
                found.append((True, key, under))
                walk(child, key)
        elif isinstance(node, list):
            for child in node:
                walk(child, under)

    walk(json.loads(raw, object_pairs_hook=tuple), "")
    return found


def read_stream(name: str, cuts: list[bytes]) -> list[StreamEvent]:
    reader = DIALECTS[name].open_stream()
    return [event for cut in cuts for event in reader.feed(cut)] + list(reader.end())


@cache
def allowed(dialect: str) -> tuple[set[str], dict[str, set[str]]]:
    """Return the known keys, and the fixed words by the key they stand under, from the written allow-list."""
    keys: set[str] = set()
    words: dict[str, set[str]] = {}
    for told in DIALECTS[dialect].allow_list():
        pointer, mark, rest = told.partition(" = ")
        if mark:
            under = next(part for part in reversed(pointer.split("/")) if part != "*").partition("[")[0]
            words.setdefault(under, set()).update(rest.split(" | "))
        else:
            keys.update(told.partition(" : ")[2].split(", "))
    return keys, words


def check_accounted(dialect: str, strings: list[tuple[bool, str, str]], segments: Any) -> None:
    keys, words = allowed(dialect)
    whole = {segment.token: segment.text for segment in segments if segment.inner is None and segment.token >= 0}
    inside: dict[int, list[tuple[int, str]]] = {}
    for segment in segments:
        if segment.inner is not None and segment.inner >= 0:
            inside.setdefault(segment.token, []).append((segment.inner, segment.text))
    strings_told = [s for s in segments if s.token >= 0 and (s.inner is None or s.inner >= 0)]
    assert len(whole) + sum(map(len, inside.values())) == len(strings_told)
    for number, (is_key, text, under) in enumerate(strings):
        if number in whole:
            assert whole[number] == text
        elif number in inside:
            assert inside[number] == list(enumerate(told for _, told, _ in tokens(text)))
        elif is_key:
            assert text in keys, f"the key {text} under {under} is nowhere"
        else:
            assert text in words.get(under, ()), f"the word {text} under {under} is nowhere"
