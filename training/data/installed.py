"""Owns real text: documentation, docstrings, remarks and source of packages that are installed where training runs.

Nothing of it is kept in the repository. Only packages whose metadata name a permissive licence are read, and Debian
packages whose machine-readable copyright file names none but permissive ones. A package is one source, so it is held
out whole; which packages are held out depends on the name alone.
Must never follow a link out of the folders it reads, nor run or import what it reads.
"""

from __future__ import annotations

import random
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache, partial
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from itertools import zip_longest
from pathlib import Path

from training.data import debian
from training.data.excerpts import excerpts
from training.data.rows import Row, Split
from training.data.sources import Source

ROWS_PER_PACKAGE = 120
FILES_PER_PACKAGE = 60
ROWS_PER_FILE = 4
FILE_BYTES_MAX = 400_000
HELDOUT_PER_CENT = 15
ENDINGS = {
    ".po",
    ".py",
    ".pyi",
    ".md",
    ".rst",
    ".txt",
    ".toml",
    ".cfg",
    ".json",
    ".yaml",
    ".yml",
    ".js",
    ".css",
    ".html",
    ".c",
    ".h",
}

LIBRARY = (
    "asyncio concurrent ctypes distutils email http idlelib importlib json logging multiprocessing sqlite3 test tkinter"
    " unittest urllib xml"
)
VENDORED = {"_vendor", "vendor", "vendored", "third_party"}  # under licences of their own
CODE = {".py", ".pyi", ".json", ".js", ".css", ".h", ".c"}

PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|0BSD|Unlicense|Zlib)\b", re.I)
RESTRICTED = re.compile(
    r"GPL|MPL|Mozilla|EUPL|CC-BY-(?:SA|NC|ND)|Proprietary|SSPL|Commons Clause|Other/Proprietary", re.I
)
# Packages about attacks on models quote them in tests and lists; what they hold is not ordinary text.
SUBJECT = re.compile(r"prompt|jailbreak|guard|injection|garak|redteam|stockade", re.I)


Files = Callable[[], list[Path]]


def sources(split: Split) -> list[Source]:
    """List the installed packages of a split; none is an error to be without."""
    kept = {name: (licence, files) for name, licence, files in _packages() if held_out(name) == (split == "heldout")}
    return [
        Source(name, split, licence, 1.0, partial(_rows, name, licence, files))
        for name, (licence, files) in sorted(kept.items())
    ]


def held_out(name: str) -> bool:
    """Say whether a package is held out, by its name alone."""
    return sha256(name.encode()).digest()[0] * 100 < HELDOUT_PER_CENT * 256


def licence_of(distribution: Distribution) -> str | None:
    """Give the permissive licence that the metadata name, or None."""
    metadata = distribution.metadata
    classifiers = [
        each.rsplit("::", 1)[1].strip() for each in metadata.get_all("Classifier") or [] if "License ::" in each
    ]
    fields = {name: metadata[name] for name in ("License-Expression", "License") if name in metadata}
    stated = fields.get("License-Expression") or "; ".join(classifiers) or fields.get("License", "")[:60]
    stated = " ".join(stated.split())
    return stated if PERMISSIVE.search(stated) and not RESTRICTED.search(stated) else None


@cache
def _packages() -> tuple[tuple[str, str, Files], ...]:
    """List (source, licence, files) of everything installed here that may be read; files are listed when asked for."""
    found: list[tuple[str, str, Files]] = []
    for distribution in distributions():
        name, licence = distribution.metadata["Name"], licence_of(distribution)
        if licence is not None and not SUBJECT.search(name):
            found.append((f"python:{name.lower()}", licence, partial(_listed, distribution)))
    library = Path(sysconfig.get_paths()["stdlib"])
    found += [
        (f"python-library:{name}", "PSF-2.0", partial(_below, library / name, "**/*.py")) for name in LIBRARY.split()
    ]
    found.append(("python-library:modules", "PSF-2.0", partial(_below, library, "*.py")))
    if sys.platform == "linux":
        found += [(name, licence, partial(list, files)) for name, licence, files in debian.packages()]
    return tuple(found)


def _listed(distribution: Distribution) -> list[Path]:
    """List the readable files of a distribution, without those that it carries along from others."""
    paths = [Path(str(distribution.locate_file(file))) for file in distribution.files or []]
    return [
        path
        for path in paths
        if (path.suffix in ENDINGS or path.name == "METADATA") and not VENDORED.intersection(path.parts)
    ]


def _below(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


def _rows(name: str, licence: str, files: Files, rng: random.Random) -> Iterator[Row]:
    """Yield pieces of prose and code in turn, a few of each file, each file once."""
    fit = sorted(path for path in files() if path.is_file() and path.stat().st_size <= FILE_BYTES_MAX)
    rng.shuffle(fit)
    kinds = [[path for path in fit if (path.suffix in CODE) == code] for code in (False, True)]
    turns = [path for pair in zip_longest(*kinds) for path in pair if path is not None]
    given = 0
    for path in turns[:FILES_PER_PACKAGE]:
        pieces = list(excerpts(path, rng))
        for category, text in rng.sample(pieces, k=min(len(pieces), ROWS_PER_FILE)):
            channel = rng.choice(("tool_result", "document"))
            yield Row(text, 0, "injection", channel, category, name, licence)
            given += 1
            if given == ROWS_PER_PACKAGE:
                return
