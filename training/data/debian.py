"""Owns Debian's documentation: manual pages, changelogs, READMEs of packages all of whose licences are permissive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

DOCUMENTATION = Path("/usr/share/doc")
LISTS = Path("/var/lib/dpkg/info")
LICENCE = re.compile(r"^License:[ \t]*(\S.*)$", re.M)
PERMISSIVE = re.compile(
    r"(?:Expat|MIT|X11|ISC|BSD|Apache|PSF|Python|Zlib|0BSD|Unlicense|public-domain|CC0|curl)\b", re.I
)
RESTRICTED = re.compile(r"GPL|MPL|4-clause|\bor\b|\bnon", re.I)
KEPT = re.compile(
    r"/(?:man/man\d/|doc/).*(?:\.\dp?m?(?:\.gz)?|README[^/]*|NEWS[^/]*|changelog(?:\.gz)?|\.txt|\.md|\.rst)$"
)


def packages() -> Iterator[tuple[str, str, list[Path]]]:
    """Yield (source, licence, files) of each package that may be read; nothing where there is no dpkg."""
    for copyright_file in sorted(DOCUMENTATION.glob("*/copyright")):
        name = copyright_file.parent.name
        licence = permissive(copyright_file)
        files = [path for path in _files(name) if path.is_file() and not path.is_symlink()] if licence else []
        if licence and files:
            yield f"debian:{name}", licence, files


def permissive(copyright_file: Path) -> str | None:
    """Give the licences of a machine-readable copyright file if every one is permissive, else None."""
    try:
        text = copyright_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    names = sorted({name.strip() for name in LICENCE.findall(text)})
    if "format" not in text[:300].lower() or not names:
        return None
    fit = all(PERMISSIVE.match(name) and not RESTRICTED.search(name) for name in names)
    return "; ".join(names)[:120] if fit else None


def _files(name: str) -> list[Path]:
    """List the documentation files of a package as dpkg installed them."""
    found = []
    for listing in [LISTS / f"{name}.list", *LISTS.glob(f"{name}:*.list")]:
        if listing.is_file():
            found += [Path(line) for line in listing.read_text(encoding="utf-8").splitlines() if KEPT.search(line)]
    return sorted(found)
