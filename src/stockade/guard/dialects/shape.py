"""Shapes: a small grammar that says of every string of a body whether it is a fixed word or a segment.

Owns the walk over parsed JSON. By construction there is no third way: a string that the grammar does not know as a
fixed word, and a key that it does not know, become segments. Never skips a value; never looks at the raw bytes.
A shape is built once, with role and channel written into it, and then read many times; strings are numbered while
walking, keys included, so that a segment's `token` is the n-th string of the body (see `core/json_tokens.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol, cast

from stockade.core.errors import InvalidRequestError, TooLargeError
from stockade.core.json_numbers import LONG, long_number
from stockade.core.limits import JSON_DEPTH_MAX
from stockade.core.segments import NUMBER, Channel, Kind, Path, Segment

_segment = tuple.__new__  # Segment(...) by its tuple: half the time, and a coding agent's body holds thousands

_DEEPEST = JSON_DEPTH_MAX - 1
_SCALARS = frozenset({bool, float, int, type(None)})


class Voice(NamedTuple):
    """Who speaks in a part of a body."""

    role: str
    channel: Channel


class Shape(Protocol):
    """A part of the grammar."""

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Append the segments of `value`, which stands at `parent`/`key`, and return the number of the next string."""

    def allowed(self, pointer: str, seen: dict[int, str], /) -> Iterator[str]:
        """Yield a line for each fixed word and known key under `pointer`; `seen` are the records written so far."""


class Root(Shape, Protocol):
    """A shape that a whole body can have: an object."""

    def read_at(self, value: dict[str, object], path: Path, token: int, out: list[Segment]) -> int:
        """Read an object that stands at `path`."""


class Free:
    """Any value: every string and long number a segment of `kind`, every key one of `key_kind`."""

    __slots__ = ("channel", "key_kind", "kind", "role")

    def __init__(self, voice: Voice, kind: Kind = Kind.OPAQUE, key_kind: Kind | None = None) -> None:
        self.role, self.channel = voice
        self.kind = kind
        self.key_kind = key_kind or kind

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Append every string under `value`."""
        kind_of = type(value)
        if kind_of is str:
            text = cast("str", value)
            out.append(_segment(Segment, ((*parent, key), text, self.role, self.channel, self.kind, token, None)))
            return token + 1
        if kind_of is dict:
            if len(parent) >= _DEEPEST:
                raise _too_deep()
            path = (*parent, key)
            for name, child in cast("dict[str, object]", value).items():
                token = self.field(name, child, path, token, out)
        elif kind_of is list:
            if len(parent) >= _DEEPEST:
                raise _too_deep()
            path = (*parent, key)
            for index, child in enumerate(cast("list[object]", value)):
                token = self.read(child, path, index, token, out)
        elif (kind_of is int or kind_of is float) and not -LONG < cast("float", value) < LONG:
            told = long_number(cast("float", value))
            out.append(_segment(Segment, ((*parent, key), told, self.role, self.channel, self.kind, NUMBER, None)))
        return token

    def field(self, name: str, child: object, path: Path, token: int, out: list[Segment]) -> int:
        """Append a key and everything under it."""
        out.append(_segment(Segment, ((*path, name), name, self.role, self.channel, self.key_kind, token, None)))
        return self.read(child, path, name, token + 1, out)

    def allowed(self, _pointer: str, _seen: dict[int, str], /) -> Iterator[str]:
        """Yield nothing: no string is exempt."""
        return iter(())


class Leaf:
    """A string that is a segment of `kind`. Anything else in its place is read as unknown content."""

    __slots__ = ("_other", "channel", "kind", "must", "role")

    def __init__(self, voice: Voice, kind: Kind = Kind.TEXT, must: str = "") -> None:
        self.role, self.channel = voice
        self.kind = kind
        self.must = must
        self._other = Free(voice)

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Append the string."""
        if type(value) is str:
            out.append(_segment(Segment, ((*parent, key), value, self.role, self.channel, self.kind, token, None)))
            return token + 1
        if self.must:
            raise wrong_type((*parent, key), self.must)
        return token if value is None else self._other.read(value, parent, key, token, out)

    def allowed(self, _pointer: str, _seen: dict[int, str], /) -> Iterator[str]:
        """Yield nothing: the string is a segment."""
        return iter(())


class Setting:
    """A number, a truth value or nothing, whose meaning is fixed (a budget, a seed, a count). Else unknown content."""

    __slots__ = ("_other",)

    def __init__(self, voice: Voice) -> None:
        self._other = Free(voice)

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Pass a scalar that is no string; append anything else."""
        if type(value) in _SCALARS:
            return token
        return self._other.read(value, parent, key, token, out)

    def allowed(self, _pointer: str, _seen: dict[int, str], /) -> Iterator[str]:
        """Yield nothing: no string is exempt."""
        return iter(())


class Word:
    """A string out of a closed set. Any other string is unknown content."""

    __slots__ = ("_other", "words")

    def __init__(self, voice: Voice, *words: str) -> None:
        self.words = frozenset(words)
        self._other = Free(voice)

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Count a known word; append anything else."""
        if type(value) is str and value in self.words:
            return token + 1
        return self._other.read(value, parent, key, token, out)

    def allowed(self, pointer: str, _seen: dict[int, str], /) -> Iterator[str]:
        """Yield the words."""
        yield f"{pointer} = {' | '.join(sorted(self.words))}"


class Record:
    """An object with known keys. A key that is not known, and everything under it, is unknown content."""

    __slots__ = ("fields", "must", "rest")

    def __init__(self, voice: Voice, fields: Mapping[str, Shape], must: str = "", rest: Free | None = None) -> None:
        self.fields = dict(fields)
        self.must = must
        self.rest = rest or Free(voice)

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Read each field by its own shape."""
        if type(value) is dict:
            if len(parent) >= _DEEPEST:
                raise _too_deep()
            return self.read_at(cast("dict[str, object]", value), (*parent, key), token, out)
        if self.must:
            raise wrong_type((*parent, key), self.must)
        return self.rest.read(value, parent, key, token, out)

    def read_at(self, value: dict[str, object], path: Path, token: int, out: list[Segment]) -> int:
        """Read an object that stands at `path`."""
        known = self.fields.get
        for name, child in value.items():
            shape = known(name)
            if shape is None:
                token = self.rest.field(name, child, path, token, out)
            else:
                token = shape.read(child, path, name, token + 1, out)
        return token

    def allowed(self, pointer: str, seen: dict[int, str], /) -> Iterator[str]:
        """Yield the keys, then what stands under each."""
        if id(self) in seen:
            yield f"{pointer} : as {seen[id(self)]}"
            return
        seen[id(self)] = place = pointer + "/" * pointer.endswith(" ")
        yield f"{place} : {', '.join(sorted(self.fields))}"
        for name in sorted(self.fields):
            yield from self.fields[name].allowed(f"{pointer}/{name}", seen)


class Tagged:
    """An object whose word under `tag` says which record it is; any other is read by `other`."""

    __slots__ = ("must", "options", "other", "tag")

    def __init__(self, voice: Voice, tag: str, options: Mapping[str, Record], must: str = "") -> None:
        self.tag = tag
        self.options = dict(options)
        self.must = must
        self.other = Record(voice, {tag: Leaf(voice, Kind.OPAQUE)})

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Read the object by the record that its tag names."""
        if type(value) is not dict:
            if self.must:
                raise wrong_type((*parent, key), self.must)
            return self.other.read(value, parent, key, token, out)
        if len(parent) >= _DEEPEST:
            raise _too_deep()
        return self.read_at(value, (*parent, key), token, out)

    def read_at(self, value: dict[str, object], path: Path, token: int, out: list[Segment]) -> int:
        """Read an object that stands at `path`."""
        named = value.get(self.tag)
        record = self.options.get(named, self.other) if type(named) is str else self.other
        return record.read_at(value, path, token, out)

    def allowed(self, pointer: str, seen: dict[int, str], /) -> Iterator[str]:
        """Yield the lines of each record."""
        for name, record in sorted(self.options.items()):
            yield from record.allowed(f"{pointer}[{self.tag}={name}]", seen)


class Items:
    """A list."""

    __slots__ = ("item", "must", "other")

    def __init__(self, voice: Voice, item: Shape, must: str = "") -> None:
        self.item = item
        self.must = must
        self.other = Free(voice)

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Read each item."""
        if type(value) is list:
            if len(parent) >= _DEEPEST:
                raise _too_deep()
            path = (*parent, key)
            read = self.item.read
            for index, child in enumerate(value):
                token = read(child, path, index, token, out)
            return token
        if self.must:
            raise wrong_type((*parent, key), self.must)
        return self.other.read(value, parent, key, token, out)

    def allowed(self, pointer: str, seen: dict[int, str], /) -> Iterator[str]:
        """Yield the lines of an item."""
        yield from self.item.allowed(f"{pointer}/*", seen)


class Map:
    """An object whose keys are the caller's choice (segments of `key_kind`) and whose values are alike."""

    __slots__ = ("_key", "item")

    def __init__(self, voice: Voice, item: Shape, key_kind: Kind = Kind.IDENTIFIER) -> None:
        self.item = item
        self._key = Free(voice, Kind.OPAQUE, key_kind)

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Append each key and read each value."""
        if type(value) is not dict:
            return self._key.read(value, parent, key, token, out)
        if len(parent) >= _DEEPEST:
            raise _too_deep()
        path = (*parent, key)
        keys = self._key
        for name, child in value.items():
            out.append(_segment(Segment, ((*path, name), name, keys.role, keys.channel, keys.key_kind, token, None)))
            token = self.item.read(child, path, name, token + 1, out)
        return token

    def allowed(self, pointer: str, seen: dict[int, str], /) -> Iterator[str]:
        """Yield the lines of a value."""
        yield from self.item.allowed(f"{pointer}/*", seen)


class Either:
    """A value read by its JSON type: a string by `text`, a list by `items`, an object by `record`."""

    __slots__ = ("items", "must", "other", "record", "text")

    def __init__(
        self,
        voice: Voice,
        *,
        text: Shape | None = None,
        items: Shape | None = None,
        record: Shape | None = None,
        must: str = "",
    ) -> None:
        self.other = Free(voice)
        self.text = text
        self.items = items
        self.record = record
        self.must = must

    def read(self, value: object, parent: Path, key: str | int, token: int, out: list[Segment]) -> int:
        """Read the value by the shape for its type."""
        kind_of = type(value)
        if kind_of is str:
            shape = self.text
        elif kind_of is list:
            shape = self.items
        else:
            shape = self.record if kind_of is dict else None
        if shape is not None:
            return shape.read(value, parent, key, token, out)
        if self.must:
            raise wrong_type((*parent, key), self.must)
        return self.other.read(value, parent, key, token, out)

    def allowed(self, pointer: str, seen: dict[int, str], /) -> Iterator[str]:
        """Yield the lines of all readings."""
        for shape in (self.text, self.record, self.items):
            if shape is not None:
                yield from shape.allowed(pointer, seen)


def walk(root: Root, value: dict[str, object]) -> tuple[list[Segment], int]:
    """Return the segments of a parsed object in document order, and how many strings it holds, keys included.

    Fails: TooLargeError past JSON_DEPTH_MAX, InvalidRequestError where a shape says what a value must be.
    """
    out: list[Segment] = []
    return out, root.read_at(value, (), 0, out)


def allow_list(roots: Mapping[str, Shape]) -> Iterator[str]:
    """Yield the written allow-list of some bodies: known keys of each object, and the fixed words of each place.

    A record that stands in several places is written once; elsewhere it is named by its first place.
    """
    seen: dict[int, str] = {}
    for title, root in roots.items():
        yield from root.allowed(f"{title} ", seen)


def wrong_type(path: Path, must: str) -> InvalidRequestError:
    """Return the error for a value of a wrong type, naming its JSON pointer."""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return InvalidRequestError(f"{pointer} must be {must}.", hint="Correct the request and send it again.")


def _too_deep() -> TooLargeError:
    return TooLargeError(f"The body is nested deeper than {JSON_DEPTH_MAX} levels.", hint="Send flatter JSON.")
