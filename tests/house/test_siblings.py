"""Neighbours that must not know each other: dialects, detectors, and the parts of govern.

A folder of such a room is one family. Families share the plain modules that lie beside them and nothing else, so a new
folder needs no line here nor in pyproject.toml.
"""

import sys
from pathlib import Path

import grimp
import pytest

from tests.house.tree import PACKAGE

ROOMS = ["stockade.guard.detectors", "stockade.guard.dialects", "stockade.govern"]


def families(room: str, folder: Path) -> set[str]:
    """Name the packages that lie directly in the folder of a room."""
    return {f"{room}.{init.parent.name}" for init in folder.glob("*/__init__.py")}


def crossings(graph: grimp.ImportGraph, siblings: set[str]) -> list[str]:
    """Name each family that reaches another, by whatever way round."""
    reached = graph.find_illegal_dependencies_for_layers(layers=[siblings]) if len(siblings) > 1 else set()
    return sorted(f"{dependency.importer} imports {dependency.imported}" for dependency in reached)


@pytest.fixture(scope="module")
def stockade() -> grimp.ImportGraph:
    return grimp.build_graph("stockade", cache_dir=None)


@pytest.mark.parametrize("room", ROOMS)
def test_families_do_not_know_each_other(room: str, stockade: grimp.ImportGraph) -> None:
    folder = PACKAGE.joinpath(*room.split(".")[1:])
    assert crossings(stockade, families(room, folder)) == []


def test_a_crossing_is_seen_also_through_a_shared_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = tmp_path / "crossed_house"
    for family, source in {
        "a": "from crossed_house import shared",
        "b": "x = 1",
        "c": "from crossed_house import b",
    }.items():
        (house / family).mkdir(parents=True)
        (house / family / "__init__.py").write_text(source)
    (house / "__init__.py").touch()
    (house / "shared.py").write_text("from crossed_house.b import x")
    monkeypatch.syspath_prepend(str(tmp_path))
    graph = grimp.build_graph("crossed_house", cache_dir=None)
    sys.modules.pop("crossed_house", None)
    assert crossings(graph, families("crossed_house", house)) == [
        "crossed_house.a imports crossed_house.b",
        "crossed_house.c imports crossed_house.b",
    ]
