"""The structure of what a tool returned: which value is a field of a record, and which stands in free text.

Owns the reading of JSON, of tables and of the indented `key: value` dumps that many tools print. A text inside a field
is free text when it is longer than a value is or has several lines, however it looks inside: what somebody writes into
a mail's body never becomes a field. Never guesses a structure that does not hold for the whole text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

VALUE_CHARS_MAX = 160
"""Longest text of a field that counts as a value: an address, a title, a path. Anything longer is free text."""

RECORDS_CHARS_MAX = 400_000
"""Longest result that is read for structure; a longer one is free text."""

_DEPTH_MAX = 32
_WORDS = re.compile(r"[^\W\d_]{2,}")
_WORDS_MAX = 9
_WORDS_NAMED = 5  # in the name of a file, say
_WORDS_SAID = 3
_SAID = re.compile(r"(?i)body|comment|content|description|message|note|readme|reason|review|snippet|summary|text")
"""Fields in which somebody says something: a few words are enough to be free text."""

_COLUMN = re.compile(r"[A-Za-z#][\w .#/-]{0,40}")
_LINE = re.compile(r"(?P<indent>[ \t]*(?:- +)*)(?P<key>[A-Za-z_][\w .-]{0,40}?) *:(?: +(?P<value>.*\S))? *")
_ITEM = re.compile(r"[ \t]*- +(?P<value>\S.*)")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?")
_SENTENCE = re.compile(r"[.!?;:] +\S|\n")


class Field(NamedTuple):
    """One value of a record. `record` numbers the record that it stands in, `key` names it."""

    record: int
    key: str
    value: str

    @property
    def free(self) -> bool:
        """Say whether it is a text that somebody wrote rather than a value."""
        if len(self.value) > VALUE_CHARS_MAX or _SENTENCE.search(self.value) is not None:
            return True
        words = len(_WORDS.findall(self.value))
        return words > (_WORDS_SAID if _SAID.search(self.key) else _WORDS_NAMED if "_" in self.value else _WORDS_MAX)


def fields(text: str) -> list[Field] | None:
    """Return the fields of a result, None for one that is no record."""
    if len(text) > RECORDS_CHARS_MAX:
        return None
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        return _json(stripped)
    return _table(stripped) or _dump(text)


def _json(text: str) -> list[Field] | None:
    """Return the fields of one JSON text, or of one a line."""
    try:
        return list(_leaves(orjson.loads(text), "", _Counter(), 0, 0))
    except (orjson.JSONDecodeError, RecursionError):
        pass
    counter = _Counter()
    found: list[Field] = []
    try:
        for line in text.splitlines():
            found.extend(_leaves(orjson.loads(line), "", counter, 0, 0))
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return found


def _table(text: str) -> list[Field] | None:
    """Return the fields of a table with a line of names: separated by commas, tabs or bars; None for anything else."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    if lines[0].lstrip().startswith("|"):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
        rows = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
    else:
        try:
            rows = list(csv.reader(text.splitlines(), delimiter="\t" if "\t" in lines[0] else ",", strict=True))
        except csv.Error:
            return None
        rows = [row for row in rows if row]
    names = rows[0]
    named = all(_COLUMN.fullmatch(name) for name in names)
    if len(names) < 2 or not named or any(len(row) != len(names) for row in rows):
        return None
    return [
        Field(number, name.strip(), value.strip())
        for number, row in enumerate(rows[1:], 1)
        for name, value in zip(names, row, strict=True)
        if value.strip()
    ]


class _Counter:
    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


def _leaves(node: Any, key: str, counter: _Counter, record: int, depth: int) -> Iterator[Field]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(node, dict):
        record = counter.next()
        for name, child in node.items():
            yield from _leaves(child, name, counter, record, depth + 1)
    elif isinstance(node, list):
        for child in node:
            yield from _leaves(child, key, counter, record, depth + 1)
    elif isinstance(node, str) and node[:1] in ("{", "[") and depth < _DEPTH_MAX:
        try:
            yield from _leaves(orjson.loads(node), key, counter, record, depth + 1)  # a result that wraps another
        except (orjson.JSONDecodeError, RecursionError):
            yield Field(record, key, node)
    elif node is not None and not isinstance(node, bool):
        yield Field(record, key, str(node))


def _dump(text: str) -> list[Field] | None:
    """Return the fields of an indented dump; None where a line is neither a field, an item nor the rest of a text."""
    found: list[Field] = []
    record = 0
    key, indent, block = "", 0, -1
    for line in text.splitlines():
        if not line.strip():
            continue
        deep = len(line) - len(line.lstrip(" \t"))
        if block >= 0 and deep > block:
            found[-1] = found[-1]._replace(value=f"{found[-1].value}\n{line.strip()}")
            continue
        block = -1
        read = _LINE.fullmatch(line)
        if read is not None:
            key, value = read["key"].strip(), read["value"] or ""
            indent = len(read["indent"])
            if "-" in read["indent"] or not found:
                record += 1
            if _BLOCK.fullmatch(value) or not value:
                found.append(Field(record, key, ""))
                block = deep if value else -1
            else:
                found.append(Field(record, key, value.strip("\"'")))
        elif (item := _ITEM.fullmatch(line)) is not None and (found or not text.lstrip().startswith("-")):
            found.append(Field(record, key, item["value"].strip("\"'")))
        elif item is not None:
            found.append(Field(record, "", item["value"].strip("\"'")))
        elif found and deep > indent:
            found[-1] = found[-1]._replace(value=f"{found[-1].value}\n{line.strip()}")
        else:
            return None
    return found if len(found) > 1 else None
