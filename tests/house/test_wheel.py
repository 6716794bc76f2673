"""The wheel holds the package whole, and nothing that runs without being asked."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder: Path = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    built = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(ROOT)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    package = {path.relative_to("src").as_posix() for path in files() if path.is_relative_to("src")}
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == package
    assert "stockade/py.typed" in held


def test_nothing_in_the_wheel_runs_without_being_asked(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert [name for name in names if name.endswith(".pth")] == []
    assert {name.split("/")[0].split("-")[0] for name in names} == {"stockade"}


def test_the_wheel_names_its_licence_and_its_command(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    text = wheel.read(metadata).decode()
    assert "\nLicense-Expression: Apache-2.0\n" in text
    assert "\nRequires-Python: >=3.11\n" in text
    entry_points = wheel.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert "stockade = stockade.cli.main:main" in entry_points
