"""The reader of `stockade.yaml`: strict, every complaint with file, line, column and what was meant.

Owns the way from bytes to `Settings`. Builds no object that YAML names (nodes only, so no tag runs anything), expands
no anchor, and quotes no value: what stands in the wrong place may be a secret.
Fails: ConfigError, which lists every complaint, one a line.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from stockade.config.keys import Key
from stockade.config.schema import Settings
from stockade.core.errors import ConfigError

FILE_BYTES_MAX = 1024 * 1024
"""Largest configuration file: four digits of lines with room."""

_DEPTH_MAX = 32
_COMPLAINTS_MAX = 20
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]+)?")
_TAG = "tag:yaml.org,2002:"
_NOTHING: Any = object()
_Section = TypeVar("_Section")


class _Mark(Protocol):
    """Where a node begins; PyYAML has one class for this in Python and one in C."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class SchemaKey(NamedTuple):
    """One key of a section as the schema describes it."""

    name: str
    type: Any
    key: Key
    default: Any

    @property
    def required(self) -> bool:
        """Say whether the key must be written."""
        return self.default is dataclasses.MISSING


def schema_keys(section: type) -> list[SchemaKey]:
    """Return the keys of a section of the schema in the order they are written."""
    hints = get_type_hints(section, include_extras=True)
    found = []
    for each in dataclasses.fields(section):
        hint = hints[each.name]
        assert get_origin(hint) is Annotated, f"{section.__name__}.{each.name} has no Key"
        kind, key = get_args(hint)
        default = each.default_factory() if each.default_factory is not dataclasses.MISSING else each.default
        found.append(SchemaKey(each.name, kind, key, default))
    return found


def read_settings(path: Path) -> Settings:
    """Return the settings that the file at `path` holds."""
    return parse_settings(_read(path), path)


def parse_settings(raw: bytes, path: Path) -> Settings:
    """Return the settings in `raw`; `path` names the file in complaints, and its folder resolves relative paths."""
    found = parse_section(raw, path, Settings)
    database = found.database
    if database is not None and database.startswith("sqlite:///"):
        file = path.resolve().parent / database.removeprefix("sqlite:///")
        found = dataclasses.replace(found, database=f"sqlite:///{file}")
    if not found.data_dir.is_absolute():  # the default, which no node resolved
        found = dataclasses.replace(found, data_dir=path.resolve().parent / found.data_dir)
    return found


def read_section(path: Path, section: type[_Section]) -> _Section:
    """Return what the file at `path` holds, read as one section of the schema."""
    return parse_section(_read(path), path, section)


def parse_section(raw: bytes, path: Path, section: type[_Section]) -> _Section:
    """Return what stands in `raw`, read as one section; `path` is as in `parse_settings`."""
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigError(f"{path}: larger than {FILE_BYTES_MAX} bytes")
    return _Reader(path).whole(_compose(raw, path), section)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}", hint="Name the file with --config, or make one."
        ) from error


def _compose(raw: bytes, path: Path) -> yaml.Node:
    """Return the nodes of one document without anchors, aliases and tags."""
    depth = 0
    try:
        text = raw.decode("utf-8")
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _at(path, event.start_mark, "anchors and aliases are not read here; write the value again")
            if getattr(event, "tag", None):
                raise _at(path, event.start_mark, "tags are not read here")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH_MAX:
                raise _at(path, event.start_mark, f"nested deeper than {_DEPTH_MAX}")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not valid UTF-8") from error
    except yaml.MarkedYAMLError as error:
        reason = error.problem or error.context or "not valid YAML"
        raise _at(path, error.problem_mark or error.context_mark, f"not valid YAML: {reason}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: a character that YAML does not allow") from error
    if node is None:
        raise ConfigError(f"{path}: is empty", hint="Begin with `upstreams:` and `models:`.")
    return node


def _at(path: Path, mark: _Mark | None, message: str) -> ConfigError:
    return ConfigError(f"{_place(path, mark)}: {message}")


def _place(path: Path, mark: _Mark | None) -> str:
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


class _Reader:
    """Walks nodes beside the schema and gathers what is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.resolve().parent
        self._complaints: list[str] = []

    def whole(self, root: yaml.Node, section: type[_Section]) -> _Section:
        """Return the whole file, or raise with every complaint."""
        found = self._section(root, section, "")
        if self._complaints:
            shown = self._complaints[:_COMPLAINTS_MAX]
            more = len(self._complaints) - len(shown)
            raise ConfigError("\n".join(shown) + (f"\nand {more} more" if more else ""))
        assert isinstance(found, section)
        return found

    def _complain(self, node: yaml.Node, message: str) -> Any:
        self._complaints.append(f"{_place(self._path, node.start_mark)}: {message}")
        return _NOTHING

    def _section(self, node: yaml.Node, section: type, where: str) -> Any:
        """Return the section that a mapping holds."""
        if not isinstance(node, yaml.MappingNode):
            return self._complain(node, f"{where or 'the file'} must be a section of keys, not {_described(node)}")
        known = {key.name: key for key in schema_keys(section)}
        written = self._entries(node, known, where)
        values = {
            name: self._value(child, known[name].type, known[name].key, _joined(where, name))
            for name, child in written.items()
        }
        for key in known.values():
            if key.required and key.name not in written:
                values[key.name] = self._complain(node, f"{_joined(where, key.name)} is missing: {key.key.reason}")
        if any(value is _NOTHING for value in values.values()):
            return _NOTHING
        made = section(**values)
        complaint = made.complaint() if hasattr(made, "complaint") else None
        if complaint is not None:
            place = written.get(complaint.key, node)
            return self._complain(place, f"{_joined(where, complaint.key)}: {complaint.message}")
        return made

    def _entries(self, node: yaml.MappingNode, known: Mapping[str, object], where: str) -> dict[str, yaml.Node]:
        """Return the known keys of a mapping with their nodes; an unknown or a second one is a complaint."""
        entries: dict[str, yaml.Node] = {}
        for key_node, child in node.value:
            name = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if name is None or name not in known:
                near = difflib.get_close_matches(name or "", known, n=1)
                shown = f'"{name}"' if name and near else "this key"
                meant = f'did you mean "{near[0]}"?' if near else "known here: " + ", ".join(known)
                self._complain(key_node, f"{shown} is not a key of {where or 'the file'}; {meant}")
            elif name in entries:
                self._complain(key_node, f"{_joined(where, name)} is written twice")
            else:
                entries[name] = child
        return entries

    def _value(self, node: yaml.Node, kind: Any, key: Key, where: str) -> Any:
        """Return the value of one key, checked against its type, its hard ends and its own rule."""
        options = [option for option in get_args(kind) if option is not type(None)]
        if get_origin(kind) in {Union, types.UnionType}:
            kind = options[0]
            options = list(get_args(kind))
        if dataclasses.is_dataclass(kind):
            assert isinstance(kind, type)
            return self._section(node, kind, where)
        if get_origin(kind) is tuple:
            items = node.value if isinstance(node, yaml.SequenceNode) else [node]
            made = [self._item(item, options[0], key, f"{where}[{n}]") for n, item in enumerate(items)]
            return _NOTHING if any(item is _NOTHING for item in made) else tuple(made)
        return self._scalar(node, kind, key, where)

    def _item(self, node: yaml.Node, kind: Any, key: Key, where: str) -> Any:
        if dataclasses.is_dataclass(kind):
            assert isinstance(kind, type)
            return self._section(node, kind, where)
        return self._scalar(node, kind, key, where.rpartition("[")[0])

    def _scalar(self, node: yaml.Node, kind: type, key: Key, where: str) -> Any:
        tag = node.tag.removeprefix(_TAG) if isinstance(node, yaml.ScalarNode) else ""
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        if kind is bool and tag == "bool" and text.lower() in {"true", "false"}:
            return text.lower() == "true"
        if kind is int and tag == "int" and _INTEGER.fullmatch(text):
            return self._bounded(node, int(text), key, where)
        if kind is float and tag in {"int", "float"} and _NUMBER.fullmatch(text):
            return self._bounded(node, float(text), key, where)
        if kind in {str, Path} and tag == "str" and (text or key.empty) and "\0" not in text:
            complaint = key.check(text) if key.check else ""
            if complaint:
                return self._complain(node, f"{where} {complaint}")
            if kind is str:
                is_path = key.name is not None and not key.name.fullmatch(text)
                return str(self._folder / text) if is_path else text
            return self._folder / text
        expected = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Path: "a path"}[kind]
        return self._complain(node, f"{where} must be {expected} ({key.unit}), not {_described(node)}")

    def _bounded(self, node: yaml.Node, number: float, key: Key, where: str) -> Any:
        if (key.low is not None and number < key.low) or (key.high is not None and number > key.high):
            return self._complain(node, f"{where} must be from {key.low:g} to {key.high:,.10g} {key.unit}")
        return number


def _joined(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _described(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a section of keys"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    names = {"null": "nothing", "bool": "yes or no", "int": "a number", "float": "a number", "timestamp": "a date"}
    return (
        "an empty text"
        if node.value == "" and node.tag == _TAG + "str"
        else names.get(node.tag.removeprefix(_TAG), "text")
    )
