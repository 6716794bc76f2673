"""Requirements: pinned, hashed, without an address, each with a written reason."""

import re
import tomllib

import pytest

from tests.house.tree import ROOT

FOLDER = ROOT / "requirements"
PIN = re.compile(
    r"^([a-z0-9.-]+)(?:\[[a-z0-9,-]+\])?==(\S+)((?: ;[^\\\n]*)?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$"
)


def normal(name: str) -> str:
    """Give a distribution name in the form the pins use, without extras, bounds or case (PEP 503)."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name.strip())[0]).lower()


def asked(name: str) -> set[str]:
    """Read the names that a .in file asks for itself."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return {normal(line) for line in lines if line.strip() and not line.startswith(("#", "-r"))}


def pins(text: str) -> dict[str, str]:
    """Read name and version of each pin; any other line is an error."""
    entries = re.split(r"\n(?=[^\s])", text.strip())
    found = [PIN.match(entry) for entry in entries]
    assert all(found), [entry[:80] for entry, match in zip(entries, found, strict=True) if match is None]
    return {match[1]: match[2] for match in found if match}


def locked(name: str) -> dict[str, str]:
    return pins((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt", "train.txt"])
def test_every_line_is_a_pin_with_hashes_and_no_address(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert len(pins(text)) > 20
    assert "://" not in text
    assert "index" not in re.sub(r"^[a-z].*$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "line",
    [
        "click>=8",
        "click==8.5.1",
        "click @ https://example.test/click.whl \\\n    --hash=sha256:" + "0" * 64,
        "--index" + "-url https://example.test/simple",
        "click==8.5.1 \\\n    --hash=md5:" + "0" * 32,
    ],
)
def test_a_line_that_is_no_hashed_pin_is_refused(line: str) -> None:
    with pytest.raises(AssertionError):
        pins(line)


@pytest.mark.parametrize("name", ["runtime", "dev", "train"])
def test_what_is_asked_for_is_pinned(name: str) -> None:
    assert asked(f"{name}.in") <= locked(f"{name}.txt").keys()


def test_tests_run_with_the_versions_that_ship() -> None:
    assert locked("runtime.txt").items() <= locked("dev.txt").items()


def test_the_package_asks_for_what_the_runtime_file_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {normal(name) for name in project["dependencies"]} == asked("runtime.in")


def test_every_dependency_has_its_reason_written_down() -> None:
    decisions = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "decisions").glob("*.md"))
    unexplained = {
        name
        for name in asked("runtime.in") | asked("dev.in") | asked("train.in")
        if f"`{name}`" not in decisions.lower()
    }
    assert unexplained == set(), "write the reason into docs/decisions/"
