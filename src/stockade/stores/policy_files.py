"""Policy files: from names in the configuration to the text of rules. Owns packs, folders and what builds on what.

A word is a pack (`policies/`), anything else a path: a `.cedar` file or a folder of them. A file may say in a line of
its own what it builds on, so that nobody copies a pack to add to it:

    // builds on: baseline
    // builds on: strict in shadow
    // builds on: strict in shadow except no-mcp-in-production

Never reads a file in part as if it were whole: a file that changes while it is read is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stockade.core.errors import ConfigError
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import PolicySource

PACKS = Path(__file__).parents[1] / "policies"
"""The built-in packs and the schema of all policies."""

DEFAULT = ("baseline",)
"""What is in force when configuration names nothing."""

FILE_BYTES_MAX = 1024 * 1024
"""Largest policy file: some five thousand rules."""

PACK_NAME = re.compile(r"[a-z][a-z0-9-]*")
_BUILDS_ON = re.compile(r"^//[ \t]*builds\b.*$", re.MULTILINE | re.IGNORECASE)
_LINE = re.compile(
    r"// builds on: (?P<pack>[a-z][a-z0-9-]*)"
    r"(?P<shadow> in shadow(?: except (?P<enforced>[a-z0-9-]+(?:, [a-z0-9-]+)*))?)?"
)


class PolicyFile(NamedTuple):
    """One file of a policy: where it is and what it says. `shipped` files are Stockade's own and never edited."""

    path: Path
    source: PolicySource
    shipped: bool


class Base(NamedTuple):
    """A line by which a file builds on a pack."""

    pack: str
    in_shadow: bool
    enforced: tuple[str, ...]
    end: int


def load_policy(names: Sequence[str]) -> PolicyEngine:
    """Return the engine over packs, files and folders; without any, over the baseline. Fails: ConfigError."""
    return PolicyEngine.load([file.source for file in policy_files(names)], schema())


def schema() -> str:
    """Return the schema of all policies."""
    return _read(PACKS / "schema.cedarschema")


def packs() -> tuple[str, ...]:
    """Return the names of the built-in packs."""
    return tuple(sorted(path.stem for path in PACKS.glob("*.cedar")))


def policy_files(names: Sequence[str], texts: Mapping[Path, str] | None = None) -> list[PolicyFile]:
    """Return the files that names come to, those they build on included, each once. Fails: ConfigError.

    `texts` are what files are to say that say something else yet.
    """
    found: dict[Path, PolicyFile] = {}
    meant = texts or {}
    for path, shown in named_files(names):
        _gather(found, path, PolicySource(shown, ""), meant)
    return list(found.values())


def named_files(names: Sequence[str]) -> list[tuple[Path, str]]:
    """Return the files that names stand for, without what they build on, each with the name that it goes by."""
    return [each for name in names or DEFAULT for each in _named(name)]


def _gather(found: dict[Path, PolicyFile], path: Path, source: PolicySource, texts: Mapping[Path, str]) -> None:
    """Add a file and what it builds on. What is asked for in force and in shadow is in force."""
    known = found.get(path)
    if known is None:
        source = source._replace(text=texts[path] if path in texts else _read(path))
    else:
        in_shadow = source.in_shadow and known.source.in_shadow
        enforced = tuple(sorted({*source.enforced, *known.source.enforced})) if in_shadow else ()
        source = known.source._replace(in_shadow=in_shadow, enforced=enforced)
        if source == known.source:
            return
    found[path] = PolicyFile(path, source, path.parent == PACKS)
    for base in bases(source.name, source.text):
        in_shadow = source.in_shadow or base.in_shadow
        _gather(found, _pack(base.pack), PolicySource(f"{base.pack}.cedar", "", in_shadow, base.enforced), texts)


def bases(name: str, text: str) -> Iterator[Base]:
    """Yield what a file says it builds on. Fails: ConfigError for a line that nearly says so."""
    for line in _BUILDS_ON.finditer(text):
        told = _LINE.fullmatch(line[0].rstrip())
        if told is None:
            number = text.count("\n", 0, line.start()) + 1
            raise ConfigError(
                f"{name}, line {number}: this line must read `// builds on: PACK`, `// builds on: PACK in shadow` or"
                " `// builds on: PACK in shadow except RULE, RULE`",
                hint="The policy was not loaded.",
            )
        enforced = tuple((told["enforced"] or "").split(", ")) if told["enforced"] else ()
        yield Base(told["pack"], bool(told["shadow"]), enforced, line.start() + told.end())


def stamp(names: Sequence[str]) -> tuple[tuple[str, int, int, int], ...]:
    """Return names, times, sizes and numbers of the files, to notice a change; nothing fails here."""
    stamps = []
    for name in names:
        try:
            paths = [path for path, _ in named_files([name])]
        except ConfigError:
            paths = [Path(name)]
        for path in paths:
            try:
                status = path.stat()
                stamps.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
            except OSError:
                stamps.append((str(path), 0, -1, 0))
    return tuple(stamps)


def _named(name: str) -> list[tuple[Path, str]]:
    """Return the files that one name stands for, each with the name that it has in errors and in the digest."""
    if PACK_NAME.fullmatch(name):
        return [(_pack(name), f"{name}.cedar")]
    path = Path(name).resolve()
    if not path.is_dir():
        return [(path, path.name)]
    inside = sorted(each for each in path.rglob("*.cedar") if each.is_file())
    if not inside:
        raise ConfigError(f"The policy folder {name} holds no .cedar file.", hint="Check `policy:`.")
    return [(each, each.relative_to(path).as_posix()) for each in inside]


def _pack(name: str) -> Path:
    if name not in packs():
        known = ", ".join(packs())
        raise ConfigError(
            f'There is no policy pack "{name}"; there are {known}.',
            hint="A path begins with ./ or / or ends in .cedar.",
        )
    return PACKS / f"{name}.cedar"


def _read(path: Path) -> str:
    """Return a whole file. Fails: ConfigError, also when it changed meanwhile."""
    try:
        before = path.stat()
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
        after = path.stat()
        if len(raw) > FILE_BYTES_MAX:
            raise ConfigError(f"The policy {path} is larger than {FILE_BYTES_MAX} bytes.")
        if (before.st_mtime_ns, before.st_size, before.st_ino) != (after.st_mtime_ns, after.st_size, after.st_ino):
            raise ConfigError(f"The policy {path} changed while it was read.", hint="It is read again when it rests.")
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"The policy {path} cannot be read: it is not UTF-8") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"The policy {path} cannot be read: {reason}", hint="Check `policy:`.") from error
