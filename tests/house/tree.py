"""The files of the project as git sees them: tracked, or new and not ignored. What the tests of the house walk over."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "stockade"


@cache
def files() -> tuple[Path, ...]:
    """List the files, relative to the root; one removed from disk but not yet from the index is left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return tuple(sorted({Path(name) for name in listed if name and (ROOT / name).is_file()}))


def python_files() -> tuple[Path, ...]:
    """List the Python files, the script ./dev among them."""
    return tuple(path for path in files() if path.suffix == ".py" or path == Path("dev"))


def modules(*rooms: str) -> tuple[Path, ...]:
    """List the modules of some rooms of the package, relative to the root."""
    folders = tuple(f"src/stockade/{room}/" for room in rooms)
    return tuple(path for path in python_files() if path.as_posix().startswith(folders))
