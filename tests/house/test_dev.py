"""./dev decides what to install and which tests to run; here without installing or running anything."""

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.tree import ROOT

PYPROJECT = '[build-system]\nrequires = ["a"]\n[project]\nname = "x"\n[tool.ruff]\nline-length = 1\n'


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in module.REQUIREMENTS:
        (tmp_path / name).write_text("a==1\n")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_a_changed_pin_is_installed_anew(dev: ModuleType) -> None:
    before = dev.setup_digest()
    (dev.ROOT / "requirements" / "dev.txt").write_text("a==2\n")
    assert dev.setup_digest() != before


def test_a_changed_project_table_is_installed_anew(dev: ModuleType) -> None:
    before = dev.setup_digest()
    (dev.ROOT / "pyproject.toml").write_text(PYPROJECT.replace('"x"', '"y"'))
    assert dev.setup_digest() != before


def test_a_changed_lint_rule_installs_nothing(dev: ModuleType) -> None:
    before = dev.setup_digest()
    (dev.ROOT / "pyproject.toml").write_text(PYPROJECT.replace("line-length = 1", "line-length = 2"))
    assert dev.setup_digest() == before


@pytest.mark.parametrize(
    ("ci", "given", "expected"),
    [
        ("", [], ["-m", "not slow"]),
        ("", ["tests/core"], ["-m", "not slow", "tests/core"]),
        ("", ["--slow", "-q"], ["-q"]),
        ("true", [], []),
        ("", ["-m", "slow"], ["-m", "slow"]),
    ],
)
def test_slow_tests_run_when_asked_for(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, ci: str, given: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(dev, "install_provider", lambda: None)
    commands: list[list[str]] = []
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(dev, "run", lambda command: commands.append(command) or 0)
    assert dev.test(given) == 0
    assert commands == [[str(dev.PYTHON), "-m", "pytest", *expected]]


def test_the_provider_of_the_tests_is_installed_where_npm_is_and_is_not_needed_elsewhere(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(dev, "PROVIDER", tmp_path)
    monkeypatch.setattr(dev, "run", lambda command: ran.append(command) or 0)
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    dev.install_provider()
    assert ran == []
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/bin/{name}")
    dev.install_provider()
    assert ran == [["npm", "ci", "--silent", "--ignore-scripts", "--prefix", str(tmp_path)]]
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".package-lock.json").write_text("{}")
    dev.install_provider()
    assert len(ran) == 1


def test_one_failing_checker_fails_the_check_and_the_others_still_run(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def run(command: list[str]) -> int:
        names.append(Path(command[0]).name)
        return int(command[0].endswith("mypy"))

    monkeypatch.setattr(dev, "run", run)
    assert dev.check([]) == 1
    assert names == ["ruff", "ruff", "mypy", "lint-imports"]
