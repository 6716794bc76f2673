"""A YAML document read strictly: each value knows its file and line, and says what was wanted there.

Owns the reading of scalars, which follows YAML 1.2: `true` and `false` alone are booleans, and a date, `no` or `on` is
text, so that nobody has to quote them. Refuses aliases, tags and a key written twice. Knows no task.
Fails: ConfigError with file and line; quotes keys, never values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import yaml

from stockade.core.errors import ConfigError
from stockade.testing.vendor.script import nearest

W = TypeVar("W", bound=StrEnum)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is compiled in
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_PLAIN = re.compile(r"tag:yaml\.org,2002:[a-z]+")  # what YAML itself gives a node that has no tag
_WORDS = {"true": True, "false": False, "null": None, "": None}


class Document:
    """A node of a document with the file it stands in."""

    def __init__(self, node: yaml.Node, path: Path) -> None:
        """Stand at `node`."""
        self._node = node
        self._path = path

    @classmethod
    def read(cls, path: Path) -> Document:
        """Return the root of the file. Fails: ConfigError."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"), path)
        except (OSError, UnicodeDecodeError) as e:
            raise ConfigError(f"{path}: cannot be read as text") from e

    @classmethod
    def parse(cls, text: str, path: Path) -> Document:
        """Return the root of `text`; `path` names the file in complaints. Fails: ConfigError."""
        try:
            node = yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as e:
            where = f"{path}:{e.problem_mark.line + 1}" if e.problem_mark else str(path)
            raise ConfigError(f"{where}: not YAML: {e.problem}") from e
        except yaml.YAMLError as e:
            raise ConfigError(f"{path}: not YAML: a character that YAML does not allow") from e
        if node is None:
            raise ConfigError(f"{path}: is empty")
        root = cls(node, path)
        root._refuse_aliases(set())
        return root

    def error(self, message: str, hint: str = "") -> ConfigError:
        """Return a complaint about this place."""
        return ConfigError(f"{self._path}:{self._node.start_mark.line + 1}: {message}", hint=hint)

    def keys(self, needed: Sequence[str], more: Sequence[str] = ()) -> dict[str, Document]:
        """Return the values of a mapping by key: all of `needed`, some of `more`, and no others."""
        known = (*needed, *more)
        found = {}
        for key, value in self._pairs():
            name = str(key._node.value)
            if name not in known:
                raise key.error(f"{name}: unknown key", hint=nearest(name, known))
            found[name] = value
        for name in needed:
            if name not in found:
                raise self.error(f"{name} is missing")
        return found

    def entries(self) -> dict[str, Document]:
        """Return the values of a mapping by key, whatever the keys."""
        return {str(key._node.value): value for key, value in self._pairs()}

    def items(self) -> list[Document]:
        """Return the values of a list that is not empty."""
        if not isinstance(self._node, yaml.SequenceNode) or not self._node.value:
            raise self.error("a list is wanted here")
        return [Document(item, self._path) for item in self._node.value]

    def text(self) -> str:
        """Return a text that is not empty."""
        value = self.plain()
        if not isinstance(value, str) or not value.strip():
            raise self.error("a text is wanted here")
        return value

    def flag(self) -> bool:
        """Return true or false."""
        value = self.plain()
        if not isinstance(value, bool):
            raise self.error("true or false is wanted here")
        return value

    def word(self, words: type[W]) -> W:
        """Return one of the words."""
        value = self.text()
        if value not in list(words):
            raise self.error("not one of the words", hint=nearest(value, tuple(words)))
        return words(value)

    def plain(self) -> Any:
        """Return the value as JSON would hold it."""
        if isinstance(self._node, yaml.MappingNode):
            return {key: value.plain() for key, value in self.entries().items()}
        if isinstance(self._node, yaml.SequenceNode):
            return [Document(item, self._path).plain() for item in self._node.value]
        text = str(self._node.value)
        if getattr(self._node, "style", None):  # quoted, or a block
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _NUMBER.fullmatch(text) else text

    def _pairs(self) -> list[tuple[Document, Document]]:
        if not isinstance(self._node, yaml.MappingNode):
            raise self.error("keys and values are wanted here")
        pairs = [(Document(key, self._path), Document(value, self._path)) for key, value in self._node.value]
        seen: set[str] = set()
        for key, _ in pairs:
            if not isinstance(key._node, yaml.ScalarNode):
                raise key.error("a key is a word")
            if key._node.value in seen:
                raise key.error(f"{key._node.value} is written twice")
            seen.add(key._node.value)
        return pairs

    def _refuse_aliases(self, seen: set[int]) -> None:
        if id(self._node) in seen:
            raise self.error("aliases are not read here; write the value again")
        seen.add(id(self._node))
        if not _PLAIN.fullmatch(self._node.tag):
            raise self.error("tags are not read here")
        pairs = self._node.value if isinstance(self._node, yaml.CollectionNode) else ()
        for pair in pairs:
            for child in pair if isinstance(pair, tuple) else (pair,):
                Document(child, self._path)._refuse_aliases(seen)
