"""tests/ mirrors src/: who knows a module knows where its tests are."""

from pathlib import Path

import pytest

from tests.house.tree import PACKAGE, files

# Tests of the whole rather than of one module.
WHOLE = {"clients", "contracts", "corpus", "house", "properties", "training"}


def subject(test: Path) -> Path:
    """Name the module or package of src/stockade that a test file is about, without its suffix."""
    inside = test.relative_to("tests")
    return inside.with_name(inside.stem.removeprefix("test_"))


def is_of_the_whole(test: Path) -> bool:
    return len(test.parts) > 2 and test.parts[1] in WHOLE


TESTS = tuple(path for path in files() if path.match("tests/**/test_*.py") or path.match("tests/test_*.py"))


@pytest.mark.parametrize("test", [path for path in TESTS if not is_of_the_whole(path)], ids=str)
def test_each_test_file_has_the_module_it_is_about(test: Path) -> None:
    module = PACKAGE / subject(test)
    assert module.with_suffix(".py").is_file() or (module / "__init__.py").is_file(), (
        f"{test} is about src/stockade/{subject(test)}.py, which is not there; tests of the whole go to {sorted(WHOLE)}"
    )


def test_the_tests_of_the_house_are_found() -> None:
    assert Path("tests/house/test_mirror.py") in TESTS


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("tests/core/test_edits.py", "core/edits"),
        ("tests/guard/dialects/test_dialect.py", "guard/dialects/dialect"),
        ("tests/test_app.py", "app"),
    ],
)
def test_a_subject_keeps_its_folders(test: str, expected: str) -> None:
    assert subject(Path(test)) == Path(expected)
