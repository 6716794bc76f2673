"""JSON string tokens: find the n-th string of a raw body and splice edits into the original bytes.

Owns positions. The strings of a parsed body stand in the raw body in document order (keys included), so the n-th
string is the n-th string token; a body with duplicate keys breaks that and is refused by `count_strings` not matching
the parsed tree. Never re-serialises anything but the strings that change (DESIGN section 4, edits). A number that has
to be replaced is found by its path, and becomes a string (`core/json_numbers.py`, docs/decisions/0016).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import orjson

from stockade.core.json_numbers import long_number, number_spans
from stockade.core.limits import JSON_PATH_PARTS_MAX, JSON_STRINGS_MAX
from stockade.core.segments import Kind, Path, Segment

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def count_strings(raw: bytes) -> int:
    """Return the number of string tokens in valid JSON `raw`, keys included."""
    if b"\\" not in raw:
        return raw.count(b'"') // 2
    # In valid JSON a backslash stands only inside strings, so pairs of them go first, then escaped quotes are counted.
    if b"\\\\" in raw:
        raw = raw.replace(b"\\\\", b"")
    return (raw.count(b'"') - raw.count(b'\\"')) // 2


def string_spans(raw: bytes) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each string token with its quotes, in document order."""
    for match in _STRING.finditer(raw):
        yield match.span()


def splice(raw: bytes, replacements: Mapping[int, str], numbers: Mapping[Path, str] | None = None) -> bytes:
    """Return `raw` with the n-th string replaced by each given text; every other byte stays.

    `numbers` are the texts that take the place of the numbers at their paths, as strings.
    Fails: ValueError when a token number or a path does not exist.
    """
    if numbers:
        return _splice_both(raw, replacements, numbers)
    if not replacements:
        return raw
    pieces: list[bytes] = []
    done = 0
    waiting = len(replacements)
    for number, (start, end) in enumerate(string_spans(raw)):
        text = replacements.get(number)
        if text is None:
            continue
        pieces.append(raw[done:start])
        pieces.append(orjson.dumps(text))
        done = end
        waiting -= 1
        if not waiting:
            break
    if waiting:
        raise ValueError("a replaced string does not exist in the body")
    pieces.append(raw[done:])
    return b"".join(pieces)


def strings_in_order(value: object, limit: int) -> list[tuple[Path, str, bool]]:
    """Return (path, text, is_key) of every string of a parsed value in document order; a key has its value's path.

    Fails: OverflowError past `limit` strings.
    """
    return [(path, text, is_key) for path, text, is_key, number in _scalars(value, limit) if number >= 0]


def path_parts(value: object, limit: int) -> int:
    """Return how many steps the paths to all keys and scalars of a parsed value have together, without making them.

    Fails: OverflowError past `limit`.
    """
    parts = 0
    level = [value]
    depth = 0
    while level:
        parts += depth * len(level)
        if parts > limit:
            raise OverflowError
        inside = [node for node in level if type(node) in (dict, list)]
        children = [child for node in inside for child in (node.values() if type(node) is dict else node)]  # type: ignore[attr-defined]
        depth += 1
        parts += depth * sum(len(node) for node in inside if type(node) is dict)
        level = children
    return parts


def inner_segments(segment: Segment) -> list[Segment]:
    """Return the strings inside a segment whose text is itself JSON (tool arguments), numbered by `inner`.

    Long numbers stand among them; of theirs `inner` is negative (see `Segment`). A text without any of these, and one
    that is not one whole JSON object or list with unique keys, comes back as it is, to be judged as plain text.
    """
    try:
        value = orjson.loads(segment.text)
        path_parts(value, JSON_PATH_PARTS_MAX)
        parsed = _scalars(value, JSON_STRINGS_MAX) if type(value) in (dict, list) else []
    except (orjson.JSONDecodeError, OverflowError):
        return [segment]
    if not parsed or sum(scalar[3] >= 0 for scalar in parsed) != count_strings(segment.text.encode()):
        return [segment]
    return [
        segment._replace(
            path=(*segment.path, *path),
            text=text,
            kind=Kind.IDENTIFIER if is_key else Kind.ARGUMENT,
            inner=number,
        )
        for path, text, is_key, number in parsed
    ]


def splice_inner(text: str, replacements: Mapping[int, str], numbers: Mapping[Path, str] | None = None) -> str:
    """Return JSON text `text` with its n-th strings, and the numbers at some paths, replaced; all else stays."""
    return splice(text.encode(), replacements, numbers).decode()


def _splice_both(raw: bytes, replacements: Mapping[int, str], numbers: Mapping[Path, str]) -> bytes:
    """Return `raw` with strings and numbers replaced. Both are found first: a replaced key changes paths."""
    spans = number_spans(raw, numbers)
    texts = {span: numbers[path] for path, span in spans.items()}
    texts |= {span: replacements[n] for n, span in enumerate(string_spans(raw)) if n in replacements}
    if len(texts) != len(numbers) + len(replacements):
        raise ValueError("a replaced string or number does not exist in the body")
    pieces: list[bytes] = []
    done = 0
    for start, end in sorted(texts):
        pieces += (raw[done:start], orjson.dumps(texts[start, end]))
        done = end
    return b"".join((*pieces, raw[done:]))


def _scalars(value: object, limit: int) -> list[tuple[Path, str, bool, int]]:
    """Return (path, text, is_key, n) of every string, the n-th, and of every long number, where n is -len(path)."""
    found: list[tuple[Path, str, bool, int]] = []
    strings = 0
    stack: list[tuple[Path, object, bool]] = [((), value, False)]
    while stack:
        path, node, is_key = stack.pop()
        if isinstance(node, str):
            found.append((path, node, is_key, strings))
            strings += 1
            if strings > limit:
                raise OverflowError
        elif isinstance(node, dict):
            for key, child in reversed(node.items()):
                below = (*path, key)
                stack.append((below, child, False))
                stack.append((below, key, True))
        elif isinstance(node, list):
            stack.extend(((*path, index), child, False) for index, child in reversed(list(enumerate(node))))
        elif path and isinstance(node, int | float) and (told := long_number(node)):
            found.append((path, told, False, -len(path)))
    return found
